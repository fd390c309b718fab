import type { SourceId, SpaceId } from '../../contract/ids.ts';
import type { SourceKind } from '../../contract/segment-event.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock, Instant } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import { Secret, type Vault } from '../kernel/secret.ts';
import { hashWriteKey } from './credentials.ts';
import {
  insertSource,
  insertWriteKey,
  markAllKeysRevoked,
  markKeyRevoked,
  markSourceDeleted,
  type SourceRow,
  selectSlugHolder,
  selectSource,
  selectSources,
  selectWriteKeys,
  updateSourceRow,
  updateWebhookSecret,
  type WriteKeyId,
  type WriteKeyRow,
} from './sources.sql.ts';

export interface Source {
  readonly spaceId: SpaceId;
  readonly sourceId: SourceId;
  readonly slug: string;
  readonly name: string;
  readonly kind: SourceKind;
  readonly enabled: boolean;
  readonly hasWebhookSecret: boolean;
  readonly createdAt: Instant;
  readonly writeKeys: readonly WriteKey[];
}

export interface WriteKey {
  readonly keyId: WriteKeyId;
  /** The first four characters, so that people can tell keys apart. */
  readonly prefix: string;
  /** Of website and mobile sources, whose snippets show it; other keys are shown once, by what made them. */
  readonly key: Secret | undefined;
  readonly createdAt: Instant;
}

export interface SourceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: Vault;
}

export interface NewSource {
  readonly spaceId: SpaceId;
  readonly slug: string;
  readonly name: string;
  readonly kind: SourceKind;
  readonly enabled?: boolean;
}

/** A new source with its first write key in plain text: of a server or webhook source this is the only time. */
export async function createSource(
  tx: Tx,
  deps: SourceDeps,
  source: NewSource,
): Promise<Result<{ source: Source; writeKey: Secret }, 'slug taken'>> {
  const at = new Date(deps.clock.now());
  const [row] = await insertSource(tx, { ...source, enabled: source.enabled ?? true, at });
  if (!row) return err('slug taken');
  const made = await addKey(tx, deps, row);
  return ok({ source: toSource(row, [made.writeKey]), writeKey: made.plain });
}

/** The sources of a space, oldest first. */
export async function listSources(q: Queryable, deps: Pick<SourceDeps, 'vault'>, spaceId: SpaceId): Promise<Source[]> {
  const rows = await selectSources(q, spaceId);
  const keys = await keysOf(q, deps, rows);
  return rows.map((row) => toSource(row, keys.get(row.source_id) ?? []));
}

/** A source that is not deleted. Its `spaceId` decides who may see it: the caller checks. */
export async function getSource(
  q: Queryable,
  deps: Pick<SourceDeps, 'vault'>,
  sourceId: SourceId,
): Promise<Source | undefined> {
  const rows = await selectSource(q, sourceId);
  const keys = await keysOf(q, deps, rows);
  return rows.map((row) => toSource(row, keys.get(row.source_id) ?? []))[0];
}

export interface SourceChange {
  readonly slug?: string;
  readonly name?: string;
  readonly enabled?: boolean;
  /** The shared secret of Segment's webhook; null takes it away. */
  readonly webhookSecret?: Secret | null;
}

/** Changes what is named. The kind of a source never changes: its keys may be public already. */
export async function updateSource(
  tx: Tx,
  deps: SourceDeps,
  target: { sourceId: SourceId; change: SourceChange },
): Promise<Result<Source, 'not found' | 'slug taken'>> {
  const { sourceId, change } = target;
  const before = await getSource(tx, deps, sourceId);
  if (!before) return err('not found');
  if (change.slug !== undefined) {
    const [holder] = await selectSlugHolder(tx, before.spaceId, change.slug);
    if (holder && holder.source_id !== sourceId) return err('slug taken');
  }
  if (change.webhookSecret !== undefined) {
    const secret = change.webhookSecret;
    await updateWebhookSecret(tx, sourceId, secret && deps.vault.seal(webhookSecretPlace(sourceId), secret));
  }
  await updateSourceRow(tx, sourceId, {
    slug: change.slug ?? null,
    name: change.name ?? null,
    enabled: change.enabled ?? null,
  });
  return ok(must(await getSource(tx, deps, sourceId), 'the source was read in this transaction'));
}

/** Its keys stop working within five seconds on every node. False: there was none. */
export async function deleteSource(tx: Tx, deps: Pick<SourceDeps, 'clock'>, sourceId: SourceId): Promise<boolean> {
  const at = new Date(deps.clock.now());
  const [deleted] = await markSourceDeleted(tx, sourceId, at);
  if (!deleted) return false;
  await markAllKeysRevoked(tx, sourceId, at);
  return true;
}

/** One more key, to change keys without a gap. */
export async function createWriteKey(
  tx: Tx,
  deps: SourceDeps,
  sourceId: SourceId,
): Promise<Result<{ writeKey: WriteKey; plain: Secret }, 'not found'>> {
  const [row] = await selectSource(tx, sourceId);
  return row ? ok(await addKey(tx, deps, row)) : err('not found');
}

/** The key stops working within five seconds on every node. False: there was none. */
export async function revokeWriteKey(
  tx: Tx,
  deps: Pick<SourceDeps, 'clock'>,
  key: { sourceId: SourceId; keyId: WriteKeyId },
): Promise<boolean> {
  const revoked = await markKeyRevoked(tx, key.sourceId, key.keyId, new Date(deps.clock.now()));
  return revoked.length > 0;
}

export const webhookSecretPlace = (sourceId: SourceId): string => `sources/${sourceId}/webhook_secret`;
const writeKeyPlace = (sourceId: SourceId): string => `write_keys/${sourceId}/sealed`;

const isPublic = (kind: SourceKind): boolean => kind === 'website' || kind === 'mobile';

async function addKey(tx: Tx, deps: SourceDeps, source: SourceRow): Promise<{ writeKey: WriteKey; plain: Secret }> {
  const text = newWriteKey(deps.random);
  const plain = new Secret(text);
  const [row] = await insertWriteKey(tx, {
    spaceId: source.space_id,
    sourceId: source.source_id,
    hash: hashWriteKey(text),
    prefix: text.slice(0, 4),
    sealed: isPublic(source.kind) ? deps.vault.seal(writeKeyPlace(source.source_id), plain) : null,
    at: new Date(deps.clock.now()),
  });
  return { writeKey: toWriteKey(must(row, 'an insert returns its row'), deps.vault), plain };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const keyLength = 32;

/** 32 letters and digits like Segment's, 190 bits. A byte beyond the last whole alphabet would favour some: drawn again. */
function newWriteKey(random: Random): string {
  let key = '';
  while (key.length < keyLength)
    for (const byte of random.bytes(keyLength))
      if (byte < 4 * alphabet.length && key.length < keyLength) key += alphabet[byte % alphabet.length];
  return key;
}

async function keysOf(
  q: Queryable,
  deps: Pick<SourceDeps, 'vault'>,
  sources: readonly SourceRow[],
): Promise<Map<SourceId, WriteKey[]>> {
  const ids = sources.map((source) => source.source_id);
  const rows = ids.length === 0 ? [] : await selectWriteKeys(q, ids);
  const keys = new Map<SourceId, WriteKey[]>();
  for (const row of rows) keys.set(row.source_id, [...(keys.get(row.source_id) ?? []), toWriteKey(row, deps.vault)]);
  return keys;
}

function toWriteKey(row: WriteKeyRow, vault: Vault): WriteKey {
  const opened = row.sealed ? vault.open(writeKeyPlace(row.source_id), row.sealed) : undefined;
  return {
    keyId: row.key_id,
    prefix: row.prefix,
    key: opened?.ok ? opened.value : undefined,
    createdAt: row.created_at.getTime() as Instant,
  };
}

const toSource = (row: SourceRow, writeKeys: readonly WriteKey[]): Source => ({
  spaceId: row.space_id,
  sourceId: row.source_id,
  slug: row.slug,
  name: row.name,
  kind: row.kind,
  enabled: row.enabled,
  hasWebhookSecret: row.has_webhook_secret,
  createdAt: row.created_at.getTime() as Instant,
  writeKeys,
});
