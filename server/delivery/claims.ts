/**
 * I2, rule 9: no two calls in flight touch one (target, type, hash), but for the calls of one pointer, whose newer one waits for
 * all of them. Kept in memory: only the lease's holder sends.
 */
export interface Claims {
  /** All of them or none. */
  take(keys: readonly string[]): boolean;
  release(keys: readonly string[]): void;
}

export function createClaims(): Claims {
  const held = new Set<string>();
  return {
    take(keys) {
      if (keys.some((key) => held.has(key))) return false;
      for (const key of keys) held.add(key);
      return true;
    },
    release(keys) {
      for (const key of keys) held.delete(key);
    },
  };
}

export const claimKey = (targetId: number, type: number, hash: Buffer): string =>
  `${targetId} ${type} ${hash.toString('latin1')}`;
