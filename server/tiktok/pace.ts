export interface BudgetLimits {
  perSecond: number;
  perMinute: number;
}

/** Below TikTok's 10 and 600: its windows and ours never begin at the same moment (tiktok-api.md 10, client policy). */
export const defaultLimits: BudgetLimits = { perSecond: 8, perMinute: 500 };

/**
 * Spaces calls evenly: eight at once, eight more a second later could arrive within one of TikTok's seconds when the first
 * eight had to shake hands. A timer that fires late may catch up by one interval, so a second holds at most
 * perSecond + 1 starts (9 of TikTok's 10), and a minute never more than perMinute.
 */
export function createPace(limits: BudgetLimits) {
  let { perSecond, perMinute } = limits;
  let share = 1;
  /** When the next call is due if all calls came evenly (a token bucket, told as a time). */
  let dueAt = Number.NEGATIVE_INFINITY;
  /** The latest starts, oldest first. */
  let starts: number[] = [];

  const interval = (): number => 1_000 / (perSecond * share);
  const catchUp = (): number => 1_000 / perSecond;
  const minuteLimit = (): number => Math.max(1, Math.floor(perMinute * share));

  function adopt(now: number): void {
    // A due time reckoned at a slower pace must not outlive it; the debt of two starts at once at this pace stays.
    dueAt = Math.min(dueAt, now + interval() + catchUp());
  }

  return {
    nextAt(): number {
      const blocking = starts[starts.length - minuteLimit()];
      const minuteFree = blocking === undefined ? Number.NEGATIVE_INFINITY : blocking + 60_000;
      return Math.max(dueAt - catchUp(), minuteFree);
    },
    started(now: number): void {
      dueAt = Math.max(dueAt, now) + interval();
      if (perMinute === Number.POSITIVE_INFINITY) return;
      starts.push(now);
      // Forgets only beyond twice the whole app's limit, so that it costs a constant per call and any later share is kept.
      if (starts.length > 2 * perMinute) starts = starts.slice(-perMinute);
    },
    setShare(fraction: number, now: number): void {
      share = Math.min(1, Math.max(0.001, fraction));
      adopt(now);
    },
    setLimits(next: BudgetLimits, now: number): void {
      ({ perSecond, perMinute } = next);
      adopt(now);
    },
  };
}
