import sql from 'sql-template-tag';
import type { DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export const insertState = (
  tx: Tx,
  row: {
    hash: Buffer;
    spaceId: SpaceId;
    destinationId: DestinationId;
    owner: string;
    returnTo: string;
    expiresAt: Date;
  },
) =>
  tx.query(sql`
    insert into oauth_states (state_hash, space_id, destination_id, owner, return_to, expires_at)
    values (${row.hash}, ${row.spaceId}, ${row.destinationId}, ${row.owner}, ${row.returnTo}, ${row.expiresAt})`);

export type StateRow = {
  space_id: SpaceId;
  destination_id: DestinationId;
  owner: string;
  return_to: string;
  expires_at: Date;
};

/** Takes the state for good: of two callbacks at once one gets the row (T1: single use). */
export const setStateUsed = (tx: Tx, hash: Buffer, at: Date) =>
  tx.query<StateRow>(sql`
    update oauth_states set used_at = ${at} where state_hash = ${hash} and used_at is null
    returning space_id, destination_id, owner, return_to, expires_at`);

export const selectStateUsed = (q: Queryable, hash: Buffer) =>
  q.query<{ used_at: Date | null }>(sql`select used_at from oauth_states where state_hash = ${hash}`);

export const deleteOldStates = (tx: Tx, before: Date) =>
  tx.query(sql`delete from oauth_states where expires_at < ${before}`);

export const updateConnection = (
  tx: Tx,
  row: {
    destinationId: DestinationId;
    spaceId: SpaceId;
    sealed: Buffer;
    advertiserIds: string[];
    scopes: number[];
    at: Date;
    pausedReason: string | null;
  },
) =>
  tx.query<{ destination_id: DestinationId }>(sql`
    update destinations set access_token = ${row.sealed}, advertiser_ids = ${row.advertiserIds}::text[],
      scopes = ${row.scopes}::integer[], connected_at = ${row.at}, paused_reason = ${row.pausedReason}::text,
      paused_code = null, paused_at = case when ${row.pausedReason}::text is null then null else ${row.at}::timestamptz end,
      updated_at = ${row.at}
    where destination_id = ${row.destinationId} and space_id = ${row.spaceId} and deleted_at is null
    returning destination_id`);

export const clearConnection = (tx: Tx, destinationId: DestinationId, at: Date) =>
  tx.query<{ destination_id: DestinationId }>(sql`
    update destinations set access_token = null, scopes = '{}', connected_at = null, updated_at = ${at}
    where destination_id = ${destinationId} and access_token is not null
    returning destination_id`);

export const selectSealedToken = (q: Queryable, destinationId: DestinationId) =>
  q.query<{ access_token: Buffer | null }>(sql`
    select access_token from destinations where destination_id = ${destinationId}`);

/** Only while the connection is the one that failed: an answer to an old token must not stop a new one. */
export const updatePaused = (
  tx: Tx,
  row: { destinationId: DestinationId; connectedAt: Date | null; reason: string; code: number | null; at: Date },
) =>
  tx.query<{ destination_id: DestinationId }>(sql`
    update destinations set paused_reason = ${row.reason}, paused_code = ${row.code}, paused_at = ${row.at},
      updated_at = ${row.at}
    where destination_id = ${row.destinationId} and connected_at is not distinct from ${row.connectedAt}
      and paused_reason is null
    returning destination_id`);

export const clearPaused = (tx: Tx, destinationId: DestinationId, at: Date) =>
  tx.query<{ destination_id: DestinationId }>(sql`
    update destinations set paused_reason = null, paused_code = null, paused_at = null, updated_at = ${at}
    where destination_id = ${destinationId} and paused_reason is not null
    returning destination_id`);
