import { type Clock, millis } from '../kernel/clock.ts';

/** Who uses a database that serves one at a time: what somebody waits for goes before what is done in the background. */
export interface Turns {
  /** Runs `work`, and lets what waits in the background know when nobody is at it any more. */
  now<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` once nobody else is at it, or after `patience`: a flood delays what is done in the background, and does not stop it. */
  later<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Some chunks' time. Without turns a chunk of a walk (a tenth of a second) went between any two statements of a call to TikTok, which
 * are a dozen, so that seven calls of eight came too late for their second.
 */
const patience = millis(500);

export function createTurns(clock: Clock): Turns {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const quiet = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const leave = (): void => {
    busy -= 1;
    if (busy > 0) return;
    for (const wake of waiting.splice(0)) wake();
  };
  return {
    async now(work) {
      busy += 1;
      try {
        return await work();
      } finally {
        leave();
      }
    },
    async later(work) {
      const end = clock.elapsed() + patience;
      while (busy > 0 && clock.elapsed() < end) {
        const over = new AbortController();
        await Promise.race([quiet(), clock.sleep(end - clock.elapsed(), over.signal)]);
        over.abort();
        // Whoever does several things one after another asks for the next one now.
        await new Promise(setImmediate);
      }
      return work();
    },
  };
}
