import sql, { join, raw } from 'sql-template-tag';
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import { hashColumns } from './owed.sql.ts';
import type { Released } from './released.ts';
import type { LedgerRow } from './rows.ts';

/** People who have something to release, in the order of their ids. */
export async function selectPeopleToRelease(
  q: Queryable,
  spaceId: SpaceId,
  what: Released,
  page: { after: number; limit: number },
): Promise<PersonId[]> {
  const { destinationId, mappingId = null, originId = null, targetId = null } = what;
  const rows = await q.query<{ person_id: PersonId }>(sql`
    select distinct m.person_id from memberships m
    join targets t on t.target_id = m.target_id and t.destination_id = ${destinationId} and t.state <> 'gone'
    where m.space_id = ${spaceId} and m.person_id > ${page.after} and m.level = any(${what.onlyKept ? [2] : [1, 2]}::smallint[])
      and (${mappingId}::bigint is null or m.mapping_id = ${mappingId})
      and (${originId}::bigint is null or m.origin_id = ${originId})
      and (${targetId}::bigint is null or m.target_id = ${targetId})
    order by m.person_id limit ${page.limit}`);
  return rows.map((row) => row.person_id);
}

/** Of a row by its name in a statement: a parked one holds nothing (rule 10). */
export const notParked = (name: 'm' | 'h') => {
  const row = raw(name);
  return sql`not exists (
    select 1 from parked p where p.space_id = ${row}.space_id and p.target_id = ${row}.target_id and p.origin_id = ${row}.origin_id
      and p.person_id = ${row}.person_id and p.variant = ${row}.variant and p.seq = ${row}.seq)`;
};

export interface AskedHash {
  readonly targetId: TargetId;
  readonly type: number;
  readonly hash: Buffer;
}

/**
 * How many rows hold each of these hashes now, in their order (rule 10, as heldHashes asks it at sending). `offset 0` keeps
 * the planner on the hash's index: before statistics are there it would rather read the whole target for each.
 */
export async function countHolders(q: Queryable, spaceId: SpaceId, asked: readonly AskedHash[]): Promise<number[]> {
  const counts = asked.map(() => 0);
  const parts = hashColumns.flatMap((column, type) => {
    const wanted = asked.map((one, i) => ({ ...one, i })).filter((one) => one.type === type);
    if (wanted.length === 0) return [];
    return [
      sql`
      select k.i, (select count(*) from (select * from memberships am where ${column} = k.hash offset 0) m
        where m.space_id = ${spaceId} and m.target_id = k.target_id and m.level = 1 and ${notParked('m')}) as n
      from unnest(${wanted.map((h) => h.i)}::int[], ${wanted.map((h) => h.targetId)}::bigint[],
        ${wanted.map((h) => h.hash)}::bytea[]) as k (i, target_id, hash)`,
    ];
  });
  if (parts.length === 0) return counts;
  for (const row of await q.query<{ i: number; n: number }>(join(parts, ' union all '))) counts[row.i] = row.n;
  return counts;
}

/** Which of these rows are parked: those hold nothing. Gives their positions. */
export async function selectParkedAmong(q: Queryable, rows: readonly LedgerRow[]): Promise<Set<number>> {
  if (rows.length === 0) return new Set();
  const column = <V>(pick: (row: LedgerRow) => V): V[] => rows.map(pick);
  const found = await q.query<{ position: number }>(sql`
    select k.position from unnest(${column((r) => r.spaceId)}::bigint[], ${column((r) => r.targetId)}::bigint[],
      ${column((r) => r.originId)}::bigint[], ${column((r) => r.personId)}::bigint[],
      ${column((r) => Buffer.from(r.variant, 'hex'))}::bytea[], ${column((r) => r.seq)}::bigint[])
      with ordinality as k (space_id, target_id, origin_id, person_id, variant, seq, position)
    join parked p on p.space_id = k.space_id and p.target_id = k.target_id and p.origin_id = k.origin_id
      and p.person_id = k.person_id and p.variant = k.variant and p.seq = k.seq`);
  return new Set(found.map(({ position }) => position - 1));
}

/** The targets of a destination by the names people know. */
export const selectTargetNames = (q: Queryable, destinationId: DestinationId) =>
  q.query<{ target_id: TargetId; advertiser_id: string; name: string }>(sql`
    select target_id, advertiser_id, coalesce(named, tiktok_id) as name from targets where destination_id = ${destinationId}`);

/** People who are at a target, kept ones too. */
export async function countPeopleAt(q: Queryable, spaceId: SpaceId, targetId: TargetId): Promise<number> {
  const [row] = await q.query<{ n: number }>(sql`
    select count(distinct person_id) as n from memberships
    where space_id = ${spaceId} and target_id = ${targetId} and level in (1, 2)`);
  return row?.n ?? 0;
}

/** The targets of a destination at which more than so many rows stand. */
export const targetsBeyond = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId, rows: number) =>
  q.query<{ target_id: TargetId }>(sql`
    select t.target_id from targets t
    where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone' and exists (
      select 1 from memberships m where m.space_id = t.space_id and m.target_id = t.target_id and m.level in (1, 2)
      offset ${rows} limit 1)`);

/** Targets where a mapping, or an origin, holds anybody: those that an edit of it may leave (rule 12). */
export async function selectHeldTargets(
  q: Queryable,
  of: { spaceId: SpaceId; destinationId: DestinationId; mappingId?: number | undefined; originId?: number | undefined },
): Promise<TargetId[]> {
  const { mappingId = null, originId = null } = of;
  const rows = await q.query<{ target_id: TargetId }>(sql`
    select t.target_id from targets t
    where t.space_id = ${of.spaceId} and t.destination_id = ${of.destinationId} and t.state <> 'gone' and exists (
      select 1 from memberships m where m.space_id = t.space_id and m.target_id = t.target_id and m.level = 1
        and (${mappingId}::bigint is null or m.mapping_id = ${mappingId})
        and (${originId}::bigint is null or m.origin_id = ${originId}))
    order by t.target_id`);
  return rows.map((row) => row.target_id);
}
