/** What an edit of a mapping means for whom it sends: the destination as it would be, and whether it may leave a TikTok audience (rule 12). */
import { isDeepStrictEqual } from 'node:util';
import type { MappingId } from '../../contract/ids.ts';
import { manage } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, listMappings, type Mapping } from '../destinations/destinations.ts';
import { directOrigin } from '../ledger/ledger.ts';
import type { MappingDefinition } from '../mappings/mappings.ts';
import type { Planned } from './consequences.ts';

export interface MappingEdit {
  readonly destination: Destination;
  readonly after: Mapping;
  /** Whether the members are walked anew. */
  readonly reapplied: boolean;
  /** Whether it may name other TikTok audiences than before (rule 12). */
  readonly leaves: boolean;
}

/** The destination with other mappings. */
export async function planned(
  q: Queryable,
  destination: Destination,
  mappings: (all: readonly MappingDefinition[]) => readonly MappingDefinition[],
): Promise<Planned> {
  const connections = await manage.connectionsInto(q, destination.spaceId, destination.id);
  return { destination, mappings: mappings(await listMappings(q, destination.id)), connections };
}

export async function plannedEdit(q: Queryable, { destination, after, leaves }: MappingEdit): Promise<Planned> {
  const edited = await planned(q, destination, (all) => all.map((one) => (one.id === after.id ? after : one)));
  return { ...edited, ...(leaves ? leaving(after.id) : {}) };
}

export const leaving = (mappingId: MappingId): Pick<Planned, 'leaves' | 'released'> => ({
  leaves: { mappingId },
  released: [{ mappingId, originId: directOrigin }],
});

/** What names the TikTok audience, and the audience whose people go there. */
const targetFields = [
  'selected_advertiser_id',
  'advertiser_id',
  'audience_id',
  'external_audience_id',
  'custom_audience_name',
  'personas_audience_key',
] as const;

/** One directive over all fields may name anything. */
export function namesOthers(before: Mapping['settings'], after: Mapping['settings']): boolean {
  const directive = [before, after].some((settings) => Object.keys(settings).some((key) => key.startsWith('@')));
  if (directive) return !isDeepStrictEqual(before, after);
  return targetFields.some((field) => !isDeepStrictEqual(before[field], after[field]));
}

export const editableOf = ({ name, trigger: when, settings: fields, enabled }: Mapping) => ({
  name,
  when,
  fields,
  enabled,
});
