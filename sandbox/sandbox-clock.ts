import { type Clock, type Instant, instant, type Millis } from '../server/kernel/clock.ts';

/** The given clock until somebody takes over; then a time that stands still unless it is moved. */
export interface SandboxClock {
  now(): Instant;
  /** Stands still at this moment from now on. */
  set(time: Instant): void;
  /** Moves on from where it stands; takes over if nobody has yet. */
  advance(by: Millis): void;
  /** Gives the time back to the real clock. */
  release(): void;
  readonly takenOver: boolean;
}

/**
 * TikTok's time: windows, expiry, delays of effects. Nothing waits on it (what has become due is done at the next look,
 * pending.ts), so a jump of 48 hours costs nothing. Waiting on the wire (latency) stays with the real clock: it belongs
 * to the network, and a clock that stands still must not hang a client.
 */
export function createSandboxClock(base: Clock): SandboxClock {
  let frozen: Instant | undefined;
  const now = (): Instant => frozen ?? base.now();
  return {
    now,
    set(time) {
      frozen = time;
    },
    advance(by) {
      frozen = instant(now() + by);
    },
    release() {
      frozen = undefined;
    },
    get takenOver() {
      return frozen !== undefined;
    },
  };
}

/** `YYYY-MM-DD HH:MM:SS` in UTC, as TikTok writes audience times (tiktok-api.md 1). */
export const timeText = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
