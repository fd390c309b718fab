import type { DebuggerEvent } from '../../api/debugger.ts';

/** An event with the number that the page gave it: what failed may have no messageId. */
export type Seen = DebuggerEvent & { readonly number: number };

/** Older ones make room; a debugger is for looking, the counts are elsewhere. */
const keptMax = 500;

export interface Live {
  /** Newest first. */
  readonly events: readonly Seen[];
  /** Arrived while paused, newest first. */
  readonly waiting: readonly Seen[];
  readonly arrived: number;
  /** Left out, because more came in than can be looked at. */
  readonly left: number;
  readonly paused: boolean;
  readonly interrupted: boolean;
}

export const firstLive: Live = { events: [], waiting: [], arrived: 0, left: 0, paused: false, interrupted: false };

type Change =
  | { kind: 'arrived'; event: DebuggerEvent }
  | { kind: 'sampled'; left: number }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'connected' }
  | { kind: 'interrupted' };

export function changeLive(live: Live, change: Change): Live {
  switch (change.kind) {
    case 'arrived':
      return arrived(live, change.event);
    case 'sampled':
      return { ...live, left: live.left + change.left };
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

/** The stream begins anew with the last events there are whenever it connects, so known ones come again. */
function arrived(live: Live, event: DebuggerEvent): Live {
  const known = ({ messageId, receivedAt }: Seen) => messageId === event.messageId && receivedAt === event.receivedAt;
  if (live.events.some(known) || live.waiting.some(known)) return live;
  const seen = { ...event, number: live.arrived };
  const kept = [seen, ...(live.paused ? live.waiting : live.events)].slice(0, keptMax);
  return { ...live, arrived: live.arrived + 1, ...(live.paused ? { waiting: kept } : { events: kept }) };
}
