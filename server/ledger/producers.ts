import type { DestinationId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, loadDestinations, type Mapping } from '../destinations/destinations.ts';
import { own } from '../kernel/json.ts';
import type { Log } from '../kernel/log.ts';
import { type CompiledMapping, compileMapping } from '../mappings/mappings.ts';

/** A destination with its mappings as closures: what makes wishes of members and events. */
export interface Producer {
  readonly destination: Destination;
  readonly mappings: readonly CompiledMapping[];
}

/** Gives the destinations as they stand now; each mapping is compiled once per version, never per event. */
export type LoadProducers = (q: Queryable) => Promise<Map<DestinationId, Producer>>;

export function producersOf({ log }: { log: Log }): LoadProducers {
  let compiled = new Map<string, CompiledMapping>();
  return async (q) => {
    const stillUsed = new Map<string, CompiledMapping>();
    const compileOnce = (destination: Destination, mapping: Mapping): CompiledMapping[] => {
      const { id, name, actionSlug, trigger, settings, enabled } = mapping;
      const definition = { id, name, actionSlug, trigger, settings, enabled };
      const version = JSON.stringify([definition, destination.settings]);
      const known = compiled.get(version);
      if (known) stillUsed.set(version, known);
      if (known) return [known];
      const made = compileMapping(definition, destination.settings);
      if (!made.ok) {
        // It was checked when saved; a newer Usher may be stricter. Its people stay as they are, and the log says why.
        log.error('a saved mapping does not compile and is left out', {
          mapping: id,
          problem: made.error[0]?.message ?? '',
        });
        return [];
      }
      stillUsed.set(version, made.value);
      return [made.value];
    };
    const producers = new Map(
      (await loadDestinations(q)).map(({ destination, mappings }) => [
        destination.id,
        { destination, mappings: mappings.flatMap((mapping) => compileOnce(destination, mapping)) },
      ]),
    );
    compiled = stillUsed;
    return producers;
  };
}

/** The catalog's name, by which an event's `integrations` speaks of the destination (segment-spec.md 1.8). */
const integrationName = 'TikTok Audiences';

/** Whether a destination gets a direct event: same space, its source or the whole space, and `integrations` allows it. */
export function receives(
  destination: Destination,
  from: { spaceId: SpaceId; sourceId: SourceId; event: SegmentEvent },
): boolean {
  if (destination.spaceId !== from.spaceId) return false; // I11: spaces are walls
  if (destination.sourceId !== null && destination.sourceId !== from.sourceId) return false;
  const entry = own(from.event.integrations, integrationName) ?? own(from.event.integrations, destination.name);
  return entry === undefined ? own(from.event.integrations, 'All') !== false : Boolean(entry);
}
