import sql, { join, type Sql } from 'sql-template-tag';
import type { DestinationId, MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';
import { anyAt, hasAny, targetCalled } from './any-at.sql.ts';
import type { Hashes, Lane, Level, Pointer } from './rows.ts';
import { unmoved } from './siblings.sql.ts';

/** A pointer with a row whose last change it is. `row` null: a newer pointer exists, or the row is gone (rule 8). */
export interface Owed {
  readonly pointer: Pointer;
  readonly row: {
    readonly variant: Buffer;
    readonly level: Level;
    readonly mappingId: MappingId;
    readonly hashes: Hashes;
  } | null;
}

interface OwedRow extends Row {
  lane: Lane;
  seq: number;
  origin_id: number;
  person_id: PersonId;
  variant: Buffer | null;
  level: Level;
  mapping_id: MappingId;
  email: Buffer | null;
  phone: Buffer | null;
  idfa: Buffer | null;
  aaid: Buffer | null;
}

/** Whether TikTok refused a membership as it stands. */
const isParked = (m: Sql) => sql`exists (
  select 1 from parked p where p.space_id = ${m}.space_id and p.target_id = ${m}.target_id and p.origin_id = ${m}.origin_id
    and p.person_id = ${m}.person_id and p.variant = ${m}.variant and p.seq = ${m}.seq)`;

/**
 * As a `case` the planner does not weigh each number (`<> all` of 2,000: 3 ms), and still hashes them; rows of `unnest` would be made
 * one by one (1,000: 2 ms, three times a call).
 */
const isNoneOf = (seq: Sql, seqs: readonly number[]) =>
  sql`case when ${seq} = any(${seqs}::bigint[]) then false else true end`;

/**
 * The oldest pointers of a target, live before backfill, with the level that stands now (rule 8). `except` are the
 * seqs in flight. What TikTok refused alone waits for a retry by hand, whatever repeats its pointer (I7). `offset 0` keeps
 * the planner on the memberships' primary key (design.md 4.2).
 */
export async function readOwed(
  q: Queryable,
  target: { spaceId: SpaceId; targetId: TargetId },
  limit: number,
  except: readonly number[],
): Promise<Owed[]> {
  const rows = await q.query<OwedRow>(sql`
    select c.lane, c.seq, c.origin_id, c.person_id, m.variant, m.level, m.mapping_id, m.email, m.phone, m.idfa, m.aaid
    from (
      select space_id, target_id, lane, seq, origin_id, person_id from changes
      where space_id = ${target.spaceId} and target_id = ${target.targetId} and ${isNoneOf(sql`seq`, except)}
      order by lane, seq limit ${limit}
    ) c
    left join lateral (
      select am.variant, am.level, am.mapping_id, am.email, am.phone, am.idfa, am.aaid from memberships am
      where am.space_id = c.space_id and am.target_id = c.target_id and am.origin_id = c.origin_id
        and am.person_id = c.person_id and am.seq = c.seq and not ${isParked(sql`am`)} offset 0
    ) m on true
    order by c.lane, c.seq, c.origin_id, c.person_id, m.variant`);
  return rows.map((row) => ({
    pointer: {
      spaceId: target.spaceId,
      targetId: target.targetId,
      lane: row.lane,
      seq: row.seq,
      originId: row.origin_id,
      personId: row.person_id,
    },
    row:
      row.variant === null
        ? null
        : {
            variant: row.variant,
            level: row.level,
            mappingId: row.mapping_id,
            hashes: [row.email, row.phone, row.idfa, row.aaid],
          },
  }));
}

/**
 * Which destinations have anything to do: pointers or due doubts at a target, one to resolve or to look at, or one whose
 * rows belong to another (siblings.ts). An audience that nobody is owed to is not looked for, unless it is to be made.
 */
export async function destinationsWithWork(
  q: Queryable,
  now: Date,
  before: { blocked: Date; unseen: Date },
): Promise<DestinationId[]> {
  const ofT = targetCalled('t');
  const rows = await q.query<{ destination_id: DestinationId }>(sql`
    select distinct t.destination_id from targets t
    where (t.state = 'unresolved' and t.create_once) or (t.state = 'blocked' and t.updated_at < ${before.blocked} and not exists (
        select 1 from targets f where f.advertiser_id = t.advertiser_id and f.tiktok_id = t.tiktok_id
          and f.destination_id = t.destination_id and f.state not in ('gone', 'blocked')))
      or (t.state in ('ready', 'leaving') and t.looked_at < ${before.unseen})
      or (t.state in ('unresolved', 'ready', 'leaving') and ${anyAt('changes', ofT)})
      or (t.state in ('ready', 'leaving') and ${anyAt('doubts', ofT, sql`and m.not_before <= ${now}`)})
    union ${unmoved}
    order by destination_id`);
  return rows.map((row) => row.destination_id);
}

/**
 * A pointer never changes, so it stays where it was found: by `ctid` (and `offset 0`) the planner does not read all that is owed
 * to delete the pointers of one call (of 38,000 for 3,100: 81 ms of 101).
 */
export async function deletePointers(tx: Tx, pointers: readonly Pointer[]): Promise<void> {
  if (pointers.length === 0) return;
  const column = <V>(pick: (p: Pointer) => V): V[] => pointers.map(pick);
  await tx.query(sql`
    delete from changes where ctid = any(array(
      select found.ctid
      from unnest(${column((p) => p.spaceId)}::bigint[], ${column((p) => p.targetId)}::bigint[], ${column((p) => p.lane)}::smallint[],
        ${column((p) => p.seq)}::bigint[], ${column((p) => p.originId)}::bigint[], ${column((p) => p.personId)}::bigint[])
        as p (space_id, target_id, lane, seq, origin_id, person_id)
      cross join lateral (
        select c.ctid from changes c
        where c.space_id = p.space_id and c.target_id = p.target_id and c.lane = p.lane and c.seq = p.seq
          and c.origin_id = p.origin_id and c.person_id = p.person_id offset 0
      ) found))`);
}

/**
 * Absent rows that TikTok was told of start their thirty days (rule 7). Locked in the order in which upsertRows changes them; while it
 * keeps its seq an absent row does not change, so it is found again by its place.
 * `offset 0` keeps the planner on an index: while its figures know nobody who has left it takes `level = 0` for one row,
 * and reads the whole table for each pointer (12,000 rows: 5 s and more, a statement timeout, and never settled).
 */
export async function markSettled(tx: Tx, pointers: readonly Pointer[], now: Date): Promise<void> {
  if (pointers.length === 0) return;
  const column = <V>(pick: (p: Pointer) => V): V[] => pointers.map(pick);
  await tx.query(sql`
    with told as materialized (
      select m.ctid as place
      from (
        select * from unnest(${column((p) => p.spaceId)}::bigint[], ${column((p) => p.targetId)}::bigint[],
          ${column((p) => p.seq)}::bigint[], ${column((p) => p.originId)}::bigint[], ${column((p) => p.personId)}::bigint[])
          as u (space_id, target_id, seq, origin_id, person_id)
        order by space_id, target_id, origin_id, person_id
      ) p cross join lateral (
        select am.ctid from memberships am
        where am.space_id = p.space_id and am.target_id = p.target_id and am.origin_id = p.origin_id
          and am.person_id = p.person_id and am.seq = p.seq and am.level = 0
        order by am.variant for no key update offset 0
      ) m
    )
    update memberships set settled_at = ${now} where ctid = any(array(select place from told))`);
}

export interface TargetHash {
  readonly targetId: TargetId;
  /** 0 e-mail, 1 phone, 2 idfa, 3 aaid. */
  readonly type: number;
  readonly hash: Buffer;
}

/** Of a membership that a statement calls `am`, in the order of `Hashes`. */
export const hashColumns = [sql`am.email`, sql`am.phone`, sql`am.idfa`, sql`am.aaid`];

/**
 * Rule 10: which of these hashes anybody holds at their target now (present, and not parked). Gives their positions.
 * A statement a type, so that each uses its hash index; `offset 0` keeps the planner on it, as in markSettled.
 */
export async function heldHashes(
  q: Queryable,
  spaceId: SpaceId,
  hashes: readonly TargetHash[],
  by: 'present' | 'present or kept' = 'present',
): Promise<Set<number>> {
  const parts = hashColumns.flatMap((column, type) => {
    const wanted = hashes.map((h, i) => ({ ...h, i })).filter((h) => h.type === type);
    if (wanted.length === 0) return [];
    return [
      sql`
      select k.i from unnest(${wanted.map((h) => h.i)}::int[], ${wanted.map((h) => h.targetId)}::bigint[],
        ${wanted.map((h) => h.hash)}::bytea[]) as k (i, target_id, hash)
      where exists (
        select 1 from (select * from memberships am where ${column} = k.hash offset 0) m
        where m.space_id = ${spaceId} and m.target_id = k.target_id and m.level = any(${by === 'present' ? [1] : [1, 2]}::smallint[])
          and not ${isParked(sql`m`)})`,
    ];
  });
  if (parts.length === 0) return new Set();
  const rows = await q.query<{ i: number }>(join(parts, ' union all '));
  return new Set(rows.map((row) => row.i));
}

// Doubts (rule 11) -------------------------------------------------------------------------------------------------------

export async function addDoubts(
  tx: Tx,
  spaceId: SpaceId,
  hashes: readonly TargetHash[],
  notBefore: Date,
): Promise<void> {
  if (hashes.length === 0) return;
  await tx.query(sql`
    insert into doubts (space_id, target_id, type, hash, not_before)
    select distinct ${spaceId}::bigint, k.target_id, k.type, k.hash, ${notBefore}::timestamptz
    from unnest(${hashes.map((h) => h.targetId)}::bigint[], ${hashes.map((h) => h.type)}::smallint[],
      ${hashes.map((h) => h.hash)}::bytea[]) as k (target_id, type, hash)
    order by 2, 3, 4
    on conflict (space_id, target_id, type, hash) do update set not_before = greatest(doubts.not_before, excluded.not_before)`);
}

export type Doubt = TargetHash & { readonly notBefore: Date };

export async function dueDoubts(
  q: Queryable,
  target: { spaceId: SpaceId; targetId: TargetId },
  now: Date,
  limit: number,
): Promise<Doubt[]> {
  const rows = await q.query<{ target_id: TargetId; type: number; hash: Buffer; not_before: Date }>(sql`
    select target_id, type, hash, not_before from doubts
    where space_id = ${target.spaceId} and target_id = ${target.targetId} and not_before <= ${now}
    order by type, hash limit ${limit}`);
  return rows.map((row) => ({ targetId: row.target_id, type: row.type, hash: row.hash, notBefore: row.not_before }));
}

/** Sets the time of doubts that still have the time that was read. Gives how many. */
export async function moveDoubts(tx: Tx, spaceId: SpaceId, doubts: readonly Doubt[], notBefore: Date): Promise<number> {
  const rows = await tx.query(sql`
    update doubts d set not_before = ${notBefore}
    from unnest(${doubts.map((h) => h.targetId)}::bigint[], ${doubts.map((h) => h.type)}::smallint[],
      ${doubts.map((h) => h.hash)}::bytea[], ${doubts.map((h) => h.notBefore)}::timestamptz[]) as k (target_id, type, hash, not_before)
    where d.space_id = ${spaceId} and d.target_id = k.target_id and d.type = k.type and d.hash = k.hash and d.not_before = k.not_before
    returning 1`);
  return rows.length;
}

/** Removes doubts, each only if it is still the one read: a newer unknown outcome has moved its time. */
export async function removeDoubts(tx: Tx, spaceId: SpaceId, doubts: readonly Doubt[]): Promise<void> {
  await tx.query(sql`
    delete from doubts d
    using unnest(${doubts.map((h) => h.targetId)}::bigint[], ${doubts.map((h) => h.type)}::smallint[],
      ${doubts.map((h) => h.hash)}::bytea[], ${doubts.map((h) => h.notBefore)}::timestamptz[]) as k (target_id, type, hash, not_before)
    where d.space_id = ${spaceId} and d.target_id = k.target_id and d.type = k.type and d.hash = k.hash and d.not_before = k.not_before`);
}

/**
 * Whether any of these targets has a pointer that is not in flight, and the destination may send it: switched on (or
 * deleted with removals left) and not paused, as it stands now.
 */
export async function anyOwed(
  q: Queryable,
  destinationId: DestinationId,
  targets: readonly TargetId[],
  except: readonly number[],
): Promise<boolean> {
  const rows = await q.query(sql`
    select 1 from destinations d, unnest(${targets}::bigint[]) as t (target_id)
    where d.destination_id = ${destinationId} and (d.enabled or d.deleted_at is not null) and d.paused_reason is null
      and ${anyAt('changes', { spaceId: sql`d.space_id`, id: sql`t.target_id` }, sql`and ${isNoneOf(sql`m.seq`, except)}`)}
    limit 1`);
  return rows.length > 0;
}

/** Whether anything at all is owed to a target. */
export async function owesAnything(q: Queryable, target: { spaceId: SpaceId; id: TargetId }): Promise<boolean> {
  return hasAny(q, 'changes', target);
}

/** Whether a destination has anything left to tell: owed or in doubt at one of its targets, or still to be released. */
export async function destinationOwes(q: Queryable, destinationId: DestinationId): Promise<boolean> {
  const ofT = targetCalled('t');
  const rows = await q.query(sql`
    select 1 from targets t
    where t.destination_id = ${destinationId} and t.state <> 'gone' and (${anyAt('changes', ofT)} or ${anyAt('doubts', ofT)})
    union all select 1 from releases where destination_id = ${destinationId}
    limit 1`);
  return rows.length > 0;
}

/** Whether anybody is to be there: without one no audience has to be made. */
export async function holdsAnybody(q: Queryable, target: { spaceId: SpaceId; id: TargetId }): Promise<boolean> {
  return hasAny(q, 'memberships', target, sql`and m.level = 1`);
}

/** Whether Usher made any of these audiences after `since`. */
export async function anyYoung(q: Queryable, targets: readonly TargetId[], since: Date): Promise<boolean> {
  const rows = await q.query(sql`
    select 1 from targets where target_id = any(${targets}::bigint[]) and made_by_us_at > ${since} limit 1`);
  return rows.length > 0;
}
