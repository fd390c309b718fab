import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { anyAt, hasAny } from './any-at.sql.ts';
import { isReleasing } from './releases.sql.ts';

export interface TargetPlace {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly targetId: TargetId;
}

/** Also of destinations that were deleted: what they fed has to end. */
export async function destinationsWithTargets(
  q: Queryable,
): Promise<{ spaceId: SpaceId; destinationId: DestinationId }[]> {
  const rows = await q.query<{ space_id: SpaceId; destination_id: DestinationId }>(sql`
    select distinct space_id, destination_id from targets where state <> 'gone' order by destination_id`);
  return rows.map((row) => ({ spaceId: row.space_id, destinationId: row.destination_id }));
}

export async function audienceKeys(
  q: Queryable,
  spaceId: SpaceId,
  audienceIds: readonly AudienceId[],
): Promise<Map<AudienceId, string>> {
  const rows = await q.query<{ audience_id: AudienceId; key: string }>(sql`
    select audience_id, key from audiences where space_id = ${spaceId} and audience_id = any(${audienceIds}::bigint[])`);
  return new Map(rows.map((row) => [row.audience_id, row.key]));
}

/** What stands at a target. */
export interface AtTarget {
  readonly walking: boolean;
  /** A producer went, and not everybody it put somewhere has been released. */
  readonly releasing: boolean;
  readonly owed: boolean;
  readonly doubts: boolean;
}

export async function standingAt(q: Queryable, { spaceId, destinationId, targetId }: TargetPlace): Promise<AtTarget> {
  const at = { spaceId, id: targetId };
  const [row] = await q.query<{
    walking: boolean;
    releasing: boolean;
    owed: boolean;
    doubts: boolean;
  }>(sql`
    select
      exists (select 1 from walks w where w.space_id = ${spaceId} and w.destination_id = ${destinationId} and w.finished_at is null)
        as walking,
      exists (select 1 from releases r where r.destination_id = ${destinationId}
        and (r.target_id is null or r.target_id = ${targetId})) as releasing,
      ${anyAt('changes', at)} as owed,
      ${anyAt('doubts', at)} as doubts`);
  return row ?? { walking: false, releasing: false, owed: false, doubts: false };
}

/** Whether anybody is present at a target who is not being released, or kept there. It may read all rows of the target. */
export async function holdsAny(
  q: Queryable,
  { spaceId, destinationId, targetId }: TargetPlace,
  level: 'present' | 'kept',
): Promise<boolean> {
  const which = level === 'kept' ? sql`and m.level = 2` : sql`and m.level = 1 and not ${isReleasing(destinationId)}`;
  return hasAny(q, 'memberships', { spaceId, id: targetId }, which);
}

/**
 * Rows of a target `t` that are still to be released. It reads the target's rows, but only while a release of its
 * destination is being done.
 */
export const releasingAt = (destinationId: DestinationId) => sql`(
  select count(*) from memberships m where m.space_id = t.space_id and m.target_id = t.target_id and ${isReleasing(destinationId)}
    and exists (select 1 from releases any_release where any_release.destination_id = ${destinationId}))`;

/** What is owed and who is kept at each target of a destination, where there is anything. */
export async function owedByTarget(
  q: Queryable,
  destinationId: DestinationId,
): Promise<Map<TargetId, { owed: number; doubts: number }>> {
  const rows = await q.query<{ target_id: TargetId; owed: number; doubts: number }>(sql`
    select t.target_id,
      (select count(*) from changes c where c.space_id = t.space_id and c.target_id = t.target_id)
        + ${releasingAt(destinationId)} as owed,
      (select count(*) from doubts d where d.space_id = t.space_id and d.target_id = t.target_id) as doubts
    from targets t where t.destination_id = ${destinationId} and t.state <> 'gone'`);
  return new Map(rows.map((row) => [row.target_id, { owed: row.owed, doubts: row.doubts }]));
}

export async function peopleKeptAt(q: Queryable, { spaceId, targetId }: TargetPlace): Promise<number> {
  const [row] = await q.query<{ n: number }>(sql`
    select count(distinct person_id) as n from memberships
    where space_id = ${spaceId} and target_id = ${targetId} and level = 2`);
  return row?.n ?? 0;
}

/** Some people who are owed a removal at a target. Whoever is to be added is not: then something feeds it again. */
export async function peopleOwedAt(
  q: Queryable,
  { spaceId, targetId }: TargetPlace,
  limit: number,
): Promise<PersonId[]> {
  const rows = await q.query<{ person_id: PersonId }>(sql`
    select distinct c.person_id from changes c
    where c.space_id = ${spaceId} and c.target_id = ${targetId} and ${noneToAdd} limit ${limit}`);
  return rows.map((row) => row.person_id);
}

const noneToAdd = sql`not exists (
  select 1 from memberships m where m.space_id = c.space_id and m.target_id = c.target_id and m.origin_id = c.origin_id
    and m.person_id = c.person_id and m.seq = c.seq and m.level = 1)`;

/** These people are to be removed no more: they are kept, with a seq that no call in flight settles (rule 7). */
export async function keepLeavers(tx: Tx, { spaceId, targetId }: TargetPlace, people: PersonId[]): Promise<void> {
  await tx.query(sql`
    with owed as (
      delete from changes c where c.space_id = ${spaceId} and c.target_id = ${targetId} and c.person_id = any(${people}::bigint[])
        and ${noneToAdd}
      returning c.origin_id, c.person_id, c.seq
    )
    update memberships m set level = 2, seq = nextval('change_seq'), settled_at = null from owed o
    where m.space_id = ${spaceId} and m.target_id = ${targetId} and m.origin_id = o.origin_id and m.person_id = o.person_id
      and m.seq = o.seq and m.level = 0`);
}

/** Some people of whom a release at a target is not done yet. */
export async function peopleReleasingAt(
  q: Queryable,
  { spaceId, destinationId, targetId }: TargetPlace,
  limit: number,
): Promise<PersonId[]> {
  const rows = await q.query<{ person_id: PersonId }>(sql`
    select distinct m.person_id from memberships m
    where m.space_id = ${spaceId} and m.target_id = ${targetId} and ${isReleasing(destinationId)} limit ${limit}`);
  return rows.map((row) => row.person_id);
}

export async function somePeopleKeptAt(
  q: Queryable,
  { spaceId, targetId }: TargetPlace,
  limit: number,
): Promise<PersonId[]> {
  const rows = await q.query<{ person_id: PersonId }>(sql`
    select distinct person_id from memberships where space_id = ${spaceId} and target_id = ${targetId} and level = 2 limit ${limit}`);
  return rows.map((row) => row.person_id);
}

/** Usher forgets whom it kept there, and will not remove them whatever happens. */
export async function forgetKept(tx: Tx, { spaceId, targetId }: TargetPlace, people: PersonId[]): Promise<void> {
  await tx.query(sql`
    delete from memberships where space_id = ${spaceId} and target_id = ${targetId} and person_id = any(${people}::bigint[])
      and level = 2`);
}

export async function forgetDoubts(tx: Tx, { spaceId, targetId }: TargetPlace): Promise<void> {
  await tx.query(sql`delete from doubts where space_id = ${spaceId} and target_id = ${targetId}`);
}
