import sql from 'sql-template-tag';
import type { DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

/**
 * Leases and nodes go by the database's clock, so that a node whose own clock is wrong takes nothing early
 * (reliability.md 5, "Clock jumps"). A simulation gives its own time instead of null.
 */
export type VirtualNow = Date | null;

const now = (virtual: VirtualNow) => sql`coalesce(${virtual}::timestamptz, clock_timestamp())`;
const after = (virtual: VirtualNow, ms: number) => sql`${now(virtual)} + ${ms}::float8 * interval '1 millisecond'`;

export interface LeasePlace {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly holder: string;
}

/** Takes a lease that is free or has run out; the fence goes up with every holder. */
export async function takeLease(
  q: Queryable,
  place: LeasePlace,
  ms: number,
  virtual: VirtualNow,
): Promise<number | undefined> {
  const rows = await q.query<{ fence: number }>(sql`
    insert into leases as l (space_id, destination_id, fence, holder, valid_until)
    values (${place.spaceId}, ${place.destinationId}, 1, ${place.holder}, ${after(virtual, ms)})
    on conflict (destination_id) do update set fence = l.fence + 1, holder = excluded.holder, valid_until = excluded.valid_until
    where l.valid_until <= ${now(virtual)}
    returning fence`);
  return rows[0]?.fence;
}

/** Also after it ran out, as long as nobody took it. */
export async function renewLease(
  q: Queryable,
  place: LeasePlace & { fence: number },
  ms: number,
  virtual: VirtualNow,
): Promise<boolean> {
  const rows = await q.query(sql`
    update leases set valid_until = ${after(virtual, ms)}
    where destination_id = ${place.destinationId} and fence = ${place.fence} and holder = ${place.holder} returning 1`);
  return rows.length > 0;
}

export const releaseLease = (q: Queryable, place: LeasePlace & { fence: number }, virtual: VirtualNow) =>
  q.query(sql`
    update leases set valid_until = ${now(virtual)}
    where destination_id = ${place.destinationId} and fence = ${place.fence} and holder = ${place.holder}`);

/** The fence: whether the lease is still ours. Held until the transaction ends, so that nobody takes it in between. */
export async function holdsLease(tx: Tx, place: { destinationId: DestinationId; fence: number }): Promise<boolean> {
  const rows = await tx.query(sql`
    select 1 from leases where destination_id = ${place.destinationId} and fence = ${place.fence} for share`);
  return rows.length > 0;
}

/** Whether the lease is ours and outlives a call of `ms` (rule 11). */
export async function leaseOutlives(
  tx: Tx,
  place: { destinationId: DestinationId; fence: number },
  ms: number,
  virtual: VirtualNow,
): Promise<boolean> {
  const rows = await tx.query(sql`
    select 1 from leases
    where destination_id = ${place.destinationId} and fence = ${place.fence} and valid_until > ${after(virtual, ms)} for share`);
  return rows.length > 0;
}

/**
 * Says that this node lives, forgets the dead, and gives how many share the app's call budget. One node at a time: of two
 * that begin at once, the second one counts the first.
 */
export async function countNodes(
  tx: Tx,
  node: { nodeId: string; deadAfterMs: number },
  virtual: VirtualNow,
): Promise<number> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended('usher nodes ' || current_schema(), 0))`);
  await tx.query(sql`
    insert into nodes (node_id, seen_at) values (${node.nodeId}, ${now(virtual)})
    on conflict (node_id) do update set seen_at = excluded.seen_at`);
  await tx.query(sql`delete from nodes where seen_at < ${after(virtual, -node.deadAfterMs)}`);
  const rows = await tx.query<{ n: number }>(sql`select count(*) as n from nodes`);
  return rows[0]?.n ?? 1;
}

export const forgetNode = (q: Queryable, nodeId: string) => q.query(sql`delete from nodes where node_id = ${nodeId}`);
