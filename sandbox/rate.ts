import type { Instant } from '../server/kernel/clock.ts';
import { messageOf, type Refusal } from './answer.ts';
import type { SandboxSettings } from './settings.ts';

const dayMs = 86_400_000;

/** Calls let through; only those count, so that a client which keeps knocking still gets its share. */
export interface RateWindows {
  /** Takes a place for the call, or says which limit is reached. `app` undefined: nobody to count for. */
  take(
    caller: { app: string | undefined; advertisers: readonly string[] },
    now: Instant,
    settings: SandboxSettings,
  ): Refusal | undefined;
  clear(): void;
}

/** Sliding windows of a second and a minute, and TikTok's day, which ends at 00:00 UTC (tiktok-api.md 10). */
export function createRateWindows(): RateWindows {
  const apps = new Map<string, { recent: number[]; day: number; today: number }>();
  const advertisers = new Map<string, number[]>();

  const appLimit = (app: string, now: number, rate: SandboxSettings['rate']): Refusal | undefined => {
    const window = apps.get(app) ?? { recent: [], day: 0, today: 0 };
    apps.set(app, window);
    const day = Math.floor(now / dayMs);
    if (window.day !== day) Object.assign(window, { day, today: 0 });
    dropBefore(window.recent, now - 60_000);
    if (reached(rate.perDay, window.today) || reached(rate.perMinute, window.recent.length))
      return { code: 40100, message: `Due to too many requests, requests from App ${app} are temporarily restricted.` };
    if (reached(rate.perSecond, countAfter(window.recent, now - 1_000)))
      return { code: 40100, message: 'App reaches the QPS limit.' };
    return undefined;
  };

  const advertiserLimit = (id: string, now: number, perSecond: number | null): Refusal | undefined => {
    const recent = advertisers.get(id) ?? [];
    advertisers.set(id, recent);
    dropBefore(recent, now - 1_000);
    return reached(perSecond, recent.length) ? { code: 40133, message: messageOf(40133) } : undefined;
  };

  return {
    take(caller, now, settings) {
      const refused =
        (caller.app === undefined ? undefined : appLimit(caller.app, now, settings.rate)) ??
        caller.advertisers.map((id) => advertiserLimit(id, now, settings.advertiserPerSecond)).find(Boolean);
      if (refused) return refused;
      const window = caller.app === undefined ? undefined : apps.get(caller.app);
      if (window) {
        window.today += 1;
        window.recent.push(now);
      }
      for (const id of caller.advertisers) advertisers.get(id)?.push(now);
      return undefined;
    },
    clear() {
      apps.clear();
      advertisers.clear();
    },
  };
}

const reached = (limit: number | null, count: number): boolean => limit !== null && count >= limit;

function countAfter(times: readonly number[], from: number): number {
  let count = 0;
  for (let i = times.length - 1; i >= 0 && (times[i] ?? 0) > from; i -= 1) count += 1;
  return count;
}

/** Times may lie ahead of `from` and even of now: a taken-over clock can be set back. */
function dropBefore(times: number[], from: number): void {
  const keep = times.findIndex((time) => time > from);
  times.splice(0, keep === -1 ? times.length : keep);
}
