import sql, { type Sql } from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row } from '../db/port.ts';
import { must } from '../kernel/result.ts';
import { releasingAt } from './leaving.sql.ts';

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
  audience_id: AudienceId;
  members: number;
  /** Members ahead of the walk's cursor: not walked yet. */
  ahead: number;
  /** Walked members with a pointer, and those refused. */
  owed: number;
  parked: number;
  /** Reasons, and those of people ahead of the cursor. */
  reasons: number;
  reasons_ahead: number;
  leaving: number;
  kept: number;
}

interface CountedPlaces {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly audienceIds: readonly AudienceId[];
}

/**
 * The numbers of audiences at one destination, in their order, of one snapshot. Members, reasons and kept people are
 * maintained by whoever changes them; owed and parked are read from their pointers and rows; who is on TikTok is what
 * remains. So the cost grows with what is owed and parked, and audit.ts counts in full at night.
 */
export async function countAudiences(q: Queryable, places: CountedPlaces): Promise<AudienceCounts[]> {
  if (places.audienceIds.length === 0) return [];
  const rows = await q.query<CountedRow>(countingOf(places));
  return rows.map(({ audience_id: audienceId, members, ahead, parked, leaving, kept, ...row }) => {
    const owed = row.owed + ahead;
    const skipped = row.reasons - row.reasons_ahead;
    return { audienceId, members, owed, parked, skipped, onTikTok: members - owed - parked - skipped, leaving, kept };
  });
}

export async function countAudience(
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId; destinationId: DestinationId },
): Promise<AudienceCounts> {
  const [counted] = await countAudiences(q, { ...place, audienceIds: [place.audienceId] });
  return must(counted, 'a row for each audience');
}

/** What stands of a pointer `c`: its level counts as owed or as leaving. */
export const pointedRow = sql`(
        select am.level from memberships am
        where am.space_id = c.space_id and am.target_id = c.target_id and am.origin_id = c.origin_id
          and am.person_id = c.person_id and am.seq = c.seq offset 0
      )`;

/** Of somebody parked `p`: the row that was refused, as it still stands. */
export const refusedRow = sql`(
        select 1 from memberships am
        where am.space_id = p.space_id and am.target_id = p.target_id and am.origin_id = p.origin_id
          and am.person_id = p.person_id and am.variant = p.variant and am.seq = p.seq and am.level = 1 offset 0
      )`;

/**
 * Members up to the walk's cursor have been walked; all of them, where no walk is `going`. What is known of a person is
 * brought together by grouping: anti-joins of these sets are quadratic where the planner takes them for small. `offset 0`
 * keeps it on the primary keys (design.md 4.2), so that no statistics make it read everybody.
 */
function countingOf({ spaceId, destinationId, audienceIds }: CountedPlaces): Sql {
  const fed = sql`t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'`;
  const asked = sql`any(${audienceIds}::bigint[])`;
  return sql`
    with walk as materialized (
      select a.audience_id, a.n, coalesce(w.cursor_person, 9223372036854775807) as cursor,
        w.cursor_person is not null as going
      from unnest(${audienceIds}::bigint[]) with ordinality as a (audience_id, n)
      left join walks w on w.space_id = ${spaceId} and w.destination_id = ${destinationId} and w.audience_id = a.audience_id
        and w.finished_at is null
    ), pointed as materialized (
      select c.origin_id, c.person_id, max(m.level) filter (where m.level < 2) as level
      from targets t
      join changes c on c.space_id = t.space_id and c.target_id = t.target_id and c.origin_id = ${asked}
      cross join lateral ${pointedRow} m
      where ${fed}
      group by c.origin_id, c.person_id
    ), marks as (
      select origin_id, person_id, 1 as mark from pointed where level = 1
      union all
      select p.origin_id, p.person_id, 2 from targets t
      join parked p on p.space_id = t.space_id and p.target_id = t.target_id and p.origin_id = ${asked}
      cross join lateral ${refusedRow} m
      where ${fed}
    ), marked as materialized (
      select origin_id, person_id, min(mark) as mark from marks group by origin_id, person_id
    ), people as (
      select k.origin_id, count(*) filter (where k.mark = 1) as owed, count(*) filter (where k.mark = 2) as parked
      from marked k
      join walk on walk.audience_id = k.origin_id and k.person_id <= walk.cursor
      cross join lateral (
        select 1 from audience_members a
        where a.space_id = ${spaceId} and a.audience_id = k.origin_id and a.person_id = k.person_id and a.present offset 0
      ) a
      group by k.origin_id
    ), leaving as (
      select origin_id, count(*) as people from pointed where level = 0 group by origin_id
    ), sizes as (
      select audience_id, sum(members)::bigint as members from audience_sizes
      where space_id = ${spaceId} and audience_id = ${asked} group by audience_id
    ), tallies as (
      select audience_id, sum(skipped)::bigint as skipped, sum(kept)::bigint as kept from ledger_counts
      where space_id = ${spaceId} and destination_id = ${destinationId} and audience_id = ${asked} group by audience_id
    )
    select walk.audience_id, coalesce(sizes.members, 0) as members, coalesce(people.owed, 0) as owed,
      coalesce(people.parked, 0) as parked, coalesce(tallies.skipped, 0) as reasons, coalesce(tallies.kept, 0) as kept,
      coalesce(leaving.people, 0) as leaving,
      case when walk.going then (select count(*) from audience_members a where a.space_id = ${spaceId} and a.audience_id = walk.audience_id
         and a.person_id > walk.cursor and a.present) else 0 end as ahead,
      case when walk.going then (select count(*) from skip_reasons s where s.space_id = ${spaceId} and s.destination_id = ${destinationId}
         and s.audience_id = walk.audience_id and s.person_id > walk.cursor) else 0 end as reasons_ahead
    from walk
    left join people on people.origin_id = walk.audience_id
    left join leaving on leaving.origin_id = walk.audience_id
    left join sizes on sizes.audience_id = walk.audience_id
    left join tallies on tallies.audience_id = walk.audience_id
    order by walk.n`;
}

/** Why members are skipped, most frequent first. */
export const skipReasons = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId) =>
  q.query<{ audience_id: AudienceId; reason: string; count: number }>(sql`
    select s.audience_id, s.reason, count(*) as count from skip_reasons s
    join audience_members a on a.space_id = s.space_id and a.audience_id = s.audience_id and a.person_id = s.person_id and a.present
    where s.space_id = ${spaceId} and s.destination_id = ${destinationId} group by 1, 2 order by 3 desc, 1, 2 limit 200`);

/** Pointers, with rows that are still to be released, and doubts that a destination has, at all its targets: 0 and 0 is settled. */
export async function countOwed(
  q: Queryable,
  destinationId: DestinationId,
): Promise<{ pointers: number; doubts: number }> {
  const [row] = await q.query<{ pointers: number; doubts: number }>(sql`
    select
      (select count(*) from targets t join changes c on c.space_id = t.space_id and c.target_id = t.target_id
        where t.destination_id = ${destinationId} and t.state <> 'gone')
        + (select coalesce(sum(${releasingAt(destinationId)}), 0)::bigint from targets t where t.destination_id = ${destinationId}) as pointers,
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
