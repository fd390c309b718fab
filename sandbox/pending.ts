import { type Instant, instant } from '../server/kernel/clock.ts';

/** A change that was answered for (or whose answer was lost) and takes effect later. */
export interface Deferred {
  readonly due: Instant;
  readonly audienceIds: readonly string[];
  apply(at: Instant): void;
}

/**
 * Effects that are still to come. No timers: whoever looks at the state settles first, so the outcome depends on the
 * clock alone and a clock that jumps 48 hours applies everything in its order.
 */
export interface Pending {
  add(change: Deferred): void;
  /** Keeps a change back until another one has touched one of its audiences (fault "reorder"), at most until `due`. */
  hold(change: Deferred): void;
  /** Applies what is due, in the order of due times, then of arrival. */
  settle(now: Instant): void;
  /** A change has just been applied: whatever waited for it follows. */
  overtaken(audienceIds: readonly string[], now: Instant): void;
  readonly size: number;
  clear(): void;
}

export function createPending(): Pending {
  let waiting: Deferred[] = [];
  const held = new Set<Deferred>();
  return {
    add(change) {
      const after = waiting.findIndex((other) => other.due > change.due);
      waiting.splice(after === -1 ? waiting.length : after, 0, change);
    },
    hold(change) {
      held.add(change);
      this.add(change);
    },
    settle(now) {
      for (let first = waiting[0]; first && first.due <= now; first = waiting[0]) {
        waiting.shift();
        held.delete(first);
        first.apply(first.due);
      }
    },
    overtaken(audienceIds, now) {
      for (const change of [...held]) {
        if (!change.audienceIds.some((id) => audienceIds.includes(id))) continue;
        held.delete(change);
        waiting = waiting.filter((other) => other !== change);
        change.apply(instant(now));
      }
    },
    get size() {
      return waiting.length;
    },
    clear() {
      waiting = [];
      held.clear();
    },
  };
}
