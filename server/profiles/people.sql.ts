import sql, { empty } from 'sql-template-tag';
import type { PersonId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export interface IdentifierColumns {
  readonly spaceIds: readonly SpaceId[];
  readonly types: readonly string[];
  readonly values: readonly string[];
}

export interface PersonColumns {
  readonly spaceIds: readonly SpaceId[];
  readonly personIds: readonly PersonId[];
}

/**
 * One index look-up each, whatever the planner thinks of it: `offset 0` keeps it from hashing the whole table instead,
 * which took 939 ms against 232 for 20,000 of 2,000,000 (PostgreSQL 15, 2 cores).
 */
export const selectOwners = (q: Queryable, wanted: IdentifierColumns) =>
  q.query<{ space_id: SpaceId; type: string; value: string; person_id: PersonId }>(sql`
    select i.space_id, i.type, i.value, i.person_id
    from unnest(${wanted.spaceIds}::bigint[], ${wanted.types}::text[], ${wanted.values}::text[]) as w (space_id, type, value)
    cross join lateral (
      select p.space_id, p.type, p.value, p.person_id from profile_identifiers p
      where p.space_id = w.space_id and p.type = w.type and p.value = w.value offset 0
    ) i`);

/**
 * Rule 3: in one order for everybody, that of the look-ups. Whoever is alone holds them all. `offset 0` as in selectOwners: of
 * 100,000 people the planner read all of them to lock 1,000 (113 ms against 13, docs/decisions/0018).
 */
export const lockProfiles = (tx: Tx, people: PersonColumns) =>
  tx.query<{ space_id: SpaceId; person_id: PersonId; merged_into: PersonId | null; merges: number }>(sql`
    select p.space_id, p.person_id, p.merged_into, p.merges
    from (
      select * from unnest(${people.spaceIds}::bigint[], ${people.personIds}::bigint[]) as u (space_id, person_id)
      order by space_id, person_id
    ) w cross join lateral (
      select l.space_id, l.person_id, l.merged_into, l.merges from profiles l
      where l.space_id = w.space_id and l.person_id = w.person_id
      ${tx.alone ? empty : sql`for no key update`} offset 0
    ) p`);

/** Where a person's forwarding rows end. */
export const selectForward = (q: Queryable, spaceId: SpaceId, personId: PersonId) =>
  q.query<{ person_id: PersonId }>(sql`
    with recursive forward as (
      select person_id, merged_into from profiles where space_id = ${spaceId} and person_id = ${personId}
      union
      select p.person_id, p.merged_into from forward f
      join profiles p on p.space_id = ${spaceId} and p.person_id = f.merged_into
    )
    select person_id from forward where merged_into is null`);

export const countIdentifiers = (q: Queryable, people: PersonColumns) =>
  q.query<{ person_id: PersonId; type: string; count: number }>(sql`
    select i.person_id, i.type, count(*) as count
    from unnest(${people.spaceIds}::bigint[], ${people.personIds}::bigint[]) as w (space_id, person_id)
    cross join lateral (
      select l.person_id, l.type from profile_identifiers l
      where l.space_id = w.space_id and l.person_id = w.person_id offset 0
    ) i
    group by i.person_id, i.type`);

export const drawPersonIds = (tx: Tx, count: number) =>
  tx.query<{ person_id: PersonId }>(
    sql`select nextval('person_ids') as person_id from generate_series(1, ${count}::int)`,
  );

/**
 * Waits for whoever is just inserting the same one; comes back without what was there by then. Whoever is alone has looked, and need
 * not look again for each: a third less (4,000 on the embedded engine: 78 ms against 120).
 */
export const insertIdentifiers = (tx: Tx, added: IdentifierColumns & { personIds: readonly PersonId[] }, at: Date) =>
  tx.query<{ space_id: SpaceId; type: string; value: string }>(sql`
    insert into profile_identifiers (space_id, type, value, person_id, created_at)
    select a.space_id, a.type, a.value, a.person_id, ${at}::timestamptz
    from unnest(${added.spaceIds}::bigint[], ${added.types}::text[], ${added.values}::text[], ${added.personIds}::bigint[])
      as a (space_id, type, value, person_id)
    order by a.space_id, a.type, a.value
    ${tx.alone ? empty : sql`on conflict do nothing returning space_id, type, value`}`);

export const deleteIdentifiers = (tx: Tx, taken: IdentifierColumns) =>
  tx.query(sql`
    delete from profile_identifiers i
    using unnest(${taken.spaceIds}::bigint[], ${taken.types}::text[], ${taken.values}::text[]) as t (space_id, type, value)
    where i.space_id = t.space_id and i.type = t.type and i.value = t.value`);

export interface TraitColumns extends PersonColumns {
  /** JSON objects, as text. */
  readonly traits: readonly string[];
}

export const insertProfiles = (tx: Tx, people: TraitColumns, at: Date) =>
  tx.query(sql`
    insert into profiles (space_id, person_id, traits, created_at, updated_at)
    select n.space_id, n.person_id, n.traits::jsonb, ${at}::timestamptz, ${at}::timestamptz
    from unnest(${people.spaceIds}::bigint[], ${people.personIds}::bigint[], ${people.traits}::text[])
      as n (space_id, person_id, traits)
    order by n.space_id, n.person_id`);

/**
 * Most events repeat what is known: those write nothing. `bytesMax` stops a profile that only ever grows. The people are locked
 * (rule 3), so a row stays where it was found: by `ctid` the planner does not read all profiles to change a few.
 */
export const foldTraits = (tx: Tx, people: TraitColumns, when: { at: Date; bytesMax: number }) =>
  tx.query(sql`
    with n as materialized (
      select u.space_id, u.person_id, u.traits::jsonb as traits
      from unnest(${people.spaceIds}::bigint[], ${people.personIds}::bigint[], ${people.traits}::text[])
        as u (space_id, person_id, traits)
    ), changed as (
      select l.ctid as place from n cross join lateral (
        select p.ctid from profiles p
        where p.space_id = n.space_id and p.person_id = n.person_id
          and p.traits || n.traits <> p.traits and pg_column_size(p.traits) < ${when.bytesMax} offset 0
      ) l
    )
    update profiles p set traits = p.traits || n.traits, updated_at = ${when.at}
    from n
    where p.ctid = any(array(select place from changed)) and p.space_id = n.space_id and p.person_id = n.person_id`);

export const selectTraits = (q: Queryable, people: PersonColumns) =>
  q.query<{ person_id: PersonId; traits: Record<string, unknown> }>(sql`
    select p.person_id, p.traits
    from unnest(${people.spaceIds}::bigint[], ${people.personIds}::bigint[]) as w (space_id, person_id)
    join profiles p on p.space_id = w.space_id and p.person_id = w.person_id`);

export interface MergeColumns {
  readonly spaceIds: readonly SpaceId[];
  readonly losers: readonly PersonId[];
  readonly winners: readonly PersonId[];
}

export const moveIdentifiers = (tx: Tx, merges: MergeColumns) =>
  tx.query(sql`
    update profile_identifiers i set person_id = m.winner
    from unnest(${merges.spaceIds}::bigint[], ${merges.losers}::bigint[], ${merges.winners}::bigint[]) as m (space_id, loser, winner)
    where i.space_id = m.space_id and i.person_id = m.loser`);

export const forwardLosers = (tx: Tx, merges: MergeColumns, at: Date) =>
  tx.query(sql`
    update profiles p set merged_into = m.winner, traits = '{}', updated_at = ${at}
    from unnest(${merges.spaceIds}::bigint[], ${merges.losers}::bigint[], ${merges.winners}::bigint[]) as m (space_id, loser, winner)
    where p.space_id = m.space_id and p.person_id = m.loser`);

export const countMerges = (tx: Tx, merges: MergeColumns) =>
  tx.query(sql`
    update profiles p set merges = p.merges + m.count
    from (
      select w.space_id, w.winner, count(*)::int as count
      from unnest(${merges.spaceIds}::bigint[], ${merges.winners}::bigint[]) as w (space_id, winner) group by 1, 2
    ) m
    where p.space_id = m.space_id and p.person_id = m.winner`);

export const selectIdentifiers = (q: Queryable, people: PersonColumns) =>
  q.query<{ person_id: PersonId; type: string; value: string }>(sql`
    select i.person_id, i.type, i.value
    from unnest(${people.spaceIds}::bigint[], ${people.personIds}::bigint[]) as w (space_id, person_id)
    join profile_identifiers i on i.space_id = w.space_id and i.person_id = w.person_id
    order by i.person_id, i.created_at, i.type, i.value`);
