import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

export interface AudienceRow extends Row {
  space_id: SpaceId;
  audience_id: AudienceId;
  kind: 'external' | 'computed' | 'list';
  key: string;
  computation_id: string | null;
  name: string;
  description: string;
  status: string;
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

export interface ConnectionRow extends Row {
  space_id: SpaceId;
  audience_id: AudienceId;
  destination_id: DestinationId;
  enabled: boolean;
  send_track: boolean;
  send_identify: boolean;
  entered_event: string;
  exited_event: string;
  settings: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
}

const audienceColumns = sql`space_id, audience_id, kind, key, computation_id, name, description, status, created_at, updated_at, deleted_at`;
const connectionColumns = sql`space_id, audience_id, destination_id, enabled, send_track, send_identify, entered_event, exited_event,
  settings, created_at, updated_at`;

const ofKeys = (spaceIds: readonly SpaceId[], keys: readonly string[]) =>
  sql`(space_id, key) in (select * from unnest(${spaceIds}::bigint[], ${keys}::text[]))`;

/**
 * Shares the audiences' rows: whoever connects one or changes its mappings takes them for update, and so waits until
 * every micro-batch that has not seen the change has committed; only then a walk starts (rule 6).
 */
export const shareAudiences = (tx: Tx, spaceIds: readonly SpaceId[], keys: readonly string[]) =>
  tx.query<AudienceRow>(sql`
    select ${audienceColumns} from audiences
    where ${ofKeys(spaceIds, keys)} order by audience_id for share`);

/** Whether one of these has not been told its computation id yet. */
export const anyUnnamed = async (
  q: Queryable,
  spaceIds: readonly SpaceId[],
  keys: readonly string[],
): Promise<boolean> =>
  (await q.query(sql`select 1 from audiences where ${ofKeys(spaceIds, keys)} and computation_id is null limit 1`))
    .length > 0;

/** Like shareAudiences, for a micro-batch that writes them: two that shared a row and both wrote it would wait for each other. */
export const ownAudiences = (tx: Tx, spaceIds: readonly SpaceId[], keys: readonly string[]) =>
  tx.query<AudienceRow>(sql`
    select ${audienceColumns} from audiences
    where ${ofKeys(spaceIds, keys)} order by audience_id for no key update`);

export const insertExternalAudiences = (
  tx: Tx,
  rows: readonly { spaceId: SpaceId; key: string; computationId: string | null }[],
  now: Date,
) =>
  tx.query(sql`
    insert into audiences (space_id, kind, key, computation_id, name, created_at, updated_at)
    select a.space_id, 'external', a.key, a.computation_id, a.key, ${now}, ${now}
    from unnest(${rows.map((r) => r.spaceId)}::bigint[], ${rows.map((r) => r.key)}::text[], ${rows.map((r) => r.computationId)}::text[])
      as a (space_id, key, computation_id)
    order by a.space_id, a.key
    on conflict (space_id, key) do nothing`);

export const nameComputations = (
  tx: Tx,
  rows: readonly { spaceId: SpaceId; audienceId: AudienceId; computationId: string }[],
) =>
  tx.query(sql`
    update audiences set computation_id = a.computation_id
    from unnest(${rows.map((r) => r.spaceId)}::bigint[], ${rows.map((r) => r.audienceId)}::bigint[],
                ${rows.map((r) => r.computationId)}::text[]) as a (space_id, audience_id, computation_id)
    where audiences.space_id = a.space_id and audiences.audience_id = a.audience_id and audiences.computation_id is null`);

export const selectAudience = async (q: Queryable, spaceId: SpaceId, audienceId: AudienceId) =>
  (
    await q.query<AudienceRow>(sql`
      select ${audienceColumns} from audiences
      where space_id = ${spaceId} and audience_id = ${audienceId} and deleted_at is null`)
  )[0];

/** See `shareAudiences`: waits for the micro-batches under way. */
export const lockAudiences = (tx: Tx, spaceId: SpaceId, audienceIds: readonly AudienceId[]) =>
  tx.query<AudienceRow>(sql`
    select ${audienceColumns} from audiences
    where space_id = ${spaceId} and audience_id = any(${audienceIds}::bigint[]) and deleted_at is null
    order by audience_id for update`);

export const selectAudiences = (q: Queryable, spaceId: SpaceId, after: number, limit: number) =>
  q.query<AudienceRow>(sql`
    select ${audienceColumns} from audiences
    where space_id = ${spaceId} and audience_id > ${after} and deleted_at is null order by audience_id limit ${limit}`);

export const countAudiences = async (q: Queryable, spaceId: SpaceId): Promise<number> =>
  (
    await q.query<{ n: number }>(sql`
      select count(*) as n from audiences where space_id = ${spaceId} and deleted_at is null`)
  )[0]?.n ?? 0;

/** Nothing where the key is taken, also by a deleted audience: keys are never reused (segment-spec.md 2.2). */
export const insertAudience = async (
  tx: Tx,
  row: { spaceId: SpaceId; key: string; name: string; description: string; now: Date },
) =>
  (
    await tx.query<AudienceRow>(sql`
      insert into audiences (space_id, kind, key, name, description, created_at, updated_at)
      values (${row.spaceId}, 'external', ${row.key}, ${row.name}, ${row.description}, ${row.now}, ${row.now})
      on conflict (space_id, key) do nothing returning ${audienceColumns}`)
  )[0];

export const updateAudience = async (
  tx: Tx,
  row: { spaceId: SpaceId; audienceId: AudienceId; name: string | null; description: string | null; now: Date },
) =>
  (
    await tx.query<AudienceRow>(sql`
      update audiences set name = coalesce(${row.name}, name), description = coalesce(${row.description}, description), updated_at = ${row.now}
      where space_id = ${row.spaceId} and audience_id = ${row.audienceId} and deleted_at is null returning ${audienceColumns}`)
  )[0];

export const markAudienceDeleted = (tx: Tx, spaceId: SpaceId, audienceId: AudienceId, now: Date) =>
  tx.query(sql`
    update audiences set deleted_at = ${now}, updated_at = ${now} where space_id = ${spaceId} and audience_id = ${audienceId}`);

// Connections ----------------------------------------------------------------------------------------------------------

export const connectionsOfAudiences = (q: Queryable, audienceIds: readonly AudienceId[]) =>
  q.query<ConnectionRow>(sql`
    select ${connectionColumns} from audience_connections
    where audience_id = any(${audienceIds}::bigint[]) and deleted_at is null order by audience_id, destination_id`);

export const connectionsOfDestination = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId) =>
  q.query<ConnectionRow>(sql`
    select ${connectionColumns} from audience_connections
    where space_id = ${spaceId} and destination_id = ${destinationId} and deleted_at is null order by audience_id`);

/** A connection that was deleted comes back; one that stands is left as it is. */
export const insertConnection = async (tx: Tx, row: ConnectionInput) =>
  (
    await tx.query<ConnectionRow>(sql`
      insert into audience_connections as c (space_id, audience_id, destination_id, enabled, send_track, send_identify, entered_event,
        exited_event, settings, created_at, updated_at)
      values (${row.spaceId}, ${row.audienceId}, ${row.destinationId}, ${row.enabled}, ${row.sendTrack}, ${row.sendIdentify},
        ${row.enteredEvent}, ${row.exitedEvent}, ${JSON.stringify(row.settings)}::jsonb, ${row.now}, ${row.now})
      on conflict (space_id, audience_id, destination_id) do update set enabled = excluded.enabled,
        send_track = excluded.send_track, send_identify = excluded.send_identify, entered_event = excluded.entered_event,
        exited_event = excluded.exited_event, settings = excluded.settings, created_at = excluded.created_at,
        updated_at = excluded.updated_at, deleted_at = null
      where c.deleted_at is not null
      returning ${connectionColumns}`)
  )[0];

export interface ConnectionInput {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly destinationId: DestinationId;
  readonly enabled: boolean;
  readonly sendTrack: boolean;
  readonly sendIdentify: boolean;
  readonly enteredEvent: string;
  readonly exitedEvent: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly now: Date;
}

export const updateConnection = async (tx: Tx, row: ConnectionInput) =>
  (
    await tx.query<ConnectionRow>(sql`
      update audience_connections set enabled = ${row.enabled}, send_track = ${row.sendTrack}, send_identify = ${row.sendIdentify},
        entered_event = ${row.enteredEvent}, exited_event = ${row.exitedEvent}, settings = ${JSON.stringify(row.settings)}::jsonb,
        updated_at = ${row.now}
      where space_id = ${row.spaceId} and audience_id = ${row.audienceId} and destination_id = ${row.destinationId}
        and deleted_at is null
      returning ${connectionColumns}`)
  )[0];

export const markConnectionDeleted = (
  tx: Tx,
  place: { spaceId: SpaceId; audienceId: AudienceId; destinationId: DestinationId; now: Date },
) =>
  tx.query(sql`
    update audience_connections set deleted_at = ${place.now}, updated_at = ${place.now}
    where space_id = ${place.spaceId} and audience_id = ${place.audienceId} and destination_id = ${place.destinationId}`);
