import sql from 'sql-template-tag';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';
import { restUntil } from './rest.sql.ts';

export type ResyncState = 'running' | 'paused' | 'done' | 'cancelled';
export type ResyncReason = 'asked' | 'restore';

export interface ResyncRow extends Row {
  space_id: SpaceId;
  resync_id: number;
  destination_id: DestinationId;
  target_id: TargetId;
  state: ResyncState;
  reason: ResyncReason;
  removed_since: Date;
  until_seq: number;
  total: number;
  queued: number;
  cursor_origin: number;
  cursor_person: number;
  queued_at: Date | null;
  drained_at: Date | null;
  before_view: Record<string, unknown> | null;
  after_view: Record<string, unknown> | null;
  started_at: Date;
  finished_at: Date | null;
}

const columns = sql`space_id, resync_id, destination_id, target_id, state, reason, removed_since, until_seq, total, queued,
  cursor_origin, cursor_person, queued_at, drained_at, before_view, after_view, started_at, finished_at`;

interface TargetPlace {
  readonly spaceId: SpaceId;
  readonly targetId: TargetId;
}

/**
 * Rows that a resync repeats: who is present, and whose removal TikTok accepted since then. Not what is kept, which nobody
 * asserts, and not what TikTok refused alone, which waits for a retry by hand (I7).
 */
const isRepeated = (removedSince: Date) => sql`
  (m.level = 1 or (m.level = 0 and m.settled_at >= ${removedSince})) and not exists (
    select 1 from parked p where p.space_id = m.space_id and p.target_id = m.target_id and p.origin_id = m.origin_id
      and p.person_id = m.person_id and p.variant = m.variant and p.seq = m.seq)`;

export async function countRepeated(
  q: Queryable,
  { spaceId, targetId }: TargetPlace,
  removedSince: Date,
): Promise<{ adds: number; removes: number }> {
  const [row] = await q.query<{ adds: number; removes: number }>(sql`
    select count(*) filter (where m.level = 1) as adds, count(*) filter (where m.level = 0) as removes from memberships m
    where m.space_id = ${spaceId} and m.target_id = ${targetId} and ${isRepeated(removedSince)}`);
  return row ?? { adds: 0, removes: 0 };
}

/** Undefined: one is running or paused at this target. */
export const insertResync = async (
  tx: Tx,
  resync: TargetPlace & {
    destinationId: DestinationId;
    reason: ResyncReason;
    removedSince: Date;
    total: number;
    now: Date;
  },
) =>
  (
    await tx.query<ResyncRow>(sql`
      insert into resyncs (space_id, destination_id, target_id, state, reason, removed_since, until_seq, total, started_at)
      values (${resync.spaceId}, ${resync.destinationId}, ${resync.targetId}, 'running', ${resync.reason}, ${resync.removedSince},
        nextval('change_seq'), ${resync.total}, ${resync.now})
      on conflict (target_id) where state in ('running', 'paused') do nothing
      returning ${columns}`)
  )[0];

export const selectLatestResync = async (q: Queryable, targetId: TargetId) =>
  (
    await q.query<ResyncRow>(sql`
      select ${columns} from resyncs where target_id = ${targetId} order by resync_id desc limit 1`)
  )[0];

/** The running one that has waited longest, of those that no other node is busy with. Holding its row is holding it. */
export const claimResync = async (tx: Tx, now: Date) =>
  (
    await tx.query<ResyncRow>(sql`
      select ${columns} from resyncs where state = 'running' and (rest_until is null or rest_until <= ${now})
      order by stepped_at nulls first, resync_id limit 1 for update skip locked`)
  )[0];

/** Changes the state of an active one. Undefined: there is none. */
export const setResyncState = async (
  tx: Tx,
  targetId: TargetId,
  state: 'running' | 'paused' | 'cancelled',
  now: Date,
) =>
  (
    await tx.query<ResyncRow>(sql`
      update resyncs set state = ${state}, rest_until = null, finished_at = ${state === 'cancelled' ? now : null}
      where target_id = ${targetId} and state in ('running', 'paused') returning ${columns}`)
  )[0];

/** Pointers of the backfill lane that are owed at a target; counting ends at `most`. */
export async function countBackfill(q: Queryable, { spaceId, targetId }: TargetPlace, most: number): Promise<number> {
  const [row] = await q.query<{ n: number }>(sql`
    select count(*) as n from (
      select 1 from changes where space_id = ${spaceId} and target_id = ${targetId} and lane = 1 order by seq limit ${most}) c`);
  return row?.n ?? 0;
}

/**
 * Writes pointers for the rows after the cursor, some people at a time, without a change of level (rule 7). Rows that are
 * owed anyway need none; rows that changed since the resync began were told by that change. No locks: a row that changes
 * meanwhile gets a newer seq, and the pointer written here joins nothing (rule 8).
 */
export async function queueChunk(
  tx: Tx,
  resync: ResyncRow,
  limit: number,
): Promise<{ origin: number; person: number; rows: number; queued: number } | undefined> {
  const at = sql`m.space_id = ${resync.space_id} and m.target_id = ${resync.target_id}
    and (m.origin_id, m.person_id) > (${resync.cursor_origin}::bigint, ${resync.cursor_person}::bigint)`;
  const [chunk] = await tx.query<{ origin: number; person: number; rows: number; queued: number }>(sql`
    with page as materialized (
      select m.origin_id, m.person_id from memberships m where ${at} order by m.origin_id, m.person_id limit ${limit}
    ), last as materialized (
      select origin_id, person_id from page order by origin_id desc, person_id desc limit 1
    ), repeated as materialized (
      select m.seq, m.origin_id, m.person_id from memberships m, last
      where ${at} and (m.origin_id, m.person_id) <= (last.origin_id, last.person_id) and m.seq <= ${resync.until_seq}
        and ${isRepeated(resync.removed_since)}
    ), pointed as (
      insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
      select distinct ${resync.space_id}::bigint, ${resync.target_id}::bigint, 1, r.seq, r.origin_id, r.person_id from repeated r
      where not exists (
        select 1 from changes c where c.space_id = ${resync.space_id} and c.target_id = ${resync.target_id} and c.lane in (0, 1)
          and c.seq = r.seq and c.origin_id = r.origin_id and c.person_id = r.person_id)
      order by 4, 5, 6
      on conflict do nothing
    )
    select last.origin_id as origin, last.person_id as person, (select count(*) from page) as rows,
      (select count(*) from repeated) as queued from last`);
  return chunk;
}

export const advanceResync = (
  tx: Tx,
  resync: ResyncRow,
  step: { origin: number; person: number; queued: number; finished: boolean; now: Date },
) =>
  tx.query(sql`
    update resyncs set cursor_origin = ${step.origin}, cursor_person = ${step.person}, queued = queued + ${step.queued},
      queued_at = ${step.finished ? step.now : null}, stepped_at = ${step.now}, failures = 0, rest_until = null
    where resync_id = ${resync.resync_id}`);

/** Rows of the resync that TikTok has not been told of again; counting ends at `most`. */
export async function countPending(q: Queryable, resync: ResyncRow, most: number): Promise<number> {
  const [row] = await q.query<{ n: number }>(sql`
    select count(*) as n from (
      select 1 from changes c
      cross join lateral (
        select 1 from memberships am where am.space_id = c.space_id and am.target_id = c.target_id and am.origin_id = c.origin_id
          and am.person_id = c.person_id and am.seq = c.seq offset 0
      ) m
      where c.space_id = ${resync.space_id} and c.target_id = ${resync.target_id} and c.lane = 1 and c.seq <= ${resync.until_seq}
      order by c.seq limit ${most}) p`);
  return row?.n ?? 0;
}

export const restResync = (tx: Tx, resync: ResyncRow, now: Date, until: Date) =>
  tx.query(
    sql`update resyncs set stepped_at = ${now}, failures = 0, rest_until = ${until} where resync_id = ${resync.resync_id}`,
  );

/** A step failed: the resync rests. */
export const postponeResync = (tx: Tx, resync: ResyncRow, now: Date) =>
  tx.query(sql`
    update resyncs set failures = failures + 1, stepped_at = ${now},
      rest_until = ${restUntil(now)}
    where resync_id = ${resync.resync_id}`);

export const saveBefore = (tx: Tx, resync: ResyncRow, view: object) =>
  tx.query(sql`update resyncs set before_view = ${JSON.stringify(view)}::jsonb where resync_id = ${resync.resync_id}`);

export const markDrained = (tx: Tx, resync: ResyncRow, now: Date) =>
  tx.query(sql`update resyncs set drained_at = ${now}, stepped_at = ${now} where resync_id = ${resync.resync_id}`);

export const finishResync = (
  tx: Tx,
  resync: ResyncRow,
  end: { state: 'done' | 'cancelled'; after: object | null; now: Date },
) =>
  tx.query(sql`
    update resyncs set state = ${end.state}, after_view = ${end.after === null ? null : JSON.stringify(end.after)}::jsonb,
      finished_at = ${end.now} where resync_id = ${resync.resync_id}`);

/** What is over is shown for a while. Says how many were forgotten. */
export async function sweepResyncs(tx: Tx, before: Date): Promise<number> {
  const rows = await tx.query(sql`
    delete from resyncs r where r.finished_at < ${before} and exists (
      select 1 from resyncs newer where newer.target_id = r.target_id and newer.resync_id > r.resync_id)
    returning 1`);
  return rows.length;
}
