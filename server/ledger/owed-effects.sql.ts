import sql, { raw } from 'sql-template-tag';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row } from '../db/port.ts';
import { notParked } from './dry-run.sql.ts';
import type { Level } from './rows.ts';

export interface OwedEffectRow extends Row {
  lane: number;
  seq: number;
  origin_id: number;
  person_id: number;
  /** Null: the pointer joins nothing any more (rule 8). */
  level: Level | null;
  hashes: number;
  /** Of a removal: how many of its hashes nobody holds at the target. */
  free: number;
}

/** Where a page ended. */
export type OwedPlace = Pick<OwedEffectRow, 'lane' | 'seq' | 'origin_id' | 'person_id'>;

export interface OwedPage {
  readonly after: OwedPlace;
  readonly limit: number;
}

/** Targets of a destination that calls are made for. */
export const sendableTargets = (q: Queryable, destinationId: DestinationId) =>
  q.query<{ target_id: TargetId }>(sql`
    select target_id from targets where destination_id = ${destinationId} and state in ('unresolved', 'ready', 'leaving')
    order by target_id`);

/** What is owed at a target, of `limit` pointers behind a place. `offset 0` as in countHolders and readOwed. */
export const selectOwedEffects = (
  q: Queryable,
  { spaceId, targetId }: { spaceId: SpaceId; targetId: TargetId },
  { after, limit }: OwedPage,
) => {
  const free = (type: string) => {
    const [mine, theirs] = [raw(`m.${type}`), raw(`am.${type}`)];
    return sql`(m.level = 0 and ${mine} is not null and not exists (
      select 1 from (select * from memberships am where ${theirs} = ${mine} offset 0) h
      where h.space_id = m.space_id and h.target_id = m.target_id and h.level = 1 and ${notParked('h')}))::int`;
  };
  return q.query<OwedEffectRow>(sql`
    select c.lane, c.seq, c.origin_id, c.person_id, m.level, num_nonnulls(m.email, m.phone, m.idfa, m.aaid)::int as hashes,
      ${free('email')} + ${free('phone')} + ${free('idfa')} + ${free('aaid')} as free
    from (
      select * from changes
      where space_id = ${spaceId} and target_id = ${targetId}
        and (lane, seq, origin_id, person_id) > (${after.lane}::smallint, ${after.seq}::bigint, ${after.origin_id}::bigint, ${after.person_id}::bigint)
      order by lane, seq, origin_id, person_id limit ${limit}
    ) c
    left join lateral (
      select * from memberships am where am.space_id = c.space_id and am.target_id = c.target_id
        and am.origin_id = c.origin_id and am.person_id = c.person_id and am.seq = c.seq offset 0
    ) m on true
    order by c.lane, c.seq, c.origin_id, c.person_id`);
};
