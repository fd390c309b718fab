import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../db/port.ts';

/**
 * What belongs to a target, with an index that begins with (space_id, target_id) and goes on with these columns. Pointers are asked for from
 * the end: at the front are those in flight, and the places of those that were told since the last vacuum.
 */
const indexed = {
  changes: sql`m.lane desc, m.seq desc`,
  memberships: sql`m.origin_id, m.person_id`,
  doubts: sql`m.not_before`,
  direct_exits: sql`m.person_id`,
};

interface TargetAt {
  readonly spaceId: Sql | number;
  readonly id: Sql | number;
}

/** The target that a statement calls so: a row of `targets`. */
export const targetCalled = (alias: string): TargetAt => ({
  spaceId: raw(`${alias}.space_id`),
  id: raw(`${alias}.target_id`),
});

/**
 * Whether a target has any row `m` of a table, of those that `which` admits: asks for the first one of the index. An `exists` the planner
 * takes for a short look into the table, which reads all of it where others have many rows and this target none (decision 0018). With
 * `which` rows of the target are read until one fits.
 */
export const anyAt = (table: keyof typeof indexed, target: TargetAt, which: Sql = empty): Sql => sql`(
  select 1 from ${raw(table)} m where m.space_id = ${target.spaceId} and m.target_id = ${target.id} ${which}
  order by ${indexed[table]} limit 1) is not null`;

/** Asks just that. */
export async function hasAny(q: Queryable, ...of: Parameters<typeof anyAt>): Promise<boolean> {
  const [row] = await q.query<{ found: boolean }>(sql`select ${anyAt(...of)} as found`);
  return row?.found === true;
}
