import type { SourceId, SpaceId } from '../../contract/ids.ts';
import type { SourceKind } from '../../contract/segment-event.ts';
import type { Db } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Secret, Vault } from '../kernel/secret.ts';
import { hashWriteKey } from './credentials.ts';
import { freshCache } from './fresh-cache.ts';
import type { IngestLimits } from './limits.ts';
import { type SenderRow, selectKeyHolders, selectWebhookSources } from './sources.sql.ts';
import { webhookSecretPlace } from './sources.ts';

/** Who sends: the source behind a write key or a webhook path. */
export interface Sender {
  readonly spaceId: SpaceId;
  readonly sourceId: SourceId;
  readonly kind: SourceKind;
  readonly enabled: boolean;
}

export interface Senders {
  byWriteKey(key: string): Promise<Sender | undefined>;
  /** A source with a webhook secret. */
  byWebhook(sourceId: SourceId): Promise<{ sender: Sender; secret: Secret } | undefined>;
}

/** Real keys are few; the room is for what strangers make up, about 2 MB. */
const entriesMax = 10_000;
/** Longer ones are nobody's: Segment's have 32 characters. */
const writeKeyLengthMax = 200;

/** Sources from memory, at most `keyFresh` old: so a revoked key stops within that time on every node (T9). */
export function createSenders(parts: { db: Db; clock: Clock; vault: Vault; limits: IngestLimits }): Senders {
  const { db, clock, vault, limits } = parts;
  const fresh = { clock, foundFresh: limits.keyFresh, missingFresh: limits.unknownKeyFresh, entriesMax };
  const keys = freshCache<Sender>({
    ...fresh,
    load: async (hashes) => {
      const rows = await selectKeyHolders(
        db,
        hashes.map((hash) => Buffer.from(hash, 'hex')),
      );
      return new Map(rows.map((row) => [row.key_hash.toString('hex'), toSender(row)]));
    },
  });
  const webhooks = freshCache<{ sender: Sender; secret: Secret }>({
    ...fresh,
    load: async (ids) => {
      const rows = await selectWebhookSources(
        db,
        ids.map((id) => Number(id) as SourceId),
      );
      return new Map(
        rows.flatMap((row) => {
          const secret = vault.open(webhookSecretPlace(row.source_id), row.webhook_secret);
          return secret.ok ? [[String(row.source_id), { sender: toSender(row), secret: secret.value }]] : [];
        }),
      );
    },
  });
  return {
    byWriteKey: async (key) =>
      key.length > writeKeyLengthMax ? undefined : keys.find(hashWriteKey(key).toString('hex')),
    byWebhook: (sourceId) => webhooks.find(String(sourceId)),
  };
}

const toSender = (row: SenderRow): Sender => ({
  spaceId: row.space_id,
  sourceId: row.source_id,
  kind: row.kind,
  enabled: row.enabled,
});
