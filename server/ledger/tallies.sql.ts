/** The maintained numbers of an audience at a destination: `ledger_counts`, in slots (docs/decisions/0013). */
import sql, { type Sql } from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';

export interface TallyChange {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly audienceId: AudienceId;
  readonly skipped: number;
  readonly kept: number;
}

/**
 * The end of a statement that changes what is counted. `changes` selects space_id, destination_id, audience_id, skipped and
 * kept, each key once; it is written in the order of the key, into the slot of this connection's backend.
 */
export const intoTallies = (changes: Sql): Sql => sql`
  insert into ledger_counts as c (space_id, destination_id, audience_id, slot, skipped, kept)
  select k.space_id, k.destination_id, k.audience_id, pg_backend_pid() % 64, k.skipped, k.kept from (${changes}) k
  where k.skipped <> 0 or k.kept <> 0
  order by k.space_id, k.destination_id, k.audience_id
  on conflict (space_id, destination_id, audience_id, slot)
  do update set skipped = c.skipped + excluded.skipped, kept = c.kept + excluded.kept`;

export async function addToTallies(tx: Tx, changes: readonly TallyChange[]): Promise<void> {
  if (changes.length === 0) return;
  const column = <V>(pick: (change: TallyChange) => V): V[] => changes.map(pick);
  await tx.query(
    intoTallies(sql`
      select * from unnest(${column((c) => c.spaceId)}::bigint[], ${column((c) => c.destinationId)}::bigint[],
        ${column((c) => c.audienceId)}::bigint[], ${column((c) => c.skipped)}::bigint[], ${column((c) => c.kept)}::bigint[])
        as k (space_id, destination_id, audience_id, skipped, kept)`),
  );
}

/**
 * Counts the kept people of a destination anew: for statements that change rows by the thousand, whose people nobody has
 * read. One snapshot, in which a maintained number and what it counts belong together, so whatever others commit
 * meanwhile is neither lost nor counted twice.
 */
export async function recountKept(
  tx: Tx,
  { spaceId, destinationId }: { spaceId: SpaceId; destinationId: DestinationId },
): Promise<void> {
  await tx.query(
    intoTallies(sql`
      with found as (
        select m.origin_id as audience_id, count(distinct m.person_id) as kept
        from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
        where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and m.level = 2 and m.origin_id <> 0
        group by m.origin_id
      ), maintained as (
        select audience_id, sum(kept)::bigint as kept from ledger_counts
        where space_id = ${spaceId} and destination_id = ${destinationId} group by audience_id
      )
      select ${spaceId}::bigint as space_id, ${destinationId}::bigint as destination_id, audience_id, 0::bigint as skipped,
        coalesce(f.kept, 0) - coalesce(m.kept, 0) as kept
      from found f full join maintained m using (audience_id)`),
  );
}
