import type { DestinationId, MappingId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import {
  deleteMappingRow,
  insertMapping,
  lockDestination,
  type MappingRow,
  selectMapping,
  selectMappings,
  updateMappingRow,
} from './destinations.sql.ts';

export interface Mapping {
  id: MappingId;
  spaceId: SpaceId;
  destinationId: DestinationId;
  name: string;
  actionSlug: string;
  trigger: string;
  /** Mapping-kit object: field key → value or directive. */
  settings: Record<string, unknown>;
  enabled: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/**
 * A new mapping. The caller has filled it up by `withDefaults` and checked it by `compileMapping`. At most `mappingsMax`
 * a destination (USHER_MAX_MAPPINGS; Segment's own limit is 50, segment-spec.md 4.1).
 */
export async function createMapping(
  tx: Tx,
  deps: { clock: Clock; mappingsMax: number },
  destinationId: DestinationId,
  input: { name: string; actionSlug: string; trigger: string; settings: Record<string, unknown>; enabled: boolean },
): Promise<Result<Mapping, { kind: 'no destination' | 'too many' }>> {
  const [row] = await lockDestination(tx, destinationId);
  if (!row) return err({ kind: 'no destination' });
  if ((await selectMappings(tx, destinationId)).length >= deps.mappingsMax) return err({ kind: 'too many' });
  const [mapping] = await insertMapping(tx, {
    ...input,
    spaceId: row.space_id,
    destinationId,
    at: new Date(deps.clock.now()),
  });
  return ok(rowToMapping(must(mapping, 'insert returns its row')));
}

export async function getMapping(
  q: Queryable,
  destinationId: DestinationId,
  id: MappingId,
): Promise<Mapping | undefined> {
  const [row] = await selectMapping(q, destinationId, id);
  return row && rowToMapping(row);
}

export async function listMappings(q: Queryable, destinationId: DestinationId): Promise<Mapping[]> {
  return (await selectMappings(q, destinationId)).map(rowToMapping);
}

/** Replaces the fields of a mapping; its action stays (another action is another mapping). */
export async function updateMapping(
  tx: Tx,
  clock: Clock,
  mapping: Pick<Mapping, 'id' | 'name' | 'trigger' | 'settings' | 'enabled'>,
): Promise<Mapping | undefined> {
  const { id, name, trigger, settings, enabled } = mapping;
  const [row] = await updateMappingRow(tx, { id, name, trigger, settings, enabled, at: new Date(clock.now()) });
  return row && rowToMapping(row);
}

/** Gives whether there was one. */
export async function removeMapping(tx: Tx, clock: Clock, id: MappingId): Promise<boolean> {
  return (await deleteMappingRow(tx, id, new Date(clock.now()))).length > 0;
}

export const rowToMapping = (row: MappingRow): Mapping => ({
  id: row.mapping_id,
  spaceId: row.space_id,
  destinationId: row.destination_id,
  name: row.name,
  actionSlug: row.action_slug,
  trigger: row.trigger,
  settings: row.settings,
  enabled: row.enabled,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
