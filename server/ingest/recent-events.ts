import type { SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';

export interface RecentEvents {
  add(events: readonly ReceivedEvent[]): void;
  /** Newest first. */
  of(spaceId: SpaceId): readonly ReceivedEvent[];
}

const perSpaceMax = 200;
/** 200 events of at most 32 KB each: the space that was quiet longest makes room. */
const spacesMax = 50;

/** The last events of a space, in memory only: for Test Mapping, which wants a real one to try on. */
export function recentEvents(): RecentEvents {
  const bySpace = new Map<SpaceId, ReceivedEvent[]>();
  const append = (spaceId: SpaceId, events: readonly ReceivedEvent[]): void => {
    const kept = [...(bySpace.get(spaceId) ?? []), ...events.slice(-perSpaceMax)].slice(-perSpaceMax);
    bySpace.delete(spaceId);
    bySpace.set(spaceId, kept);
    const oldest = bySpace.keys().next();
    if (bySpace.size > spacesMax && !oldest.done) bySpace.delete(oldest.value);
  };
  return {
    add(events) {
      const spaces = new Set(events.map((event) => event.spaceId));
      for (const spaceId of spaces)
        append(spaceId, spaces.size === 1 ? events : events.filter((e) => e.spaceId === spaceId));
    },
    of: (spaceId) => [...(bySpace.get(spaceId) ?? [])].reverse(),
  };
}
