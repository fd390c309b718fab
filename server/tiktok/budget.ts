import { type Clock, hours, type Millis, millis, minutes, seconds } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { Outcome } from './outcome.ts';

/**
 * The call budget of one TikTok app on this node: every call to the app's API takes a slot first. TikTok's basic level
 * allows 10 calls a second and 600 a minute per app, over all its customers, and answers too many with a block
 * (tiktok-api.md 10).
 */
export interface Budget {
  /**
   * Waits for a slot; undefined once the signal is aborted. Advertisers take turns, and calls of one advertiser keep their
   * order: neither a busy nor a paused one holds up another (I6).
   */
  take(advertiserId?: string, signal?: AbortSignal): Promise<Slot | undefined>;
  /** This node's part of the app's budget: 1 / live nodes. */
  setShare(fraction: number): void;
  /** Of the app as a whole. `Infinity` lifts a limit (benchmarks against the sandbox). */
  setLimits(limits: BudgetLimits): void;
  /** For how long TikTok has told us to wait, for this advertiser or at all; 0 when it has not. */
  pausedFor(advertiserId?: string): Millis;
}

export interface BudgetLimits {
  perSecond: number;
  perMinute: number;
}

/** One call that may start now; tell it how the call ended. */
export interface Slot {
  throttled(outcome: Extract<Outcome, { kind: 'throttled' }>): void;
  /** TikTok answered anything else: the next throttling is a first one again. */
  passed(): void;
}

/** Below TikTok's 10 and 600: its windows and ours never begin at the same moment (tiktok-api.md 10, client policy). */
export const defaultLimits: BudgetLimits = { perSecond: 8, perMinute: 500 };

/** tiktok-api.md 10: QPS hit → next second; QPM → 5 min; QPD → midnight, tried hourly. The code does not say which it was. */
const pauseSteps: readonly Millis[] = [seconds(1), seconds(2), seconds(4), minutes(5), hours(1)];
const firstLongStep = 3;
/** Only upwards: coming back early is what TikTok punishes. */
const jitter = 0.25;
/** The longest window TikTok has is a day. */
const longestPause = hours(24);

export function createBudget(deps: { clock: Clock; random: Random }, limits: BudgetLimits = defaultLimits): Budget {
  const { clock } = deps;
  const pace = createPace(limits);
  const app = createPause(deps);
  const advertisers = new Map<string, Pause>();
  const queue = createQueue();
  let timer = new AbortController();

  const pauseOf = (advertiserId: string): Pause => {
    const pause = advertisers.get(advertiserId) ?? createPause(deps);
    advertisers.set(advertiserId, pause);
    return pause;
  };

  /** Starts whoever may start, then sleeps until the next one may. */
  function pump(): void {
    timer.abort();
    for (;;) {
      const now = clock.elapsed();
      const startable = Math.max(pace.nextAt(), app.until);
      const next = queue.first((advertiserId) => (advertisers.get(advertiserId)?.until ?? 0) <= now);
      if (next && startable <= now) {
        queue.serve(next);
        pace.started(now);
        next.start(slotFor(next.advertiserId, now));
        continue;
      }
      const wakeAt = next ? startable : Math.max(startable, soonestResume());
      if (wakeAt < Number.POSITIVE_INFINITY) wake(wakeAt - now);
      return;
    }
  }

  const soonestResume = (): number =>
    Math.min(...queue.advertisers().map((advertiserId) => advertisers.get(advertiserId)?.until ?? 0));

  function wake(inMs: number): void {
    const mine = new AbortController();
    timer = mine;
    void clock.sleep(inMs, mine.signal).then(() => {
      if (!mine.signal.aborted) pump();
    });
  }

  const slotFor = (advertiserId: string, startedAt: number): Slot => ({
    throttled(outcome) {
      (outcome.scope === 'app' ? app : pauseOf(advertiserId)).hit(startedAt, outcome);
    },
    passed() {
      app.passed(startedAt);
      advertisers.get(advertiserId)?.passed(startedAt);
      if (advertisers.get(advertiserId)?.calm()) advertisers.delete(advertiserId);
    },
  });

  return {
    take(advertiserId = '', signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve(undefined);
        const done = (slot: Slot | undefined): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve(slot);
        };
        const waiter: Waiter = { advertiserId, start: done };
        const giveUp = (): void => {
          queue.leave(waiter);
          done(undefined);
          pump();
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        queue.add(waiter);
        pump();
      });
    },
    setShare(fraction) {
      pace.setShare(fraction, clock.elapsed());
      pump();
    },
    setLimits(next) {
      pace.setLimits(next, clock.elapsed());
      pump();
    },
    pausedFor(advertiserId = '') {
      const until = Math.max(app.until, advertisers.get(advertiserId)?.until ?? 0);
      return millis(Math.max(0, until - clock.elapsed()));
    },
  };
}

interface Waiter {
  advertiserId: string;
  start(slot: Slot): void;
}

/** First come, first served within an advertiser; advertisers in turn. */
function createQueue() {
  const lines = new Map<string, Waiter[]>();
  return {
    add(waiter: Waiter): void {
      const line = lines.get(waiter.advertiserId);
      if (line) line.push(waiter);
      else lines.set(waiter.advertiserId, [waiter]);
    },
    first(mayStart: (advertiserId: string) => boolean): Waiter | undefined {
      for (const [advertiserId, line] of lines) if (mayStart(advertiserId)) return line[0];
      return undefined;
    },
    /** Takes the first of its line out, and its advertiser goes to the end of the turn. */
    serve({ advertiserId }: Waiter): void {
      const line = lines.get(advertiserId) ?? [];
      line.shift();
      lines.delete(advertiserId);
      if (line.length > 0) lines.set(advertiserId, line);
    },
    /** Somebody gave up: the others keep their places. */
    leave(waiter: Waiter): void {
      const rest = (lines.get(waiter.advertiserId) ?? []).filter((other) => other !== waiter);
      if (rest.length > 0) lines.set(waiter.advertiserId, rest);
      else lines.delete(waiter.advertiserId);
    },
    advertisers: (): string[] => [...lines.keys()],
  };
}

/**
 * Spaces calls evenly: eight at once, eight more a second later could arrive within one of TikTok's seconds when the first
 * eight had to shake hands. A timer that fires late may catch up by one interval, so a second holds at most
 * perSecond + 1 starts (9 of TikTok's 10), and a minute never more than perMinute.
 */
function createPace(limits: BudgetLimits) {
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
    // A due time reckoned at a slower pace must not outlive it.
    dueAt = Math.min(dueAt, now + interval());
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

interface Pause {
  readonly until: number;
  hit(startedAt: number, outcome: { long: boolean; retryAfter?: Millis }): void;
  passed(startedAt: number): void;
  calm(): boolean;
}

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
