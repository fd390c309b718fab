import sql from 'sql-template-tag';
import type { AudienceId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

export interface SizeChange {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly by: number;
  /** The time of the latest event among those that changed it; null: no event did. */
  readonly at: Date | null;
}

/**
 * Adds to the number of members, in the transaction that changes them. Into the slot of this connection's backend, so that
 * two micro-batches at once do not wait for each other (docs/decisions/0013).
 */
export async function addToSizes(tx: Tx, changes: readonly SizeChange[]): Promise<void> {
  if (changes.length === 0) return;
  const column = <V>(pick: (change: SizeChange) => V): V[] => changes.map(pick);
  await tx.query(sql`
    insert into audience_sizes as s (space_id, audience_id, slot, members, changed_at)
    select k.space_id, k.audience_id, pg_backend_pid() % 64, k.by, k.at
    from unnest(${column((c) => c.spaceId)}::bigint[], ${column((c) => c.audienceId)}::bigint[], ${column((c) => c.by)}::bigint[],
      ${column((c) => c.at)}::timestamptz[])
      as k (space_id, audience_id, by, at)
    order by k.space_id, k.audience_id
    on conflict (space_id, audience_id, slot) do update set members = s.members + excluded.members,
      changed_at = greatest(s.changed_at, excluded.changed_at)`);
}

export interface SizeRow extends Row {
  audience_id: AudienceId;
  members: number;
  changed_at: Date | null;
}

/** Present members, of those audiences that ever had any. */
export const selectSizes = (q: Queryable, spaceId: SpaceId, audienceIds: readonly AudienceId[]) =>
  q.query<SizeRow>(sql`
    select audience_id, sum(members)::bigint as members, max(changed_at) as changed_at from audience_sizes
    where space_id = ${spaceId} and audience_id = any(${audienceIds}::bigint[])
    group by audience_id order by audience_id`);
