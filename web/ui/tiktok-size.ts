import type { Target } from '../api/targets.ts';

/** What TikTok said at the last look (server/tiktok/answers.ts, AudienceView). */
interface Seen {
  readonly matched: number;
  readonly valid: boolean;
  readonly expiring: boolean;
  readonly createdAt: Date;
  readonly expires: Date | undefined;
}

export type AtTikTok =
  | { readonly kind: 'unseen' | 'created' | 'expired' }
  | { readonly kind: 'matching'; readonly until: Date }
  | { readonly kind: 'growing'; readonly matched: number; readonly until: Date }
  | { readonly kind: 'too-small' | 'valid'; readonly matched: number }
  | { readonly kind: 'expiring'; readonly on: string };

/** TikTok's minimum for ads, and the time it takes for a number (tiktok-api.md 11). */
const enough = 1_000;
const matchingMs = 48 * 3_600_000;
const settlingMs = 120_000;

export function readSeen({ seen, createdAt }: Pick<Target, 'seen' | 'createdAt'>): Seen | undefined {
  if (seen === null) return undefined;
  const { coverNum, isValid, isExpiring, createTime, expiredTime } = seen;
  return {
    matched: typeof coverNum === 'number' ? coverNum : 0,
    valid: isValid === true,
    expiring: isExpiring === true,
    createdAt: timeOf(createTime) ?? new Date(createdAt),
    expires: timeOf(expiredTime),
  };
}

/** No 0 before 48 hours: it looks like a fault and is none. */
export function viewOf(seen: Seen | undefined, now: Date): AtTikTok {
  if (seen === undefined) return { kind: 'unseen' };
  const { matched, expires } = seen;
  if (expires !== undefined && expires <= now) return { kind: 'expired' };
  if (seen.expiring && expires !== undefined) return { kind: 'expiring', on: expires.toISOString().slice(0, 10) };
  if (matched >= enough) return { kind: 'valid', matched };
  const until = new Date(seen.createdAt.getTime() + matchingMs);
  if (now >= until) return { kind: 'too-small', matched };
  // Whatever the age, a number is a number: TikTok's clock is not this browser's.
  if (matched > 0) return { kind: 'growing', matched, until };
  return now.getTime() - seen.createdAt.getTime() < settlingMs ? { kind: 'created' } : { kind: 'matching', until };
}

/** `YYYY-MM-DD HH:MM:SS`, UTC; empty when TikTok does not say. */
function timeOf(text: unknown): Date | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined;
  return new Date(`${text.replace(' ', 'T')}Z`);
}
