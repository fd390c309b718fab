import { randomBytes } from 'node:crypto';

/** The only source of chance; simulations bring a seeded one. */
export interface Random {
  /** A fraction in [0, 1): jitter and choices, never secrets. */
  fraction(): number;
  /** Unpredictable bytes: tokens, states, keys. */
  bytes(count: number): Buffer;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => randomBytes(count),
};

/** The same numbers again for the same seed (mulberry32). Its bytes are as predictable as its fractions: tests only. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { fraction, bytes: (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(fraction() * 256))) };
}
