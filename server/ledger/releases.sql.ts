import sql, { type Sql } from 'sql-template-tag';
import type { DestinationId, MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';
import type { PendingRelease, Released } from './released.ts';
import { restUntil } from './rest.sql.ts';
import type { OriginId } from './rows.ts';

export interface ReleaseRow extends Row {
  space_id: SpaceId;
  release_id: number;
  destination_id: DestinationId;
  mapping_id: MappingId | null;
  origin_id: OriginId | null;
  target_id: TargetId | null;
  only_kept: boolean;
  people: Released['people'];
  before_seq: number;
  cursor_target: TargetId;
  cursor_origin: OriginId;
  cursor_person: number;
}

const columns = sql`space_id, release_id, destination_id, mapping_id, origin_id, target_id, only_kept, people, before_seq,
  cursor_target, cursor_origin, cursor_person`;

/** Whether a row `m` of a destination is one that a release `r` has yet to decide; released.ts says the same. */
const decides = sql`r.space_id = m.space_id and m.seq < r.before_seq
  and (r.mapping_id is null or r.mapping_id = m.mapping_id) and (r.origin_id is null or r.origin_id = m.origin_id)
  and (r.target_id is null or r.target_id = m.target_id)
  and (m.level = 2 and r.people = 'remove' or m.level = 1 and not r.only_kept)`;

/** Whether a row `m` of this destination is still to be released. */
export const isReleasing = (destinationId: DestinationId | Sql): Sql =>
  sql`exists (select 1 from releases r where r.destination_id = ${destinationId} and ${decides})`;

/** Nothing is begun where nothing is there to be released, now or by releases that are under way. Gives whether it was begun. */
export async function insertRelease(tx: Tx, spaceId: SpaceId, what: Released, now: Date): Promise<boolean> {
  const { destinationId, people, mappingId = null, originId = null, targetId = null, onlyKept = false } = what;
  const levels = onlyKept ? [2] : people === 'keep' ? [1] : [1, 2];
  const begun = await tx.query(sql`
    insert into releases (space_id, destination_id, mapping_id, origin_id, target_id, only_kept, people, before_seq, started_at)
    select ${spaceId}::bigint, ${destinationId}::bigint, ${mappingId}::bigint, ${originId}::bigint, ${targetId}::bigint,
      ${onlyKept}::boolean, ${people}::text, nextval('change_seq'), ${now}::timestamptz
    where exists (select 1 from releases r where r.destination_id = ${destinationId})
      or exists (
        select 1 from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
        where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and m.level = any(${levels}::smallint[])
          and (${mappingId}::bigint is null or m.mapping_id = ${mappingId})
          and (${originId}::bigint is null or m.origin_id = ${originId})
          and (${targetId}::bigint is null or m.target_id = ${targetId}))
    returning 1`);
  return begun.length > 0;
}

/** What is still being released of these spaces, in the order in which it was asked for. */
export async function selectPending(q: Queryable, spaceIds: readonly SpaceId[]): Promise<PendingRelease[]> {
  const rows = await q.query<ReleaseRow>(sql`
    select ${columns} from releases where space_id = any(${spaceIds}::bigint[]) order by release_id`);
  return rows.map((row) => ({
    destinationId: row.destination_id,
    mappingId: row.mapping_id ?? undefined,
    originId: row.origin_id ?? undefined,
    targetId: row.target_id ?? undefined,
    onlyKept: row.only_kept,
    people: row.people,
    beforeSeq: row.before_seq,
  }));
}

/**
 * The release that has waited longest, of those that no other node is busy with. Those of one destination come one after the
 * other: a later one may be about rows that an earlier one keeps.
 */
export const claimRelease = async (tx: Tx, now: Date) =>
  (
    await tx.query<ReleaseRow>(sql`
      select ${columns} from releases r where (retry_at is null or retry_at <= ${now})
        and not exists (select 1 from releases o where o.destination_id = r.destination_id and o.release_id < r.release_id)
      order by stepped_at nulls first, release_id
      limit 1 for update skip locked`)
  )[0];

/** Targets of the release that its cursor has not passed. */
export const targetsAhead = (q: Queryable, { destination_id, target_id, cursor_target }: ReleaseRow) =>
  q.query<{ target_id: TargetId }>(sql`
    select target_id from targets
    where destination_id = ${destination_id} and target_id >= ${cursor_target}
      and (${target_id}::bigint is null or target_id = ${target_id})
    order by target_id`);

export interface ReleasePlace extends Row {
  target_id: TargetId;
  origin_id: OriginId;
  person_id: PersonId;
}

/** Rows of one target that are to be released, in the order of the primary key. */
export const selectAhead = (q: Queryable, release: ReleaseRow, targetId: TargetId, limit: number) => {
  const begun = targetId === release.cursor_target;
  return q.query<ReleasePlace>(sql`
    select m.target_id, m.origin_id, m.person_id from memberships m, releases r
    where r.release_id = ${release.release_id} and m.space_id = ${release.space_id} and m.target_id = ${targetId}
      and (m.origin_id, m.person_id) > (${begun ? release.cursor_origin : -1}, ${begun ? release.cursor_person : 0})
      and (${release.origin_id}::bigint is null or m.origin_id = ${release.origin_id}) and ${decides}
    order by m.origin_id, m.person_id, m.variant limit ${limit}`);
};

export const advanceRelease = (tx: Tx, { release_id }: ReleaseRow, to: ReleasePlace, now: Date) =>
  tx.query(sql`
    update releases set cursor_target = ${to.target_id}, cursor_origin = ${to.origin_id}, cursor_person = ${to.person_id},
      stepped_at = ${now}, failures = 0, retry_at = null
    where release_id = ${release_id}`);

export const deleteRelease = (tx: Tx, { release_id }: ReleaseRow) =>
  tx.query(sql`delete from releases where release_id = ${release_id}`);

/** A chunk failed: the release rests. */
export const postponeRelease = (tx: Tx, { release_id }: ReleaseRow, now: Date) =>
  tx.query(sql`
    update releases set failures = failures + 1, stepped_at = ${now},
      retry_at = ${restUntil(now)}
    where release_id = ${release_id}`);
