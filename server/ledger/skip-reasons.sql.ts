import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { intoTallies } from './tallies.sql.ts';

/** Why a present member has no present row. `reason` null: there is none any more. */
export interface SkipReason extends SkipPlace {
  readonly reason: string | null;
}

export interface SkipPlace {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly audienceId: AudienceId;
  readonly personId: PersonId;
}

/**
 * Only members have a reason: who is none is not skipped. The people are locked by the caller (rule 3), so what stood
 * before is what the same statement sees, and the maintained number follows exactly. `offset 0` keeps the planner from reading
 * whole tables for the people of one chunk.
 */
export async function saveSkipReasons(tx: Tx, reasons: readonly SkipReason[], now: Date): Promise<void> {
  const sorted = [...reasons].sort(
    (a, b) =>
      a.spaceId - b.spaceId ||
      a.destinationId - b.destinationId ||
      a.audienceId - b.audienceId ||
      a.personId - b.personId,
  );
  const over = sorted.filter((r) => r.reason === null);
  const skipped = sorted.filter((r) => r.reason !== null);
  if (over.length) {
    await tx.query(sql`
      with gone as (
        delete from skip_reasons s where ctid = any(array(
          select found.ctid from (${placesOf(over)}) k cross join lateral (
            select r.ctid from skip_reasons r
            where r.space_id = k.space_id and r.destination_id = k.destination_id and r.audience_id = k.audience_id
              and r.person_id = k.person_id offset 0
          ) found))
        returning s.space_id, s.destination_id, s.audience_id
      )
      ${intoTallies(sql`select space_id, destination_id, audience_id, -count(*) as skipped, 0 as kept from gone group by 1, 2, 3`)}`);
  }
  if (skipped.length) {
    await tx.query(sql`
      with k as materialized (
        select k.*, r.reason from (${placesOf(skipped)}) k
        join unnest(${skipped.map((r) => r.reason)}::text[]) with ordinality as r (reason, n) using (n)
        cross join lateral (
          select 1 from audience_members a where a.space_id = k.space_id and a.audience_id = k.audience_id
            and a.person_id = k.person_id and a.present offset 0
        ) member
      ), written as (
        insert into skip_reasons (space_id, destination_id, audience_id, person_id, reason, at)
        select k.space_id, k.destination_id, k.audience_id, k.person_id, k.reason, ${now} from k
        on conflict (space_id, destination_id, audience_id, person_id) do update set reason = excluded.reason, at = excluded.at
        where skip_reasons.reason <> excluded.reason
      )
      ${intoTallies(sql`
        select k.space_id, k.destination_id, k.audience_id, count(*) - count(s.person_id) as skipped, 0 as kept
        from k left join lateral (
          select r.person_id from skip_reasons r
          where r.space_id = k.space_id and r.destination_id = k.destination_id and r.audience_id = k.audience_id
            and r.person_id = k.person_id offset 0
        ) s on true
        group by 1, 2, 3`)}`);
  }
}

export async function deleteSkipReasonsOfPerson(tx: Tx, spaceId: SpaceId, personId: PersonId): Promise<void> {
  await tx.query(sql`
    with gone as (
      delete from skip_reasons where space_id = ${spaceId} and person_id = ${personId}
      returning space_id, destination_id, audience_id
    )
    ${intoTallies(sql`select space_id, destination_id, audience_id, -count(*) as skipped, 0 as kept from gone group by 1, 2, 3`)}`);
}

/** Which of these have a present row, each looked up by its person (decision 0018). Gives their positions. */
export async function selectHolders(q: Queryable, places: readonly SkipPlace[]): Promise<Set<number>> {
  const rows = await q.query<{ n: number }>(sql`
    select k.n from (${placesOf(places)}) k
    where exists (
      select 1
      from (select * from memberships am where am.space_id = k.space_id and am.person_id = k.person_id offset 0) m
      join targets t on t.target_id = m.target_id
      where m.origin_id = k.audience_id and m.level = 1 and t.destination_id = k.destination_id and t.state <> 'gone')`);
  return new Set(rows.map((row) => row.n - 1));
}

const placesOf = (places: readonly SkipPlace[]) => sql`
  select * from unnest(${places.map((r) => r.spaceId)}::bigint[], ${places.map((r) => r.destinationId)}::bigint[],
    ${places.map((r) => r.audienceId)}::bigint[], ${places.map((r) => r.personId)}::bigint[])
    with ordinality as k (space_id, destination_id, audience_id, person_id, n)`;
