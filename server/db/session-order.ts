import { type Clock, millis } from '../kernel/clock.ts';

/** Who gets the one session of a database that serves one at a time: what somebody waits for goes before what is done in the background. */
export interface SessionOrder {
  /** Runs `work` now, as the pool's own line has it. */
  first<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` after the `last` before it and once none of the others is at it, or when it has waited `patience` for them: a flood delays
   * what is done in the background, and does not stop it.
   */
  last<T>(work: () => Promise<T>): Promise<T>;
}

/** The time of some chunks of a walk (docs/decisions/0020). */
const patience = millis(500);

export function createSessionOrder(clock: Clock): SessionOrder {
  let busy = 0;
  let quiet = new AbortController();
  /** Work in the background goes one by one, so that nobody waits for more than one chunk. */
  let line = Promise.resolve();
  const leave = (): void => {
    busy -= 1;
    if (busy > 0) return;
    quiet.abort();
    quiet = new AbortController();
  };
  const untilQuiet = async (): Promise<void> => {
    const end = clock.elapsed() + patience;
    while (busy > 0 && clock.elapsed() < end) {
      await clock.sleep(end - clock.elapsed(), quiet.signal);
      // Whoever does several things one after another asks for the next one now.
      await new Promise(setImmediate);
    }
  };
  return {
    async first(work) {
      busy += 1;
      try {
        return await work();
      } finally {
        leave();
      }
    },
    last(work) {
      const done = line.then(untilQuiet).then(work);
      line = done.then(
        () => {},
        () => {},
      );
      return done;
    },
  };
}
