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
      total = excluded.total, started_at = excluded.started_at, finished_at = null`);

/** One unfinished walk that no other node is busy with. Holding its row is holding the walk. */
export const claimWalk = async (tx: Tx) =>
  (
    await tx.query<WalkRow>(sql`
      select ${columns} from walks where finished_at is null order by cursor_person > 0, started_at, audience_id, destination_id
      limit 1 for update skip locked`)
  )[0];

export const advanceWalk = (tx: Tx, walk: WalkRow, step: { cursor: number; walked: number; finishedAt: Date | null }) =>
  tx.query(sql`
    update walks set cursor_person = ${step.cursor}, walked = walked + ${step.walked}, finished_at = ${step.finishedAt}
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
