import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';
import { restUntil } from './rest.sql.ts';

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

interface NewWalk {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly destinationId: DestinationId;
  readonly reason: string;
  readonly total: number;
  readonly now: Date;
  /** Rule 12: targets that the change may leave, by what is to become of the people there. */
  readonly keepAt?: readonly TargetId[] | undefined;
  readonly removeAt?: readonly TargetId[] | undefined;
}

/** What an earlier change left and no walk has come to yet is not forgotten; of one target the newer word counts. */
const mergedLeft = sql`
  keep_at = array(select distinct t from unnest(walks.keep_at || excluded.keep_at) t where t <> all(excluded.remove_at) order by t),
  remove_at = array(select distinct t from unnest(walks.remove_at || excluded.remove_at) t where t <> all(excluded.keep_at) order by t)`;

/** Begins a walk, or begins the one under way anew. */
export const upsertWalk = (tx: Tx, walk: NewWalk) =>
  tx.query(sql`
    insert into walks (space_id, audience_id, destination_id, reason, total, started_at, keep_at, remove_at)
    values (${walk.spaceId}, ${walk.audienceId}, ${walk.destinationId}, ${walk.reason}, ${walk.total}, ${walk.now},
      ${walk.keepAt ?? []}::bigint[], ${walk.removeAt ?? []}::bigint[])
    on conflict (space_id, audience_id, destination_id) do update set reason = excluded.reason, cursor_person = 0, walked = 0,
      total = excluded.total, started_at = excluded.started_at, failures = 0, retry_at = null, finished_at = null, ${mergedLeft}`);

/** What changes have left of these audiences and no walk has finished with. */
export const selectLeftTargets = (q: Queryable, audienceIds: readonly AudienceId[]) =>
  q.query<{ audience_id: AudienceId; destination_id: DestinationId; keep_at: TargetId[]; remove_at: TargetId[] }>(sql`
    select audience_id, destination_id, keep_at, remove_at from walks
    where audience_id = any(${audienceIds}::bigint[]) and (keep_at <> '{}' or remove_at <> '{}')`);

/**
 * People move from one target to another (rule 12): what somebody said of those at the old one holds at the new one too. The
 * old one stays named, for those who have not moved yet. Where both were spoken of nobody is taken out by mistake.
 */
export const followTarget = (tx: Tx, of: { spaceId: SpaceId; from: TargetId; to: TargetId }) =>
  tx.query(sql`
    update walks set
      keep_at = case when ${of.from} = any(keep_at) and ${of.to} <> all(keep_at) then keep_at || ${of.to}::bigint else keep_at end,
      remove_at = case when ${of.from} = any(keep_at) then array_remove(remove_at, ${of.to}::bigint)
        when ${of.from} = any(remove_at) and ${of.to} <> all(keep_at || remove_at) then remove_at || ${of.to}::bigint
        else remove_at end
    where space_id = ${of.spaceId} and ${of.from} = any(keep_at || remove_at)`);

/** The unfinished walk that has waited longest, of those that no other node is busy with. Holding its row is holding the walk. */
export const claimWalk = async (tx: Tx, now: Date) =>
  (
    await tx.query<WalkRow>(sql`
      select ${columns} from walks where finished_at is null and (retry_at is null or retry_at <= ${now})
      order by stepped_at nulls first, audience_id, destination_id
      limit 1 for update skip locked`)
  )[0];

/** A chunk failed: the walk rests. */
export const postponeWalk = (tx: Tx, walk: WalkRow, now: Date) =>
  tx.query(sql`
    update walks set failures = failures + 1, stepped_at = ${now},
      retry_at = ${restUntil(now)}
    where space_id = ${walk.space_id} and audience_id = ${walk.audience_id} and destination_id = ${walk.destination_id}`);

export const advanceWalk = (
  tx: Tx,
  walk: WalkRow,
  step: { cursor: number; walked: number; now: Date; finished: boolean },
) => {
  // A walk of a connection that is off levels nobody: what a change left is still to be decided.
  const levelled = sql`${step.finished}::boolean and exists (
    select 1 from audience_connections c where c.space_id = walks.space_id and c.audience_id = walks.audience_id
      and c.destination_id = walks.destination_id and c.enabled and c.deleted_at is null)`;
  return tx.query(sql`
    update walks set cursor_person = ${step.cursor}, walked = walked + ${step.walked}, stepped_at = ${step.now}, failures = 0,
      retry_at = null, finished_at = ${step.finished ? step.now : null},
      keep_at = case when ${levelled} then '{}' else keep_at end, remove_at = case when ${levelled} then '{}' else remove_at end
    where space_id = ${walk.space_id} and audience_id = ${walk.audience_id} and destination_id = ${walk.destination_id}`);
};

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
