import { type Clock, hours, type Millis, minutes, seconds } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { Outcome } from './outcome.ts';

/** What TikTok has told us to wait for: the app as a whole, and single advertisers (40133). */
export function createPauses(deps: { clock: Clock; random: Random }) {
  const app = createPause(deps);
  const advertisers = new Map<string, Pause>();
  const pauseOf = (advertiserId: string): Pause => {
    const pause = advertisers.get(advertiserId) ?? createPause(deps);
    advertisers.set(advertiserId, pause);
    return pause;
  };
  return {
    appUntil: (): number => app.until,
    until: (advertiserId: string): number => advertisers.get(advertiserId)?.until ?? 0,
    hit(advertiserId: string, startedAt: number, outcome: Throttled): void {
      (outcome.scope === 'app' ? app : pauseOf(advertiserId)).hit(startedAt, outcome);
    },
    passed(advertiserId: string, startedAt: number): void {
      app.passed(startedAt);
      const pause = advertisers.get(advertiserId);
      pause?.passed(startedAt);
      if (pause?.calm()) advertisers.delete(advertiserId);
    },
  };
}

type Throttled = Extract<Outcome, { kind: 'throttled' }>;

interface Pause {
  readonly until: number;
  hit(startedAt: number, outcome: { long: boolean; retryAfter?: Millis }): void;
  passed(startedAt: number): void;
  calm(): boolean;
}

/** tiktok-api.md 10: QPS hit → next second; QPM → 5 min; QPD → midnight, tried hourly. The code does not say which it was. */
const pauseSteps: readonly Millis[] = [seconds(1), seconds(2), seconds(4), minutes(5), hours(1)];
const firstLongStep = 3;
/** Only upwards: coming back early is what TikTok punishes. */
const jitter = 0.25;
/** The longest window TikTok has is a day. */
const longestPause = hours(24);

/** Waits longer each time TikTok throttles again after a pause; back to the first step on the first answer that passes. */
function createPause(deps: { clock: Clock; random: Random }): Pause {
  let until = 0;
  let since = Number.NEGATIVE_INFINITY;
  let step = 0;
  const withJitter = (ms: number): number => ms * (1 + jitter * deps.random.fraction());

  return {
    get until() {
      return until;
    },
    hit(startedAt, { long, retryAfter }) {
      const now = deps.clock.elapsed();
      const asked = retryAfter === undefined ? undefined : Math.min(longestPause, Math.max(seconds(1), retryAfter));
      // Calls in flight when the pause began all come back throttled: one event, one step.
      if (startedAt <= since) {
        if (asked !== undefined) until = Math.max(until, now + withJitter(asked));
        return;
      }
      if (long) step = Math.max(step, firstLongStep);
      const wait = asked ?? pauseSteps[step] ?? hours(1);
      step = Math.min(step + 1, pauseSteps.length - 1);
      since = now;
      until = now + withJitter(wait);
    },
    passed(startedAt) {
      if (startedAt > since) step = 0;
    },
    calm: () => step === 0 && until <= deps.clock.elapsed(),
  };
}
