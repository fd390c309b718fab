import type { Clock, Millis } from '../kernel/clock.ts';

/**
 * What the database said a moment ago. A key that is not known, or not fresh any more, is asked for again, and whoever
 * asks while a question is under way joins the next one: a flood of made-up keys costs one query at a time.
 */
export interface FreshCache<Value> {
  find(key: string): Promise<Value | undefined>;
}

export interface FreshCacheParts<Value> {
  readonly clock: Clock;
  readonly load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  readonly foundFresh: Millis;
  readonly missingFresh: Millis;
  /** Beyond it the oldest answer is forgotten. */
  readonly entriesMax: number;
}

export function freshCache<Value>(parts: FreshCacheParts<Value>): FreshCache<Value> {
  const entries = new Map<string, { value: Value | undefined; until: number }>();
  let underWay: Promise<unknown> = Promise.resolve();
  let next: { keys: Set<string>; found: Promise<ReadonlyMap<string, Value>> } | undefined;

  /** Fresh counts from before the question: an answer is as old as what was read. */
  const load = async (keys: Set<string>): Promise<ReadonlyMap<string, Value>> => {
    await underWay.catch(() => undefined);
    next = undefined;
    const asked = parts.clock.elapsed();
    const loading = parts.load([...keys]);
    underWay = loading;
    const found = await loading;
    for (const key of keys) {
      const value = found.get(key);
      entries.delete(key);
      entries.set(key, { value, until: asked + (value === undefined ? parts.missingFresh : parts.foundFresh) });
    }
    for (const oldest of entries.keys()) {
      if (entries.size <= parts.entriesMax) break;
      entries.delete(oldest);
    }
    return found;
  };

  return {
    async find(key) {
      const entry = entries.get(key);
      if (entry && parts.clock.elapsed() < entry.until) return entry.value;
      if (!next) {
        const keys = new Set<string>();
        next = { keys, found: load(keys) };
      }
      next.keys.add(key);
      return (await next.found).get(key);
    },
  };
}
