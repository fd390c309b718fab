import sql from 'sql-template-tag';
import type { PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Row, Tx } from '../db/port.ts';
import type { Lane, Pointer } from './rows.ts';

interface PointerRow extends Row {
  space_id: SpaceId;
  target_id: TargetId;
  lane: Lane;
  seq: number;
  origin_id: number;
  person_id: PersonId;
}

/**
 * A chunk of pointers in the order of their key, from all targets: those that join nothing are deleted (rule 8: a newer
 * one exists), as sending would do, also where nothing is sent for long. By their place and with look-ups (`offset 0`), since the
 * planner would rather read the tables whole for each chunk (decision 0018). Gives where to go on, undefined at the end.
 */
export async function sweepStalePointers(
  tx: Tx,
  after: Pointer | undefined,
  limit: number,
): Promise<Pointer | undefined> {
  const from = after ?? { spaceId: 0, targetId: 0, lane: 0, seq: 0, originId: 0, personId: 0 };
  const rows = await tx.query<PointerRow>(sql`
    with chunk as materialized (
      select ctid, space_id, target_id, lane, seq, origin_id, person_id from changes
      where (space_id, target_id, lane, seq, origin_id, person_id)
        > (${from.spaceId}::bigint, ${from.targetId}::bigint, ${from.lane}::smallint, ${from.seq}::bigint, ${from.originId}::bigint, ${from.personId}::bigint)
      order by space_id, target_id, lane, seq, origin_id, person_id limit ${limit}
    ), stale as (
      delete from changes where ctid = any(array(
        select k.ctid from chunk k where not exists (
          select 1 from memberships m where m.space_id = k.space_id and m.target_id = k.target_id and m.origin_id = k.origin_id
            and m.person_id = k.person_id and m.seq = k.seq offset 0)))
    )
    select space_id, target_id, lane, seq, origin_id, person_id from chunk
    order by space_id desc, target_id desc, lane desc, seq desc, origin_id desc, person_id desc limit 1`);
  const [last] = rows;
  return (
    last && {
      spaceId: last.space_id,
      targetId: last.target_id,
      lane: last.lane,
      seq: last.seq,
      originId: last.origin_id,
      personId: last.person_id,
    }
  );
}
