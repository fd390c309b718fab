import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';

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

/**
 * One snapshot for one audience and destination. Owed and parked are read from their pointers and rows; who is on TikTok
 * is what remains.
 */
export async function countAudience(
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId; destinationId: DestinationId },
): Promise<AudienceCounts> {
  const { spaceId, audienceId, destinationId } = place;
  const [row] = await q.query<{
    members: number;
    unwalked: number;
    owed: number;
    parked: number;
    skipped: number;
    leaving: number;
    kept: number;
  }>(sql`
    with walk as (
      select cursor_person from walks
      where space_id = ${spaceId} and audience_id = ${audienceId} and destination_id = ${destinationId} and finished_at is null
    ), pointed as (
      select m.person_id, max(m.level) filter (where m.level < 2) as level
      from targets t
      join changes c on c.space_id = t.space_id and c.target_id = t.target_id and c.origin_id = ${audienceId}
      join memberships m on m.space_id = c.space_id and m.target_id = c.target_id and m.origin_id = c.origin_id
        and m.person_id = c.person_id and m.seq = c.seq
      where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'
      group by m.person_id
    ), owed as (
      select person_id from pointed where level = 1
    ), refused as (
      select distinct p.person_id from parked p
      join targets t on t.space_id = p.space_id and t.target_id = p.target_id and t.destination_id = ${destinationId} and t.state <> 'gone'
      join memberships m on m.space_id = p.space_id and m.target_id = p.target_id and m.origin_id = p.origin_id
        and m.person_id = p.person_id and m.variant = p.variant and m.seq = p.seq and m.level = 1
      where p.space_id = ${spaceId} and p.origin_id = ${audienceId} and p.person_id not in (select person_id from owed)
    ), unwalked as (
      select a.person_id from audience_members a, walk
      where a.space_id = ${spaceId} and a.audience_id = ${audienceId} and a.person_id > walk.cursor_person and a.present
        and a.person_id not in (select person_id from owed)
    )
    select
      (select count(*) from audience_members where space_id = ${spaceId} and audience_id = ${audienceId} and present) as members,
      (select count(*) from unwalked) as unwalked,
      (select count(*) from owed) as owed,
      (select count(*) from refused where person_id not in (select person_id from unwalked)) as parked,
      (select count(*) from skip_reasons s where s.space_id = ${spaceId} and s.destination_id = ${destinationId}
         and s.audience_id = ${audienceId} and s.person_id not in (select person_id from unwalked)
         and s.person_id not in (select person_id from owed)) as skipped,
      (select count(*) from pointed where level = 0) as leaving,
      (select count(distinct m.person_id) from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
         where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'
           and m.origin_id = ${audienceId} and m.level = 2) as kept`);
  const { members = 0, unwalked = 0, owed = 0, parked = 0, skipped = 0, leaving = 0, kept = 0 } = row ?? {};
  const waiting = owed + unwalked;
  return {
    audienceId,
    members,
    owed: waiting,
    parked,
    skipped,
    onTikTok: members - waiting - parked - skipped,
    leaving,
    kept,
  };
}

/** Why members are skipped, most frequent first. */
export const skipReasons = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId) =>
  q.query<{ audience_id: AudienceId; reason: string; count: number }>(sql`
    select audience_id, reason, count(*) as count from skip_reasons
    where space_id = ${spaceId} and destination_id = ${destinationId} group by 1, 2 order by 3 desc, 1, 2 limit 200`);

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
