import sql from 'sql-template-tag';
import type { AudienceId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

export interface SizeChange {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly by: number;
}

/**
 * Adds to the number of members, in the transaction that changes them. Into the slot of this connection's backend, so that
 * two micro-batches at once do not wait for each other (docs/decisions/0013).
 */
export async function addToSizes(tx: Tx, changes: readonly SizeChange[]): Promise<void> {
  if (changes.length === 0) return;
  const column = <V>(pick: (change: SizeChange) => V): V[] => changes.map(pick);
  await tx.query(sql`
    insert into audience_sizes as s (space_id, audience_id, slot, members)
    select k.space_id, k.audience_id, pg_backend_pid() % 64, k.by
    from unnest(${column((c) => c.spaceId)}::bigint[], ${column((c) => c.audienceId)}::bigint[], ${column((c) => c.by)}::bigint[])
      as k (space_id, audience_id, by)
    order by k.space_id, k.audience_id
    on conflict (space_id, audience_id, slot) do update set members = s.members + excluded.members`);
}

export interface SizeRow extends Row {
  audience_id: AudienceId;
  members: number;
}

/** Present members, of those audiences that ever had any. */
export const selectSizes = (q: Queryable, spaceId: SpaceId, audienceIds: readonly AudienceId[]) =>
  q.query<SizeRow>(sql`
    select audience_id, sum(members)::bigint as members from audience_sizes
    where space_id = ${spaceId} and audience_id = any(${audienceIds}::bigint[])
    group by audience_id order by audience_id`);
