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
  unwalked: number;
  owed: number;
  parked: number;
  skipped: number;
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
  const owed = counted.owed + counted.unwalked;
  const onTikTok = enabled ? members - owed - parked - counted.skipped : counted.held;
  const skipped = members - owed - parked - onTikTok;
  return { audienceId: place.audienceId, members, owed, parked, skipped, onTikTok, leaving, kept };
}

/** Members up to the walk's cursor have been walked; all of them, where no walk is under way. */
function countingOf({ spaceId, audienceId, destinationId }: Parameters<typeof countAudience>[1]): Sql {
  const fed = sql`t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'`;
  const memberHere = sql`a.space_id = ${spaceId} and a.audience_id = ${audienceId} and a.present`;
  const connection = sql`space_id = ${spaceId} and audience_id = ${audienceId} and destination_id = ${destinationId}`;
  return sql`
    with connected as (
      select exists (select 1 from audience_connections where ${connection} and enabled and deleted_at is null) as enabled
    ), walk as (
      select coalesce(min(cursor_person), 9223372036854775807) as cursor from walks where ${connection} and finished_at is null
    ), pointed as (
      select m.person_id, max(m.level) filter (where m.level < 2) as level
      from targets t
      join changes c on c.space_id = t.space_id and c.target_id = t.target_id and c.origin_id = ${audienceId}
      join memberships m on m.space_id = c.space_id and m.target_id = c.target_id and m.origin_id = c.origin_id
        and m.person_id = c.person_id and m.seq = c.seq
      where ${fed}
      group by m.person_id
    ), owed as materialized (
      select p.person_id from pointed p join audience_members a on a.person_id = p.person_id and ${memberHere} where p.level = 1
    ), refused as materialized (
      select distinct p.person_id from parked p
      join targets t on t.space_id = p.space_id and t.target_id = p.target_id and ${fed}
      join memberships m on m.space_id = p.space_id and m.target_id = p.target_id and m.origin_id = p.origin_id
        and m.person_id = p.person_id and m.variant = p.variant and m.seq = p.seq and m.level = 1
      join audience_members a on a.person_id = p.person_id and ${memberHere}
      where p.space_id = ${spaceId} and p.origin_id = ${audienceId} and p.person_id <= (select cursor from walk)
        and not exists (select 1 from owed o where o.person_id = p.person_id)
    )
    select (select enabled from connected) as enabled,
      (select count(*) from audience_members a where ${memberHere}) as members,
      (select count(*) from audience_members a where ${memberHere} and a.person_id > (select cursor from walk)
         and not exists (select 1 from owed o where o.person_id = a.person_id)) as unwalked,
      (select count(*) from owed) as owed,
      (select count(*) from refused) as parked,
      (select count(*) from skip_reasons s join audience_members a on a.person_id = s.person_id and ${memberHere}
         where s.space_id = ${spaceId} and s.destination_id = ${destinationId} and s.audience_id = ${audienceId}
           and s.person_id <= (select cursor from walk)
           and not exists (select 1 from owed o where o.person_id = s.person_id)) as skipped,
      (select count(*) from audience_members a where not (select enabled from connected) and ${memberHere}
         and a.person_id <= (select cursor from walk)
         and not exists (select 1 from owed o where o.person_id = a.person_id)
         and not exists (select 1 from refused r where r.person_id = a.person_id)
         and exists (select 1 from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
           where ${fed} and m.origin_id = ${audienceId} and m.person_id = a.person_id and m.level = 1)) as held,
      (select count(*) from pointed where level = 0) as leaving,
      (select count(distinct m.person_id) from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
         where ${fed} and m.origin_id = ${audienceId} and m.level = 2) as kept`;
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
