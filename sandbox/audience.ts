import { type Instant, instant } from '../server/kernel/clock.ts';
import { must } from '../server/kernel/result.ts';
import { type AudienceHistoryRow, idTypes } from '../server/tiktok/wire.ts';
import { timeText } from './sandbox-clock.ts';
import type { SandboxSettings } from './settings.ts';

/** Below this, ads cannot use an audience (tiktok-api.md 11). */
export const sizeMin = 1_000;
/** `is_expiring` turns true this long before the end (tiktok-api.md 5.1). */
const expiringMs = 60 * 86_400_000;
/** `history_size` reaches no further (tiktok-api.md 5.2). */
const historyMax = 100;

export interface Audience {
  readonly id: string;
  readonly advertiserId: string;
  name: string;
  subType: 'NORMAL' | 'REACH_FREQUENCY';
  readonly createdAt: Instant;
  updatedAt: Instant;
  expiresAt: Instant;
  /** One map for each of `idTypes`: hash -> second since 1970 at which it came in. */
  readonly members: readonly Map<string, number>[];
  /** Sizes over time, oldest first: what people see lags behind (Q18). */
  readonly sizes: { at: number; size: number }[];
  readonly history: AudienceHistoryRow[];
}

export function newAudience(parts: {
  id: string;
  advertiserId: string;
  name: string;
  now: Instant;
  lifeMs: number;
}): Audience {
  const { now, lifeMs, ...names } = parts;
  return {
    ...names,
    subType: 'NORMAL',
    createdAt: now,
    updatedAt: now,
    expiresAt: instant(now + lifeMs),
    members: idTypes.map(() => new Map()),
    sizes: [{ at: now, size: 0 }],
    history: [historyRow('create', 0, now)],
  };
}

/** A mapping's effect on one audience is over: history, expiry (Q11: extended by a change) and the size to be seen. */
export function noteChange(
  audience: Audience,
  change: { action: string; count: number; now: Instant },
  settings: SandboxSettings,
): void {
  const { action, count, now } = change;
  audience.updatedAt = now;
  audience.expiresAt = instant(now + settings.audienceLifeMs);
  audience.history.push(historyRow(action, count, now));
  if (audience.history.length > historyMax) audience.history.splice(1, 1); // the row of the creation stays
  const last = must(audience.sizes.at(-1), 'an audience starts with a size');
  // 48 steps within the lag are fine enough, and a million calls leave no million points.
  if (now - last.at < settings.propagationMs / 48) last.size = idsIn(audience);
  else audience.sizes.push({ at: now, size: idsIn(audience) });
}

export const idsIn = (audience: Audience): number => audience.members.reduce((sum, of) => sum + of.size, 0);

export interface AudienceStatus {
  /** People matched, as far as TikTok has counted. */
  size: number;
  counted: boolean;
  valid: boolean;
  expired: boolean;
  expiring: boolean;
  ready: boolean;
}

export function statusOf(audience: Audience, now: Instant, settings: SandboxSettings): AudienceStatus {
  const seen = now - settings.propagationMs;
  const known = audience.sizes.findLast((point) => point.at <= seen);
  while ((audience.sizes[1]?.at ?? Number.POSITIVE_INFINITY) <= seen) audience.sizes.shift();
  const expired = audience.expiresAt <= now;
  const size = expired ? 0 : Math.floor((known?.size ?? 0) * settings.matchShare);
  return {
    size,
    counted: now >= audience.createdAt + settings.propagationMs,
    valid: size >= sizeMin,
    expired,
    expiring: !expired && audience.expiresAt - now < expiringMs,
    ready: now >= audience.createdAt + settings.audienceReadyMs,
  };
}

function historyRow(action: string, count: number, now: Instant): AudienceHistoryRow {
  return { action, action_detail: String(count), editor: 'open_api', msg: null, opt_time: timeText(now) };
}
