import { performance } from 'node:perf_hooks';
import type { Brand } from './brand.ts';

/** Milliseconds since 1970, UTC. */
export type Instant = Brand<number, 'Instant'>;
/** A length of time in milliseconds. */
export type Millis = Brand<number, 'Millis'>;

export const instant = (ms: number): Instant => ms as Instant;
export const millis = (ms: number): Millis => ms as Millis;
export const seconds = (n: number): Millis => millis(n * 1_000);
export const minutes = (n: number): Millis => millis(n * 60_000);
export const hours = (n: number): Millis => millis(n * 3_600_000);
export const days = (n: number): Millis => millis(n * 86_400_000);

/** The only way to the time of day, to elapsed time and to waiting; tests bring their own (`manualClock`). */
export interface Clock {
  /** Wall time. For stamps that people read and for event time, never for measuring how long something took. */
  now(): Instant;
  /** Monotonic time in milliseconds; only differences mean something. */
  elapsed(): number;
  /** Waits, or returns early once the signal is aborted. Never throws. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now() as Instant,
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

/** A clock that stands still until it is moved; sleepers wake in the order of their times. */
export interface ManualClock extends Clock {
  /** Moves the time on and wakes everyone whose time has come. */
  advance(ms: number): Promise<void>;
  /** The next moment anybody waits for, or undefined. */
  nextWake(): Instant | undefined;
}

export function manualClock(start: string | number = '2026-01-01T00:00:00Z'): ManualClock {
  let time = typeof start === 'number' ? start : Date.parse(start);
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const earliest = (): { at: number; wake: () => void } | undefined =>
    [...sleepers].reduce<{ at: number; wake: () => void } | undefined>(
      (first, s) => (first === undefined || s.at < first.at ? s : first),
      undefined,
    );
  return {
    now: () => time as Instant,
    elapsed: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          at: time + ms,
          wake: (): void => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    nextWake: () => earliest()?.at as Instant | undefined,
    async advance(ms) {
      const until = time + ms;
      for (let next = earliest(); next && next.at <= until; next = earliest()) {
        time = Math.max(time, next.at);
        next.wake();
        await new Promise<void>((r) => setImmediate(r));
      }
      time = until;
    },
  };
}
