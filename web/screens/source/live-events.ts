import type { DebuggerEvent } from '../../api/debugger.ts';

/** Older ones make room; a debugger is for looking, the counts are elsewhere. */
const keptMax = 500;

export interface Live {
  /** Newest first. */
  readonly events: readonly DebuggerEvent[];
  /** Arrived while paused, newest first. */
  readonly waiting: readonly DebuggerEvent[];
  readonly paused: boolean;
  readonly interrupted: boolean;
}

export const firstLive: Live = { events: [], waiting: [], paused: false, interrupted: false };

type Change =
  | { kind: 'arrived'; event: DebuggerEvent }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'connected' }
  | { kind: 'interrupted' };

export function changeLive(live: Live, change: Change): Live {
  switch (change.kind) {
    case 'arrived':
      if (live.paused) return { ...live, waiting: [change.event, ...live.waiting].slice(0, keptMax) };
      return { ...live, events: [change.event, ...live.events].slice(0, keptMax) };
    case 'pause':
      return { ...live, paused: true };
    case 'resume':
      return { ...live, paused: false, waiting: [], events: [...live.waiting, ...live.events].slice(0, keptMax) };
    case 'connected':
      return { ...live, interrupted: false };
    case 'interrupted':
      return { ...live, interrupted: true };
  }
}
