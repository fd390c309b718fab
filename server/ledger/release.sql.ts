import sql, { empty } from 'sql-template-tag';
import type { AudienceId, DestinationId, MappingId, SpaceId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import { recountKept } from './tallies.sql.ts';

/**
 * Rule 12: what a deleted destination, mapping or connection has put at TikTok, when nothing produces it any more. `keep`
 * leaves it there, remembered as kept; `remove` owes its removal, on the backfill lane, without writing exit times.
 * @returns how many rows changed
 */
export async function releaseRows(
  tx: Tx,
  what: { spaceId: SpaceId; destinationId: DestinationId; mappingId?: MappingId; originId?: AudienceId },
  people: 'keep' | 'remove',
): Promise<number> {
  const rows = await tx.query<{ n: number }>(sql`
    with changed as (
      update memberships m set level = ${people === 'keep' ? 2 : 0}, seq = nextval('change_seq'), settled_at = null
      from targets t
      where t.space_id = ${what.spaceId} and t.destination_id = ${what.destinationId} and m.space_id = t.space_id
        and m.target_id = t.target_id and ${people === 'keep' ? sql`m.level = 1` : sql`m.level in (1, 2)`}
        ${what.mappingId === undefined ? empty : sql`and m.mapping_id = ${what.mappingId}`}
        ${what.originId === undefined ? empty : sql`and m.origin_id = ${what.originId}`}
      returning m.space_id, m.target_id, m.origin_id, m.person_id, m.seq
    ), owed as (
      insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
      select space_id, target_id, 1, seq, origin_id, person_id from changed returning 1
    ) select count(*) as n from owed`);
  await recountKept(tx, what);
  return rows[0]?.n ?? 0;
}
