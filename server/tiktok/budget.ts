import { type Clock, type Millis, millis } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { Outcome } from './outcome.ts';
import { type BudgetLimits, createPace, defaultLimits } from './pace.ts';
import { createPauses } from './pause.ts';
import { createTurns, type Waiter } from './turns.ts';

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

/** One call that may start now; tell it how the call ended. */
export interface Slot {
  throttled(outcome: Extract<Outcome, { kind: 'throttled' }>): void;
  /** TikTok answered anything else: the next throttling is a first one again. */
  passed(): void;
}

export function createBudget(deps: { clock: Clock; random: Random }, limits: BudgetLimits = defaultLimits): Budget {
  const { clock } = deps;
  const pace = createPace(limits);
  const pauses = createPauses(deps);
  const queue = createTurns<Slot>();
  let timer = new AbortController();

  /** Starts whoever may start, then sleeps until the next one may. */
  function pump(): void {
    timer.abort();
    for (;;) {
      const now = clock.elapsed();
      const startable = Math.max(pace.nextAt(), pauses.appUntil());
      const next = queue.first((advertiserId) => pauses.until(advertiserId) <= now);
      if (next && startable <= now) {
        queue.serve(next);
        pace.started(now);
        next.start(slotFor(next.advertiserId, now));
        continue;
      }
      const wakeAt = next ? startable : Math.max(startable, Math.min(...queue.advertisers().map(pauses.until)));
      if (wakeAt < Number.POSITIVE_INFINITY) wake(wakeAt - now);
      return;
    }
  }

  function wake(inMs: number): void {
    const mine = new AbortController();
    timer = mine;
    void clock.sleep(inMs, mine.signal).then(() => {
      if (!mine.signal.aborted) pump();
    });
  }

  const slotFor = (advertiserId: string, startedAt: number): Slot => ({
    throttled: (outcome) => pauses.hit(advertiserId, startedAt, outcome),
    passed: () => pauses.passed(advertiserId, startedAt),
  });

  const take: Budget['take'] = (advertiserId = '', signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve(undefined);
      const waiter: Waiter<Slot> = {
        advertiserId,
        start(slot) {
          signal?.removeEventListener('abort', giveUp);
          resolve(slot);
        },
      };
      const giveUp = (): void => {
        queue.leave(waiter);
        resolve(undefined);
        pump();
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      queue.add(waiter);
      pump();
    });

  return {
    take,
    setShare(fraction) {
      pace.setShare(fraction, clock.elapsed());
      pump();
    },
    setLimits(next) {
      pace.setLimits(next, clock.elapsed());
      pump();
    },
    pausedFor(advertiserId = '') {
      const until = Math.max(pauses.appUntil(), pauses.until(advertiserId));
      return millis(Math.max(0, until - clock.elapsed()));
    },
  };
}
