import sql from 'sql-template-tag';
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { anyAt, targetCalled } from './any-at.sql.ts';
import { directOrigin, type OriginId } from './rows.ts';

/** A target whose people belong elsewhere (rule 12), and where: null for one that is gone with nothing in its place. */
export interface Move {
  readonly spaceId: SpaceId;
  readonly from: TargetId;
  readonly to: TargetId | null;
  /**
   * Another name of an audience gives everything. An audience that was deleted gives the present people: nobody has to be
   * removed from what is not there, and nobody is kept there.
   */
  readonly gives: 'everything' | 'present';
}

const holdsSomething = (t: 'b' | 'g') => {
  const target = targetCalled(t);
  return sql`(${anyAt('memberships', target)} or ${anyAt('changes', target)} or ${anyAt('doubts', target)}
    or ${anyAt('direct_exits', target)})`;
};

/** Something that has to move: `b` is a blocked target whose audience `f`, of the same destination, feeds. */
const isUnmovedSibling = sql`b.state = 'blocked' and b.tiktok_id is not null and f.advertiser_id = b.advertiser_id
  and f.tiktok_id = b.tiktok_id and f.destination_id = b.destination_id and f.state not in ('gone', 'blocked')
  and ${holdsSomething('b')}`;
const isUnemptied = sql`g.state = 'gone' and ${holdsSomething('g')}`;

/** Destinations with something to move. */
export const unmoved = sql`
  select b.destination_id from targets b cross join targets f where ${isUnmovedSibling}
  union
  select g.destination_id from targets g where ${isUnemptied}`;

export async function destinationsToMove(q: Queryable): Promise<DestinationId[]> {
  return (await q.query<{ destination_id: DestinationId }>(sql`${unmoved} order by 1`)).map(
    (row) => row.destination_id,
  );
}

export async function selectMoves(q: Queryable, destinationId: DestinationId): Promise<Move[]> {
  const rows = await q.query<{
    space_id: SpaceId;
    from_id: TargetId;
    to_id: TargetId | null;
    gives: Move['gives'];
  }>(sql`
    select b.space_id, b.target_id as from_id, f.target_id as to_id, 'everything' as gives from targets b cross join targets f
    where b.destination_id = ${destinationId} and ${isUnmovedSibling}
    union all
    select g.space_id, g.target_id, g.replaced_by, 'present' from targets g
    where g.destination_id = ${destinationId} and ${isUnemptied} order by 2`);
  return rows.map((row) => ({ spaceId: row.space_id, from: row.from_id, to: row.to_id, gives: row.gives }));
}

/** Some people who have a row or a direct exit at the target. */
export async function selectPeopleAt(q: Queryable, { spaceId, from }: Move, limit: number): Promise<PersonId[]> {
  const rows = await q.query<{ person_id: PersonId }>(sql`
    select person_id from (
      (select person_id from memberships where space_id = ${spaceId} and target_id = ${from} limit ${limit})
      union
      (select person_id from direct_exits where space_id = ${spaceId} and target_id = ${from} limit ${limit})
    ) p order by person_id limit ${limit}`);
  return rows.map((row) => row.person_id);
}

/** A move that has a place to go. */
export type MoveTo = Move & { readonly to: TargetId };

/** Moves these people's rows, each with a new seq and pointer (rule 7); their old pointers go. Gives the audiences that held them. */
export async function moveRows(tx: Tx, { spaceId, from, to, gives }: MoveTo, people: PersonId[]): Promise<OriginId[]> {
  const rows = await tx.query<{ origin_id: OriginId }>(sql`
    with moved as (
      delete from memberships where space_id = ${spaceId} and target_id = ${from} and person_id = any(${people}::bigint[]) returning *
    ), pointers as (
      delete from changes where ctid = any(array(
        select found.ctid from (select distinct seq, origin_id, person_id from moved) r cross join lateral (
          select c.ctid from changes c
          where c.space_id = ${spaceId} and c.target_id = ${from} and c.lane in (0, 1) and c.seq = r.seq
            and c.origin_id = r.origin_id and c.person_id = r.person_id offset 0
        ) found))
    ), given as (
      select * from moved where level = 1 or ${gives === 'everything'}
    ), groups as (
      select distinct origin_id, person_id from given
    ), seqs as (
      select origin_id, person_id, nextval('change_seq') as seq from groups
    ), written as (
      insert into memberships as mine (space_id, target_id, origin_id, person_id, variant, level, normaliser, seq, entered_us,
        entered_original_us, entered_arrival, mapping_id, email, phone, idfa, aaid)
      select m.space_id, ${to}, m.origin_id, m.person_id, m.variant, m.level, m.normaliser, s.seq, m.entered_us,
        m.entered_original_us, m.entered_arrival, m.mapping_id, m.email, m.phone, m.idfa, m.aaid
      from given m join seqs s using (origin_id, person_id)
      order by m.origin_id, m.person_id, m.variant
      on conflict (space_id, target_id, origin_id, person_id, variant) do update set
        level = case when 1 in (mine.level, excluded.level) then 1 else greatest(mine.level, excluded.level) end,
        (entered_us, entered_original_us, entered_arrival) = (
          select e.u, e.o, e.a from (values (mine.entered_us, mine.entered_original_us, mine.entered_arrival),
            (excluded.entered_us, excluded.entered_original_us, excluded.entered_arrival)) as e (u, o, a) order by 1 desc, 2 desc, 3 desc limit 1),
        seq = excluded.seq, settled_at = null
    ), pointed as (
      insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
      select ${spaceId}, ${to}, 1, seq, origin_id, person_id from seqs
    )
    select distinct origin_id from groups where origin_id <> ${directOrigin} order by origin_id`);
  return rows.map((row) => row.origin_id);
}

export async function moveDirectExits(tx: Tx, { spaceId, from, to }: MoveTo, people: PersonId[]): Promise<void> {
  await tx.query(sql`
    with moved as (
      delete from direct_exits where space_id = ${spaceId} and target_id = ${from} and person_id = any(${people}::bigint[]) returning *
    )
    insert into direct_exits as mine (space_id, target_id, person_id, at_us, original_us, arrival)
    select space_id, ${to}, person_id, at_us, original_us, arrival from moved order by person_id
    on conflict (space_id, target_id, person_id) do update set at_us = excluded.at_us, original_us = excluded.original_us,
      arrival = excluded.arrival
    where (excluded.at_us, excluded.original_us, excluded.arrival) > (mine.at_us, mine.original_us, mine.arrival)`);
}

/** Rule 5: a direct removal ends rows that are not newer, also those that met it only now. */
export async function endByDirectExits(tx: Tx, { spaceId, to }: MoveTo, people: PersonId[]): Promise<void> {
  await tx.query(sql`
    with ended as (
      update memberships m set level = 0, seq = nextval('change_seq'), settled_at = null
      from direct_exits e
      where e.space_id = ${spaceId} and e.target_id = ${to} and e.person_id = any(${people}::bigint[])
        and m.space_id = e.space_id and m.target_id = e.target_id and m.person_id = e.person_id and m.level <> 0
        and (m.entered_us, m.entered_original_us, m.entered_arrival) <= (e.at_us, e.original_us, e.arrival)
      returning m.space_id, m.target_id, m.seq, m.origin_id, m.person_id
    )
    insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
    select space_id, target_id, 1, seq, origin_id, person_id from ended`);
}

/** What a lost call may have told TikTok about a hash concerns the audience, whichever name it was told by (rule 11). */
export async function moveDoubts(tx: Tx, { spaceId, from, to }: MoveTo): Promise<void> {
  await tx.query(sql`
    with moved as (delete from doubts where space_id = ${spaceId} and target_id = ${from} returning *)
    insert into doubts (space_id, target_id, type, hash, not_before)
    select space_id, ${to}, type, hash, not_before from moved order by type, hash
    on conflict (space_id, target_id, type, hash) do update set not_before = greatest(doubts.not_before, excluded.not_before)`);
}

/** At most `limit` pointers of which no row is left: in one snapshot, so that a row that is being written keeps its own. Gives how many. */
export async function deleteStalePointers(tx: Tx, { spaceId, from }: Move, limit: number): Promise<number> {
  const rows = await tx.query(sql`
    delete from changes where ctid = any(array(
      select c.ctid from changes c where c.space_id = ${spaceId} and c.target_id = ${from} and not exists (
        select 1 from memberships m where m.space_id = c.space_id and m.target_id = c.target_id and m.origin_id = c.origin_id
          and m.person_id = c.person_id offset 0)
      limit ${limit}))
    returning 1`);
  return rows.length;
}

/** What these people had at a target that is gone with nothing in its place. Gives the audiences that held somebody present. */
export async function dropRows(tx: Tx, { spaceId, from }: Move, people: PersonId[]): Promise<OriginId[]> {
  const rows = await tx.query<{ origin_id: OriginId }>(sql`
    with dropped as (
      delete from memberships where space_id = ${spaceId} and target_id = ${from} and person_id = any(${people}::bigint[])
      returning origin_id, level
    ), exits as (
      delete from direct_exits where space_id = ${spaceId} and target_id = ${from} and person_id = any(${people}::bigint[])
    )
    select distinct origin_id from dropped where level = 1 and origin_id <> ${directOrigin} order by origin_id`);
  return rows.map((row) => row.origin_id);
}

/**
 * Nothing can be told to an audience that is gone: at most `limit` pointers and doubts of it are forgotten. Gives how many. Both are
 * deleted by their place (decision 0018); doubts are locked for that, since a call that was lost may just be moving one.
 */
export async function forgetOwed(tx: Tx, { spaceId, from }: Move, limit: number): Promise<number> {
  const [row] = await tx.query<{ n: number }>(sql`
    with pointers as (
      delete from changes where ctid = any(array(
        select ctid from changes where space_id = ${spaceId} and target_id = ${from} limit ${limit})) returning 1
    ), doubted as (
      delete from doubts where ctid = any(array(
        select ctid from doubts where space_id = ${spaceId} and target_id = ${from} limit ${limit} for update)) returning 1
    ) select (select count(*) from pointers) + (select count(*) from doubted) as n`);
  return row?.n ?? 0;
}

/** The audiences that hold anybody at a target: a step of the index for each, however many people there are. */
export async function originsAt(q: Queryable, spaceId: SpaceId, targetId: TargetId): Promise<OriginId[]> {
  const next = sql`select min(m.origin_id) from memberships m where m.space_id = ${spaceId} and m.target_id = ${targetId}`;
  const rows = await q.query<{ origin_id: OriginId }>(sql`
    with recursive found (origin_id) as (
      (${next})
      union all
      select (${next} and m.origin_id > found.origin_id) from found where found.origin_id is not null
    )
    select origin_id from found where origin_id is not null and origin_id <> ${directOrigin} order by origin_id`);
  return rows.map((row) => row.origin_id);
}
