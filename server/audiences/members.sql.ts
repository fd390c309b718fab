import sql, { empty, type Sql } from 'sql-template-tag';
import type { AudienceId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Stamp } from '../../contract/segment-event.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Member, MemberRecord } from './member.ts';

export interface MemberKey {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly personId: PersonId;
}
export type StoredMember = MemberKey & { readonly member: Member };

export const memberKey = (k: MemberKey): string => `${k.audienceId} ${k.personId}`;

interface MemberRow extends Record<string, unknown> {
  space_id: SpaceId;
  audience_id: AudienceId;
  person_id: PersonId;
  present: boolean;
  entered_us: number | null;
  entered_original_us: number | null;
  entered_arrival: number | null;
  exited_us: number | null;
  exited_original_us: number | null;
  exited_arrival: number | null;
  late: number;
  records: MemberRecord[];
  records_lost: number;
}

const columns = sql`m.space_id, m.audience_id, m.person_id, m.present, m.entered_us, m.entered_original_us, m.entered_arrival,
  m.exited_us, m.exited_original_us, m.exited_arrival, m.late, m.records, m.records_lost`;

const stampOf = (timeUs: number | null, originalUs: number | null, arrival: number | null): Stamp | null =>
  timeUs === null || originalUs === null || arrival === null ? null : { timeUs, originalUs, arrival };

const memberOf = (row: MemberRow): StoredMember => ({
  spaceId: row.space_id,
  audienceId: row.audience_id,
  personId: row.person_id,
  member: {
    present: row.present,
    entered: stampOf(row.entered_us, row.entered_original_us, row.entered_arrival),
    exited: stampOf(row.exited_us, row.exited_original_us, row.exited_arrival),
    late: row.late,
    records: row.records,
    recordsLost: row.records_lost,
  },
});

/** As many fresh arrival numbers as asked for, ascending. Draw them under the people's locks (rule 3). */
export async function drawArrivals(tx: Tx, count: number): Promise<number[]> {
  const rows = await tx.query<{ n: number }>(
    sql`select nextval('change_seq') as n from generate_series(1, ${count}::int)`,
  );
  return rows.map((row) => row.n);
}

export async function selectMembers(q: Queryable, keys: readonly MemberKey[]): Promise<StoredMember[]> {
  const rows = await q.query<MemberRow>(sql`
    select ${columns}
    from unnest(${keys.map((k) => k.spaceId)}::bigint[], ${keys.map((k) => k.audienceId)}::bigint[],
                ${keys.map((k) => k.personId)}::bigint[]) as k (space_id, audience_id, person_id)
    cross join lateral (
      select * from audience_members am
      where am.space_id = k.space_id and am.audience_id = k.audience_id and am.person_id = k.person_id offset 0
    ) m`);
  return rows.map(memberOf);
}

export async function selectMembersOfPeople(
  q: Queryable,
  spaceId: SpaceId,
  people: readonly PersonId[],
): Promise<StoredMember[]> {
  const rows = await q.query<MemberRow>(sql`
    select ${columns} from audience_members m where m.space_id = ${spaceId} and m.person_id = any(${people}::bigint[])`);
  return rows.map(memberOf);
}

/** Everyone ever seen in the audience after `after`, in the order of a walk (rule 6). */
export async function selectPeopleAfter(q: Queryable, place: Stretch): Promise<PersonId[]> {
  const rows = await q.query<{ person_id: PersonId }>(sql`
    select person_id from audience_members
    where space_id = ${place.spaceId} and audience_id = ${place.audienceId} and person_id > ${place.after}
    order by person_id limit ${place.limit}`);
  return rows.map((row) => row.person_id);
}

/** Present members after a person, for pages of the members list. It passes over those who have left: of many, it reads as many. */
export const selectPresentAfter = (q: Queryable, place: Stretch): Promise<StoredMember[]> =>
  membersAfter(q, place, sql`and m.present`);

/**
 * The members themselves in the order of a walk: one stretch of the index is a third cheaper than a look-up for each (1,000 of 100,000 on the
 * embedded engine: 16 ms against 22). The limit keeps the planner on that index: on a table that it has not looked at yet it would
 * go through these people's members of all audiences.
 */
export const selectMembersAfter = (q: Queryable, place: Stretch): Promise<StoredMember[]> =>
  membersAfter(q, place, empty);

async function membersAfter(q: Queryable, place: Stretch, which: Sql): Promise<StoredMember[]> {
  const rows = await q.query<MemberRow>(sql`
    select ${columns} from audience_members m
    where m.space_id = ${place.spaceId} and m.audience_id = ${place.audienceId} and m.person_id > ${place.after} ${which}
    order by m.person_id limit ${place.limit}`);
  return rows.map(memberOf);
}

interface Stretch {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly after: number;
  readonly limit: number;
}

export async function countMembers(
  q: Queryable,
  spaceId: SpaceId,
  audienceId: AudienceId,
): Promise<{ present: number; ever: number }> {
  const [row] = await q.query<{ present: number; ever: number }>(sql`
    select count(*) filter (where present) as present, count(*) as ever from audience_members
    where space_id = ${spaceId} and audience_id = ${audienceId}`);
  return row ?? { present: 0, ever: 0 };
}

/**
 * Brings the table from `before` to `after`. Their people are locked, so a member of whom nothing stood before is new, and nobody else
 * writes it meanwhile: there is no need to look for it once more (decision 0018).
 */
export async function saveMembers(
  tx: Tx,
  before: readonly StoredMember[],
  after: readonly StoredMember[],
): Promise<void> {
  const known = new Set(before.map(memberKey));
  const split = { fresh: [] as StoredMember[], known: [] as StoredMember[] };
  for (const one of after) split[known.has(memberKey(one)) ? 'known' : 'fresh'].push(one);
  await writeMembers(tx, split.fresh, empty);
  await writeMembers(tx, split.known, intoKnown);
}

const intoKnown = sql`
  on conflict (space_id, audience_id, person_id) do update set
    present = excluded.present, entered_us = excluded.entered_us, entered_original_us = excluded.entered_original_us,
    entered_arrival = excluded.entered_arrival, exited_us = excluded.exited_us,
    exited_original_us = excluded.exited_original_us, exited_arrival = excluded.exited_arrival,
    late = excluded.late, records = excluded.records, records_lost = excluded.records_lost`;

async function writeMembers(tx: Tx, stored: readonly StoredMember[], onConflict: Sql): Promise<void> {
  if (stored.length === 0) return;
  const rows = [...stored].sort(
    (a, b) => a.spaceId - b.spaceId || a.audienceId - b.audienceId || a.personId - b.personId,
  );
  const column = <V>(pick: (row: StoredMember) => V): V[] => rows.map(pick);
  await tx.query(sql`
    insert into audience_members (space_id, audience_id, person_id, present, entered_us, entered_original_us, entered_arrival,
      exited_us, exited_original_us, exited_arrival, late, records, records_lost)
    select k.space_id, k.audience_id, k.person_id, k.present, k.e1, k.e2, k.e3, k.x1, k.x2, k.x3, k.late, k.records::jsonb, k.lost
    from unnest(${column((r) => r.spaceId)}::bigint[], ${column((r) => r.audienceId)}::bigint[], ${column((r) => r.personId)}::bigint[],
      ${column((r) => r.member.present)}::boolean[],
      ${column((r) => r.member.entered?.timeUs ?? null)}::bigint[], ${column((r) => r.member.entered?.originalUs ?? null)}::bigint[],
      ${column((r) => r.member.entered?.arrival ?? null)}::bigint[],
      ${column((r) => r.member.exited?.timeUs ?? null)}::bigint[], ${column((r) => r.member.exited?.originalUs ?? null)}::bigint[],
      ${column((r) => r.member.exited?.arrival ?? null)}::bigint[],
      ${column((r) => r.member.late)}::int[], ${column((r) => JSON.stringify(r.member.records))}::text[],
      ${column((r) => r.member.recordsLost)}::int[])
      as k (space_id, audience_id, person_id, present, e1, e2, e3, x1, x2, x3, late, records, lost)
    ${onConflict}`);
}

export async function deleteMembers(tx: Tx, keys: readonly MemberKey[]): Promise<void> {
  await tx.query(sql`
    delete from audience_members m
    using unnest(${keys.map((k) => k.spaceId)}::bigint[], ${keys.map((k) => k.audienceId)}::bigint[],
                 ${keys.map((k) => k.personId)}::bigint[]) as k (space_id, audience_id, person_id)
    where m.space_id = k.space_id and m.audience_id = k.audience_id and m.person_id = k.person_id`);
}
