import sql from 'sql-template-tag';
import type { Id, SourceId, SpaceId } from '../../contract/ids.ts';
import type { SourceKind } from '../../contract/segment-event.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

export type WriteKeyId = Id<'writeKey'>;

export interface SourceRow extends Row {
  space_id: SpaceId;
  source_id: SourceId;
  slug: string;
  name: string;
  kind: SourceKind;
  enabled: boolean;
  has_webhook_secret: boolean;
  created_at: Date;
}

const sourceColumns = sql`space_id, source_id, slug, name, kind, enabled,
  webhook_secret is not null as has_webhook_secret, created_at`;

/** Nothing comes back where the slug is taken. */
export const insertSource = (
  tx: Tx,
  row: { spaceId: SpaceId; slug: string; name: string; kind: SourceKind; enabled: boolean; at: Date },
) =>
  tx.query<SourceRow>(sql`
    insert into sources (space_id, slug, name, kind, enabled, created_at)
    values (${row.spaceId}, ${row.slug}, ${row.name}, ${row.kind}, ${row.enabled}, ${row.at})
    on conflict (space_id, slug) where deleted_at is null do nothing
    returning ${sourceColumns}`);

export const selectSources = (q: Queryable, spaceId: SpaceId) =>
  q.query<SourceRow>(sql`
    select ${sourceColumns} from sources where space_id = ${spaceId} and deleted_at is null order by source_id`);

export const selectSource = (q: Queryable, sourceId: SourceId) =>
  q.query<SourceRow>(sql`select ${sourceColumns} from sources where source_id = ${sourceId} and deleted_at is null`);

/** Until the transaction ends nobody else changes it: of two editors with one version the later one must see the other. */
export const holdSource = (tx: Tx, sourceId: SourceId) =>
  tx.query(sql`select 1 from sources where source_id = ${sourceId} and deleted_at is null for no key update`);

export const selectSlugHolder = (q: Queryable, spaceId: SpaceId, slug: string) =>
  q.query<{ source_id: SourceId }>(sql`
    select source_id from sources where space_id = ${spaceId} and slug = ${slug} and deleted_at is null`);

/** What is null stays. */
export const updateSourceRow = (
  tx: Tx,
  sourceId: SourceId,
  change: { slug: string | null; name: string | null; enabled: boolean | null },
) =>
  tx.query<SourceRow>(sql`
    update sources set slug = coalesce(${change.slug}::text, slug), name = coalesce(${change.name}::text, name),
      enabled = coalesce(${change.enabled}::boolean, enabled)
    where source_id = ${sourceId} and deleted_at is null
    returning ${sourceColumns}`);

export const updateWebhookSecret = (tx: Tx, sourceId: SourceId, sealed: Buffer | null) =>
  tx.query(sql`update sources set webhook_secret = ${sealed}::bytea where source_id = ${sourceId}`);

export const markSourceDeleted = (tx: Tx, sourceId: SourceId, at: Date) =>
  tx.query<{ source_id: SourceId }>(sql`
    update sources set deleted_at = ${at} where source_id = ${sourceId} and deleted_at is null returning source_id`);

export interface WriteKeyRow extends Row {
  space_id: SpaceId;
  source_id: SourceId;
  key_id: WriteKeyId;
  prefix: string;
  sealed: Buffer | null;
  created_at: Date;
}

export const insertWriteKey = (
  tx: Tx,
  row: { spaceId: SpaceId; sourceId: SourceId; hash: Buffer; prefix: string; sealed: Buffer | null; at: Date },
) =>
  tx.query<WriteKeyRow>(sql`
    insert into write_keys (space_id, source_id, key_hash, prefix, sealed, created_at)
    values (${row.spaceId}, ${row.sourceId}, ${row.hash}, ${row.prefix}, ${row.sealed}::bytea, ${row.at})
    returning space_id, source_id, key_id, prefix, sealed, created_at`);

export const selectWriteKeys = (q: Queryable, sourceIds: readonly SourceId[]) =>
  q.query<WriteKeyRow>(sql`
    select space_id, source_id, key_id, prefix, sealed, created_at from write_keys
    where source_id = any(${sourceIds}::bigint[]) and revoked_at is null order by key_id`);

export const markKeyRevoked = (tx: Tx, sourceId: SourceId, keyId: WriteKeyId, at: Date) =>
  tx.query<{ key_id: WriteKeyId }>(sql`
    update write_keys set revoked_at = ${at}
    where source_id = ${sourceId} and key_id = ${keyId} and revoked_at is null returning key_id`);

export const markAllKeysRevoked = (tx: Tx, sourceId: SourceId, at: Date) =>
  tx.query(sql`update write_keys set revoked_at = ${at} where source_id = ${sourceId} and revoked_at is null`);

export interface SenderRow extends Row {
  space_id: SpaceId;
  source_id: SourceId;
  kind: SourceKind;
  enabled: boolean;
}

/** Whose keys these are: live keys of live sources only. */
export const selectKeyHolders = (q: Queryable, hashes: readonly Buffer[]) =>
  q.query<SenderRow & { key_hash: Buffer }>(sql`
    select k.key_hash, s.space_id, s.source_id, s.kind, s.enabled
    from write_keys k join sources s on s.source_id = k.source_id
    where k.key_hash = any(${hashes}::bytea[]) and k.revoked_at is null and s.deleted_at is null`);

export const selectWebhookSources = (q: Queryable, sourceIds: readonly SourceId[]) =>
  q.query<SenderRow & { webhook_secret: Buffer }>(sql`
    select s.space_id, s.source_id, s.kind, s.enabled, s.webhook_secret
    from sources s
    where s.source_id = any(${sourceIds}::bigint[]) and s.deleted_at is null and s.webhook_secret is not null`);
