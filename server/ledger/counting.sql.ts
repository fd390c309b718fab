import sql, { type Sql } from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row } from '../db/port.ts';
import { must } from '../kernel/result.ts';

/** design.md 4.1, Counting: each present member is the first that applies; members = onTikTok + owed + parked + skipped. */
export interface AudienceCounts {
  readonly audienceId: AudienceId;
  readonly members: number;
  readonly onTikTok: number;
  readonly owed: number;
  readonly parked: number;
  readonly skipped: number;
  /** Beside it: people who left and of whom TikTok has not been told yet, and people kept without being members. */
  readonly leaving: number;
  readonly kept: number;
}

interface CountedRow extends Row {
  enabled: boolean;
  members: number;
  /** Members ahead of the walk's cursor, and those of them who are owed already. */
  ahead: number;
  owed_ahead: number;
  owed: number;
  parked: number;
  skipped: number;
  /** Of a disabled connection: walked members with a present row. */
  held: number;
  leaving: number;
  kept: number;
}

/**
 * One snapshot for one audience and destination. Owed and parked are read from their pointers and rows; who is on TikTok
 * is what remains. A disabled connection levels nobody, so nothing says why a new member has no row: there those who have
 * one are counted, and what remains is skipped.
 */
export async function countAudience(
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId; destinationId: DestinationId },
): Promise<AudienceCounts> {
  const [row] = await q.query<CountedRow>(countingOf(place));
  const counted = must(row, 'one row of counts');
  const { enabled, members, leaving, kept, parked } = counted;
  const owed = counted.owed + counted.ahead - counted.owed_ahead;
  const walkedOwed = counted.owed - counted.owed_ahead;
  const onTikTok = enabled ? members - owed - parked - counted.skipped : counted.held - walkedOwed - parked;
  const skipped = members - owed - parked - onTikTok;
  return { audienceId: place.audienceId, members, owed, parked, skipped, onTikTok, leaving, kept };
}

/**
 * Members up to the walk's cursor have been walked; all of them, where no walk is under way. What is known of a person is
 * brought together by grouping: anti-joins of these sets are quadratic where the planner takes them for small.
 */
function countingOf({ spaceId, audienceId, destinationId }: Parameters<typeof countAudience>[1]): Sql {
  const fed = sql`t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'`;
  const isMember = sql`a.space_id = ${spaceId} and a.audience_id = ${audienceId} and a.present`;
  const connection = sql`space_id = ${spaceId} and audience_id = ${audienceId} and destination_id = ${destinationId}`;
  return sql`
    with connected as (
      select exists (select 1 from audience_connections where ${connection} and enabled and deleted_at is null) as enabled
    ), walk as (
      select coalesce(min(cursor_person), 9223372036854775807) as cursor from walks where ${connection} and finished_at is null
    ), pointed as materialized (
      select m.person_id, max(m.level) filter (where m.level < 2) as level
      from targets t
      join changes c on c.space_id = t.space_id and c.target_id = t.target_id and c.origin_id = ${audienceId}
      join memberships m on m.space_id = c.space_id and m.target_id = c.target_id and m.origin_id = c.origin_id
        and m.person_id = c.person_id and m.seq = c.seq
      where ${fed}
      group by m.person_id
    ), marks as (
      select person_id, 1 as mark from pointed where level = 1
      union all
      select p.person_id, 2 from parked p
      join targets t on t.space_id = p.space_id and t.target_id = p.target_id and ${fed}
      join memberships m on m.space_id = p.space_id and m.target_id = p.target_id and m.origin_id = p.origin_id
        and m.person_id = p.person_id and m.variant = p.variant and m.seq = p.seq and m.level = 1
      where p.space_id = ${spaceId} and p.origin_id = ${audienceId}
      union all
      select s.person_id, 3 from skip_reasons s
      where s.space_id = ${spaceId} and s.destination_id = ${destinationId} and s.audience_id = ${audienceId}
    ), marked as (
      select person_id, min(mark) as mark from marks group by person_id
    ), people as (
      select count(*) filter (where k.mark = 1) as owed,
        count(*) filter (where k.mark = 1 and k.person_id > walk.cursor) as owed_ahead,
        count(*) filter (where k.mark = 2 and k.person_id <= walk.cursor) as parked,
        count(*) filter (where k.mark = 3 and k.person_id <= walk.cursor) as skipped
      from walk cross join marked k join audience_members a on a.person_id = k.person_id and ${isMember}
    )
    select connected.enabled, people.owed, people.owed_ahead, people.parked, people.skipped,
      (select count(*) from audience_members a where ${isMember}) as members,
      (select count(*) from audience_members a where ${isMember} and a.person_id > walk.cursor) as ahead,
      (select count(distinct m.person_id) from targets t
         join memberships m on m.space_id = t.space_id and m.target_id = t.target_id and m.origin_id = ${audienceId} and m.level = 1
         join audience_members a on a.person_id = m.person_id and ${isMember}
         where not connected.enabled and ${fed} and m.person_id <= walk.cursor) as held,
      (select count(*) from pointed where level = 0) as leaving,
      (select count(distinct m.person_id) from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
         where ${fed} and m.origin_id = ${audienceId} and m.level = 2) as kept
    from connected cross join walk cross join people`;
}

/** Why members are skipped, most frequent first. */
export const skipReasons = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId) =>
  q.query<{ audience_id: AudienceId; reason: string; count: number }>(sql`
    select s.audience_id, s.reason, count(*) as count from skip_reasons s
    join audience_members a on a.space_id = s.space_id and a.audience_id = s.audience_id and a.person_id = s.person_id and a.present
    where s.space_id = ${spaceId} and s.destination_id = ${destinationId} group by 1, 2 order by 3 desc, 1, 2 limit 200`);

/** Pointers and doubts that a destination still has, at all its targets: 0 and 0 is settled. */
export async function countOwed(
  q: Queryable,
  destinationId: DestinationId,
): Promise<{ pointers: number; doubts: number }> {
  const [row] = await q.query<{ pointers: number; doubts: number }>(sql`
    select
      (select count(*) from targets t join changes c on c.space_id = t.space_id and c.target_id = t.target_id
        where t.destination_id = ${destinationId} and t.state <> 'gone') as pointers,
      (select count(*) from targets t join doubts d on d.space_id = t.space_id and d.target_id = t.target_id
        where t.destination_id = ${destinationId} and t.state <> 'gone') as doubts`);
  return row ?? { pointers: 0, doubts: 0 };
}

/** The same for every destination that has anything, for metrics. */
export const countOwedByDestination = (q: Queryable) =>
  q.query<{ destination_id: DestinationId; pointers: number; doubts: number }>(sql`
    select t.destination_id,
      sum((select count(*) from changes c where c.space_id = t.space_id and c.target_id = t.target_id))::bigint as pointers,
      sum((select count(*) from doubts d where d.space_id = t.space_id and d.target_id = t.target_id))::bigint as doubts
    from targets t where t.state <> 'gone' group by 1 order by 1`);
