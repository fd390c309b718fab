import type { Clock } from '../kernel/clock.ts';

/** A signal that ends after `ms` (undefined: never by itself) or together with `outer`. `release` gives the timer back. */
export function deadline(
  clock: Clock,
  ms: number | undefined,
  outer: AbortSignal | undefined,
): { signal: AbortSignal; release(): void } {
  const end = new AbortController();
  const stop = new AbortController();
  const endNow = (): void => end.abort();
  if (outer?.aborted) endNow();
  outer?.addEventListener('abort', endNow, { once: true });
  if (ms !== undefined) {
    void clock.sleep(ms, stop.signal).then(() => {
      if (!stop.signal.aborted) endNow();
    });
  }
  return {
    signal: end.signal,
    release() {
      outer?.removeEventListener('abort', endNow);
      stop.abort();
    },
  };
}
