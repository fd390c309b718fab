import type { DestinationId, MappingId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, loadDestinations, type Mapping } from '../destinations/destinations.ts';
import { own } from '../kernel/json.ts';
import type { Log } from '../kernel/log.ts';
import { type CompiledMapping, compileMapping, type MappingDefinition } from '../mappings/mappings.ts';

/** A destination with its mappings as closures: what makes wishes of members and events. */
export interface Producer {
  readonly destination: Destination;
  readonly mappings: readonly CompiledMapping[];
  readonly broken: BrokenMappings;
}

/** Saved mappings that do not compile any more. What they made, or might remove, stays as it is until they are mended. */
export interface BrokenMappings {
  readonly ids: ReadonlySet<MappingId>;
  /** Whether one of them is enabled and takes people out: whom it would let go is unknown. */
  readonly remover: boolean;
}

const removingActions = new Set(['removeUser', 'removeFromAudience', 'syncAudience']);

/** Gives the destinations as they stand now; each mapping is compiled once per version, never per event. */
export type LoadProducers = (q: Queryable) => Promise<Map<DestinationId, Producer>>;

export function producersOf({ log }: { log: Log }): LoadProducers {
  let compiled = new Map<string, CompiledMapping>();
  return async (q) => {
    const stillUsed = new Map<string, CompiledMapping>();
    const compileOnce = (destination: Destination, mapping: Mapping): CompiledMapping | undefined => {
      const { id, name, actionSlug, trigger, settings, enabled } = mapping;
      const definition = { id, name, actionSlug, trigger, settings, enabled };
      const version = JSON.stringify([definition, destination.settings]);
      const known = compiled.get(version);
      if (known) stillUsed.set(version, known);
      if (known) return known;
      const made = compileMapping(definition, destination.settings);
      if (!made.ok) {
        // It was checked when saved; a newer Usher may be stricter.
        log.error('a saved mapping does not compile; its people stay as they are', {
          mapping: id,
          problem: made.error[0]?.message ?? '',
        });
        return undefined;
      }
      stillUsed.set(version, made.value);
      return made.value;
    };
    const producers = new Map<DestinationId, Producer>();
    for (const { destination, mappings } of await loadDestinations(q)) {
      producers.set(
        destination.id,
        producerOf(destination, mappings, (mapping) => compileOnce(destination, mapping)),
      );
    }
    compiled = stillUsed;
    return producers;
  };
}

/** What these mappings would make for this destination, for a dry run. */
export const supposedProducer = (destination: Destination, mappings: readonly MappingDefinition[]): Producer =>
  producerOf(destination, mappings, (mapping) => {
    const made = compileMapping(mapping, destination.settings);
    return made.ok ? made.value : undefined;
  });

function producerOf<Stored extends MappingDefinition>(
  destination: Destination,
  mappings: readonly Stored[],
  compile: (mapping: Stored) => CompiledMapping | undefined,
): Producer {
  const tried = mappings.map((mapping) => ({ mapping, made: compile(mapping) }));
  const broken = tried.flatMap(({ mapping, made }) => (made ? [] : [mapping]));
  return {
    destination,
    mappings: tried.flatMap(({ made }) => made ?? []),
    broken: {
      ids: new Set(broken.map(({ id }) => id)),
      remover: broken.some(({ enabled, actionSlug }) => enabled && removingActions.has(actionSlug)),
    },
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
