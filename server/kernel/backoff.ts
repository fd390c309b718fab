import type { Millis } from './clock.ts';
import type { Random } from './random.ts';

export interface Backoff {
  /** The next wait: doubles from `first` up to `most`, with jitter of ±20 % so that nodes do not march in step. */
  next(): Millis;
  reset(): void;
}

export function backoff(options: { first: Millis; most: Millis; random: Random }): Backoff {
  let attempt = 0;
  return {
    next() {
      const plain = Math.min(options.most, options.first * 2 ** attempt);
      if (plain < options.most) attempt += 1;
      return (plain * (0.8 + options.random.fraction() * 0.4)) as Millis;
    },
    reset() {
      attempt = 0;
    },
  };
}
