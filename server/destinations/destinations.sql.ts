import sql from 'sql-template-tag';
import type { DestinationId, MappingId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export type DestinationRow = {
  space_id: SpaceId;
  destination_id: DestinationId;
  source_id: SourceId | null;
  metadata_id: string;
  name: string;
  enabled: boolean;
  settings: unknown;
  connected: boolean;
  advertiser_ids: string[];
  scopes: number[];
  connected_at: Date | null;
  paused_reason: string | null;
  paused_code: number | null;
  paused_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

/** Everything but the sealed token, which only `selectSealedToken` reads. */
const destinationColumns = sql`space_id, destination_id, source_id, metadata_id, name, enabled, settings,
  access_token is not null as connected, advertiser_ids, scopes, connected_at, paused_reason, paused_code, paused_at,
  created_at, updated_at`;

export const insertDestination = (
  tx: Tx,
  row: {
    spaceId: SpaceId;
    sourceId: SourceId | null;
    metadataId: string;
    name: string;
    enabled: boolean;
    settings: unknown;
    at: Date;
  },
) =>
  tx.query<DestinationRow>(sql`
    insert into destinations (space_id, source_id, metadata_id, name, enabled, settings, created_at, updated_at)
    values (${row.spaceId}, ${row.sourceId}, ${row.metadataId}, ${row.name}, ${row.enabled},
            ${JSON.stringify(row.settings)}::jsonb, ${row.at}, ${row.at})
    returning ${destinationColumns}`);

export const selectDestination = (q: Queryable, destinationId: DestinationId) =>
  q.query<DestinationRow>(sql`
    select ${destinationColumns} from destinations where destination_id = ${destinationId} and deleted_at is null`);

export const selectDestinationOrDeleted = (q: Queryable, destinationId: DestinationId) =>
  q.query<DestinationRow>(sql`select ${destinationColumns} from destinations where destination_id = ${destinationId}`);

/** See `lockDestination`: held by micro-batches while they level by what the destinations' mappings are now. */
export const shareDestinations = (tx: Tx, spaceIds: readonly SpaceId[]) =>
  tx.query(sql`
    select 1 from destinations where space_id = any(${spaceIds}::bigint[]) and deleted_at is null
    order by destination_id for share`);

/** Holds the row until the transaction ends, so that counting mappings and adding one cannot be overtaken. */
export const lockDestination = (tx: Tx, destinationId: DestinationId) =>
  tx.query<DestinationRow>(sql`
    select ${destinationColumns} from destinations
    where destination_id = ${destinationId} and deleted_at is null for no key update`);

export const selectDestinations = (q: Queryable, spaceId: SpaceId | null, page: { after: number; limit: number }) =>
  q.query<DestinationRow>(sql`
    select ${destinationColumns} from destinations
    where (${spaceId}::bigint is null or space_id = ${spaceId}::bigint) and deleted_at is null
      and destination_id > ${page.after}
    order by destination_id limit ${page.limit}`);

export const countDestinations = (q: Queryable, spaceId: SpaceId | null) =>
  q.query<{ count: number }>(sql`
    select count(*) as count from destinations
    where (${spaceId}::bigint is null or space_id = ${spaceId}::bigint) and deleted_at is null`);

export const selectAllDestinations = (q: Queryable) =>
  q.query<DestinationRow>(sql`
    select ${destinationColumns} from destinations where deleted_at is null order by destination_id`);

export const updateDestinationRow = (
  tx: Tx,
  row: { id: DestinationId; name: string; enabled: boolean; settings: unknown; at: Date },
) =>
  tx.query<DestinationRow>(sql`
    update destinations set name = ${row.name}, enabled = ${row.enabled},
      settings = ${JSON.stringify(row.settings)}::jsonb, updated_at = ${row.at}
    where destination_id = ${row.id} and deleted_at is null
    returning ${destinationColumns}`);

/** With people to remove the token stays until they are gone from TikTok (rule 12). */
export const deleteDestinationRow = (tx: Tx, row: { id: DestinationId; keepToken: boolean; at: Date }) =>
  tx.query<{ destination_id: DestinationId }>(sql`
    update destinations set deleted_at = ${row.at}, updated_at = ${row.at}, enabled = false,
      access_token = case when ${row.keepToken} then access_token end
    where destination_id = ${row.id} and deleted_at is null
    returning destination_id`);

/** Deleted ones that still have people to remove at TikTok. */
export const selectLeavingDestinations = (q: Queryable) =>
  q.query<DestinationRow>(sql`
    select ${destinationColumns} from destinations
    where deleted_at is not null and access_token is not null order by destination_id`);

export type MappingRow = {
  space_id: SpaceId;
  destination_id: DestinationId;
  mapping_id: MappingId;
  name: string;
  action_slug: string;
  trigger: string;
  settings: Record<string, unknown>;
  enabled: boolean;
  created_at: Date;
  updated_at: Date;
};

const mappingColumns = sql`space_id, destination_id, mapping_id, name, action_slug, trigger, settings, enabled,
  created_at, updated_at`;

export const insertMapping = (
  tx: Tx,
  row: {
    spaceId: SpaceId;
    destinationId: DestinationId;
    name: string;
    actionSlug: string;
    trigger: string;
    settings: unknown;
    enabled: boolean;
    at: Date;
  },
) =>
  tx.query<MappingRow>(sql`
    insert into mappings (space_id, destination_id, name, action_slug, trigger, settings, enabled, created_at, updated_at)
    values (${row.spaceId}, ${row.destinationId}, ${row.name}, ${row.actionSlug}, ${row.trigger},
            ${JSON.stringify(row.settings)}::jsonb, ${row.enabled}, ${row.at}, ${row.at})
    returning ${mappingColumns}`);

export const selectMappings = (q: Queryable, destinationId: DestinationId) =>
  q.query<MappingRow>(sql`
    select ${mappingColumns} from mappings
    where destination_id = ${destinationId} and deleted_at is null order by mapping_id`);

export const selectAllMappings = (q: Queryable) =>
  q.query<MappingRow>(sql`
    select ${mappingColumns} from mappings where deleted_at is null order by destination_id, mapping_id`);

export const selectMapping = (q: Queryable, destinationId: DestinationId, mappingId: MappingId) =>
  q.query<MappingRow>(sql`
    select ${mappingColumns} from mappings
    where destination_id = ${destinationId} and mapping_id = ${mappingId} and deleted_at is null`);

export const updateMappingRow = (
  tx: Tx,
  row: { id: MappingId; name: string; trigger: string; settings: unknown; enabled: boolean; at: Date },
) =>
  tx.query<MappingRow>(sql`
    update mappings set name = ${row.name}, trigger = ${row.trigger}, settings = ${JSON.stringify(row.settings)}::jsonb,
      enabled = ${row.enabled}, updated_at = ${row.at}
    where mapping_id = ${row.id} and deleted_at is null
    returning ${mappingColumns}`);

export const deleteMappingRow = (tx: Tx, id: MappingId, at: Date) =>
  tx.query<{ mapping_id: MappingId }>(sql`
    update mappings set deleted_at = ${at}, updated_at = ${at}, enabled = false
    where mapping_id = ${id} and deleted_at is null
    returning mapping_id`);
