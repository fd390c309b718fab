import sql, { type Sql } from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row } from '../db/port.ts';
import { pointedRow, refusedRow } from './counting.sql.ts';

/** The parts of the sum in counting.sql.ts, person by person; `leaving` are no members any more. */
export const memberOutcomes = ['onTikTok', 'owed', 'parked', 'skipped', 'leaving'] as const;
export type MemberOutcome = (typeof memberOutcomes)[number];

export interface CountedPlace {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly destinationId: DestinationId;
}

/**
 * What countAudiences counts, as sets of people: the walk's cursor, people with a pointer (level 1: owed, 0: leaving), and
 * people who were refused. Like there, the cost grows with what is owed and parked.
 */
const marks = ({ spaceId, audienceId, destinationId }: CountedPlace): Sql => {
  const fed = sql`t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'`;
  return sql`
    walk as materialized (
      select coalesce(min(cursor_person), 9223372036854775807) as cursor from walks
      where space_id = ${spaceId} and destination_id = ${destinationId} and audience_id = ${audienceId} and finished_at is null
    ), pointed as materialized (
      select c.person_id, max(m.level) filter (where m.level < 2) as level
      from targets t
      join changes c on c.space_id = t.space_id and c.target_id = t.target_id and c.origin_id = ${audienceId}
      cross join lateral ${pointedRow} m
      where ${fed}
      group by c.person_id
    ), refused as materialized (
      select p.person_id, min(p.code) as code from targets t
      join parked p on p.space_id = t.space_id and p.target_id = t.target_id and p.origin_id = ${audienceId}
      cross join lateral ${refusedRow} m
      where ${fed}
      group by p.person_id
    )`;
};

interface PersonRow extends Row {
  person_id: PersonId;
}

/** The people of one part after a person, in the order of their ids. */
export async function selectPeopleOf(
  q: Queryable,
  place: CountedPlace,
  { outcome, after, limit }: { outcome: MemberOutcome; after: number; limit: number },
): Promise<PersonId[]> {
  const rows = await q.query<PersonRow>(sql`
    with ${marks(place)}
    select person_id from (${peopleOf(place, { outcome, after })}) found order by person_id limit ${limit}`);
  return rows.map((row) => row.person_id);
}

function peopleOf(place: CountedPlace, { outcome, after }: { outcome: MemberOutcome; after: number }): Sql {
  const member = sql`a.space_id = ${place.spaceId} and a.audience_id = ${place.audienceId} and a.present`;
  const isMember = (person: Sql): Sql =>
    sql`exists (select 1 from audience_members a where ${member} and a.person_id = ${person})`;
  const reasons = sql`s.space_id = ${place.spaceId} and s.destination_id = ${place.destinationId} and s.audience_id = ${place.audienceId}`;
  const isOwed = (person: Sql): Sql =>
    sql`exists (select 1 from pointed o where o.person_id = ${person} and o.level = 1)`;
  switch (outcome) {
    case 'leaving':
      return sql`select person_id from pointed where level = 0 and person_id > ${after}`;
    case 'owed':
      return sql`
        select p.person_id from pointed p, walk
        where p.level = 1 and p.person_id > ${after} and p.person_id <= walk.cursor and ${isMember(sql`p.person_id`)}
        union all
        select a.person_id from audience_members a, walk where ${member} and a.person_id > greatest(walk.cursor, ${after}::bigint)`;
    case 'parked':
      return sql`
        select r.person_id from refused r, walk
        where r.person_id > ${after} and r.person_id <= walk.cursor and not ${isOwed(sql`r.person_id`)}
          and ${isMember(sql`r.person_id`)}`;
    case 'skipped':
      return sql`
        select s.person_id from skip_reasons s, walk
        where ${reasons} and s.person_id > ${after} and s.person_id <= walk.cursor`;
    case 'onTikTok':
      return sql`
        select a.person_id from audience_members a, walk
        where ${member} and a.person_id > ${after} and a.person_id <= walk.cursor and not ${isOwed(sql`a.person_id`)}
          and not exists (select 1 from refused r where r.person_id = a.person_id)
          and not exists (select 1 from skip_reasons s where ${reasons} and s.person_id = a.person_id)`;
  }
}

interface StateRow extends PersonRow {
  present: boolean;
  ahead: boolean;
  level: number | null;
  code: number | null;
  reason: string | null;
}

export interface MemberState {
  readonly outcome: MemberOutcome;
  /** Why somebody is skipped. */
  readonly reason: string | null;
  /** TikTok's code, of somebody parked. */
  readonly code: number | null;
}

/** What these people are at one destination; whoever is no member and is not leaving is not among them. */
export async function selectStates(
  q: Queryable,
  place: CountedPlace,
  people: readonly PersonId[],
): Promise<Map<PersonId, MemberState>> {
  const rows = await q.query<StateRow>(sql`
    with ${marks(place)}
    select k.person_id, k.person_id > walk.cursor as ahead, p.level, r.code, s.reason, exists (
      select 1 from audience_members a where a.space_id = ${place.spaceId} and a.audience_id = ${place.audienceId}
        and a.person_id = k.person_id and a.present) as present
    from unnest(${people}::bigint[]) as k (person_id)
    cross join walk
    left join pointed p on p.person_id = k.person_id
    left join refused r on r.person_id = k.person_id
    left join skip_reasons s on s.space_id = ${place.spaceId} and s.destination_id = ${place.destinationId}
      and s.audience_id = ${place.audienceId} and s.person_id = k.person_id`);
  return new Map(
    rows.flatMap((row) => {
      const state = row.present ? stateOf(row) : row.level === 0 ? leaving : undefined;
      return state ? [[row.person_id, state] as const] : [];
    }),
  );
}

const leaving: MemberState = { outcome: 'leaving', reason: null, code: null };

function stateOf({ ahead, level, code, reason }: StateRow): MemberState {
  if (ahead || level === 1) return { outcome: 'owed', reason: null, code: null };
  if (code !== null) return { outcome: 'parked', reason: null, code };
  if (reason !== null) return { outcome: 'skipped', reason, code: null };
  return { outcome: 'onTikTok', reason: null, code: null };
}

/** The TikTok audiences in which somebody of an audience is held now. */
export async function selectTargetsHolding(
  q: Queryable,
  { spaceId, audienceId, destinationId }: CountedPlace,
): Promise<TargetId[]> {
  const rows = await q.query<{ target_id: TargetId }>(sql`
    select t.target_id from targets t
    where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone' and exists (
      select 1 from memberships m
      where m.space_id = t.space_id and m.target_id = t.target_id and m.origin_id = ${audienceId} and m.level = 1)
    order by t.target_id`);
  return rows.map((row) => row.target_id);
}
