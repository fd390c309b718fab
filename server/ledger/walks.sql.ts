import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

export interface WalkRow extends Row {
  space_id: SpaceId;
  audience_id: AudienceId;
  destination_id: DestinationId;
  reason: string;
  cursor_person: number;
  walked: number;
  total: number;
  started_at: Date;
  finished_at: Date | null;
}

const columns = sql`space_id, audience_id, destination_id, reason, cursor_person, walked, total, started_at, finished_at`;

/** Begins a walk, or begins the one under way anew. */
export const upsertWalk = (
  tx: Tx,
  walk: {
    spaceId: SpaceId;
    audienceId: AudienceId;
    destinationId: DestinationId;
    reason: string;
    total: number;
    now: Date;
  },
) =>
  tx.query(sql`
    insert into walks (space_id, audience_id, destination_id, reason, total, started_at)
    values (${walk.spaceId}, ${walk.audienceId}, ${walk.destinationId}, ${walk.reason}, ${walk.total}, ${walk.now})
    on conflict (space_id, audience_id, destination_id) do update set reason = excluded.reason, cursor_person = 0, walked = 0,
      total = excluded.total, started_at = excluded.started_at, failures = 0, retry_at = null, finished_at = null`);

/** The unfinished walk that has waited longest, of those that no other node is busy with. Holding its row is holding the walk. */
export const claimWalk = async (tx: Tx, now: Date) =>
  (
    await tx.query<WalkRow>(sql`
      select ${columns} from walks where finished_at is null and (retry_at is null or retry_at <= ${now})
      order by stepped_at nulls first, audience_id, destination_id
      limit 1 for update skip locked`)
  )[0];

/** A chunk failed: the walk rests for ten seconds, doubling with every failure in a row up to ten minutes. */
export const postponeWalk = (tx: Tx, walk: WalkRow, now: Date) =>
  tx.query(sql`
    update walks set failures = failures + 1, stepped_at = ${now},
      retry_at = ${now}::timestamptz + least(600, 10 * power(2, least(failures, 6))) * interval '1 second'
    where space_id = ${walk.space_id} and audience_id = ${walk.audience_id} and destination_id = ${walk.destination_id}`);

export const advanceWalk = (
  tx: Tx,
  walk: WalkRow,
  step: { cursor: number; walked: number; now: Date; finished: boolean },
) =>
  tx.query(sql`
    update walks set cursor_person = ${step.cursor}, walked = walked + ${step.walked}, stepped_at = ${step.now}, failures = 0,
      retry_at = null, finished_at = ${step.finished ? step.now : null}
    where space_id = ${walk.space_id} and audience_id = ${walk.audience_id} and destination_id = ${walk.destination_id}`);

export const deleteWalk = (tx: Tx, place: { spaceId: SpaceId; audienceId: AudienceId; destinationId: DestinationId }) =>
  tx.query(sql`
    delete from walks where space_id = ${place.spaceId} and audience_id = ${place.audienceId}
      and destination_id = ${place.destinationId}`);

export const selectWalks = (q: Queryable, destinationId: DestinationId) =>
  q.query<WalkRow>(sql`select ${columns} from walks where destination_id = ${destinationId} order by audience_id`);

/**
 * Waits for the chunks under way, and keeps new ones away until the transaction ends. Whoever is to change what is walked
 * takes this before the audiences: a chunk waits for people whom a micro-batch holds, and that one for an audience.
 */
export const lockWalks = (
  tx: Tx,
  of: { spaceId: SpaceId; audienceId?: AudienceId | undefined; destinationId?: DestinationId | undefined },
) =>
  tx.query(sql`
    select 1 from walks
    where space_id = ${of.spaceId} and (${of.audienceId ?? null}::bigint is null or audience_id = ${of.audienceId ?? null})
      and (${of.destinationId ?? null}::bigint is null or destination_id = ${of.destinationId ?? null})
    order by audience_id, destination_id for update`);
