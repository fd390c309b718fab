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
