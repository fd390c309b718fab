import sql from 'sql-template-tag';
import type { SpaceId, TokenId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export type SpaceRow = { space_id: SpaceId; slug: string; name: string; created_at: Date };

export const insertSpace = (tx: Tx, row: { slug: string; name: string; at: Date }) =>
  tx.query<SpaceRow>(sql`
    insert into spaces (slug, name, created_at) values (${row.slug}, ${row.name}, ${row.at})
    on conflict (slug) do nothing returning space_id, slug, name, created_at`);

export const updateSpaceRow = (tx: Tx, row: { id: SpaceId; name: string }) =>
  tx.query<SpaceRow>(sql`
    update spaces set name = ${row.name} where space_id = ${row.id} returning space_id, slug, name, created_at`);

export const selectSpace = (q: Queryable, id: SpaceId) =>
  q.query<SpaceRow>(sql`select space_id, slug, name, created_at from spaces where space_id = ${id}`);

/** `only` null: all spaces. */
export const selectSpaces = (q: Queryable, only: readonly SpaceId[] | null, page: { after: number; limit: number }) =>
  q.query<SpaceRow>(sql`
    select space_id, slug, name, created_at from spaces
    where (${only}::bigint[] is null or space_id = any(${only}::bigint[])) and space_id > ${page.after}
    order by space_id limit ${page.limit}`);

export const countSpaces = (q: Queryable, only: readonly SpaceId[] | null) =>
  q.query<{ count: number }>(sql`
    select count(*) as count from spaces where (${only}::bigint[] is null or space_id = any(${only}::bigint[]))`);

export type TokenRow = {
  token_id: TokenId;
  space_id: SpaceId | null;
  name: string;
  role: 'owner' | 'editor' | 'viewer';
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date | null;
};

const tokenColumns = sql`token_id, space_id, name, role, created_at, last_used_at, expires_at`;

export const insertToken = (
  tx: Tx,
  row: { spaceId: SpaceId | null; name: string; role: string; hash: Buffer; at: Date; expiresAt: Date | null },
) =>
  tx.query<TokenRow>(sql`
    insert into api_tokens (space_id, name, role, token_hash, created_at, expires_at)
    values (${row.spaceId}, ${row.name}, ${row.role}, ${row.hash}, ${row.at}, ${row.expiresAt})
    on conflict (token_hash) do nothing returning ${tokenColumns}`);

export const selectTokenByHash = (q: Queryable, hash: Buffer, now: Date) =>
  q.query<TokenRow>(sql`
    select ${tokenColumns} from api_tokens
    where token_hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > ${now})`);

export const selectToken = (q: Queryable, id: TokenId) =>
  q.query<TokenRow>(sql`select ${tokenColumns} from api_tokens where token_id = ${id} and revoked_at is null`);

/** `only` null: tokens of every space and of the whole installation. */
export const selectTokens = (q: Queryable, only: readonly SpaceId[] | null, page: { after: number; limit: number }) =>
  q.query<TokenRow>(sql`
    select ${tokenColumns} from api_tokens
    where revoked_at is null and (${only}::bigint[] is null or space_id = any(${only}::bigint[]))
      and token_id > ${page.after}
    order by token_id limit ${page.limit}`);

export const countTokens = (q: Queryable, only: readonly SpaceId[] | null) =>
  q.query<{ count: number }>(sql`
    select count(*) as count from api_tokens
    where revoked_at is null and (${only}::bigint[] is null or space_id = any(${only}::bigint[]))`);

export const revokeTokenRow = (tx: Tx, id: TokenId, at: Date) =>
  tx.query<{ token_id: TokenId }>(sql`
    update api_tokens set revoked_at = ${at} where token_id = ${id} and revoked_at is null returning token_id`);

/** At most once a minute and token, so that reading costs no write. */
export const touchToken = (q: Queryable, id: TokenId, at: Date, unlessSince: Date) =>
  q.query(sql`
    update api_tokens set last_used_at = ${at}
    where token_id = ${id} and (last_used_at is null or last_used_at < ${unlessSince})`);

/** The value that stands afterwards: ours where there was none. */
export const ensureSetting = (tx: Tx, name: string, value: string) =>
  tx.query<{ value: string }>(sql`
    insert into instance_settings (name, value) values (${name}, ${value})
    on conflict (name) do update set value = instance_settings.value returning value`);
