import sql, { empty } from 'sql-template-tag';
import type { SpaceId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import type { Released } from './level.ts';
import { recountKept } from './tallies.sql.ts';

/**
 * Rule 12: what a producer that goes has put at TikTok, or what was kept there earlier. `keep` leaves it there, remembered
 * as kept; `remove` owes its removal, on the backfill lane, without writing exit times. A dry run does the same with
 * LedgerDraft.release.
 * @returns how many rows changed
 */
export async function releaseRows(tx: Tx, spaceId: SpaceId, what: Released): Promise<number> {
  const { destinationId, people, onlyKept } = what;
  const levels = onlyKept ? [2] : people === 'keep' ? [1] : [1, 2];
  const rows = await tx.query<{ n: number }>(sql`
    with changed as (
      update memberships m set level = ${people === 'keep' ? 2 : 0}, seq = nextval('change_seq'), settled_at = null
      from targets t
      where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone'
        and m.space_id = t.space_id and m.target_id = t.target_id and m.level = any(${levels}::smallint[])
        ${what.targetId === undefined ? empty : sql`and m.target_id = ${what.targetId}`}
        ${what.mappingId === undefined ? empty : sql`and m.mapping_id = ${what.mappingId}`}
        ${what.originId === undefined ? empty : sql`and m.origin_id = ${what.originId}`}
      returning m.space_id, m.target_id, m.origin_id, m.person_id, m.seq
    ), owed as (
      insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
      select space_id, target_id, 1, seq, origin_id, person_id from changed returning 1
    ) select count(*) as n from owed`);
  await recountKept(tx, { spaceId, destinationId });
  return rows[0]?.n ?? 0;
}
