import type { Backoff } from './backoff.ts';
import type { Clock, Millis } from './clock.ts';

/** One bounded piece of work; says whether there may be more at once. */
export type Step = (signal: AbortSignal) => Promise<'more' | 'idle'>;

export interface Loop {
  /** Cuts the idle wait short. Losing a wake costs time, never work. */
  wake(): void;
  /** Stops after the step under way. */
  stop(): Promise<void>;
}

/** The one loop runner (conventions.md 1.1, rule 10): a failed step is reported and tried again after a growing wait. */
export function runLoop(
  parts: { clock: Clock; backoff: Backoff; report: (error: unknown) => void; idle: Millis },
  step: Step,
): Loop {
  const stopping = new AbortController();
  let nap = new AbortController();
  let woken = false;
  const rest = async (ms: number): Promise<void> => {
    if (woken || stopping.signal.aborted) {
      woken = false;
      return;
    }
    nap = new AbortController();
    await parts.clock.sleep(ms, nap.signal);
    woken = false;
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const found = await step(stopping.signal);
        parts.backoff.reset();
        if (found === 'idle') await rest(parts.idle);
      } catch (error) {
        parts.report(error);
        await rest(parts.backoff.next());
      }
    }
  })();
  return {
    wake() {
      woken = true;
      nap.abort();
    },
    async stop() {
      stopping.abort();
      nap.abort();
      await running;
    },
  };
}
