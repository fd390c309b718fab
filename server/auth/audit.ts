import { createHash } from 'node:crypto';
import type { SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import {
  type AuditFilter,
  type AuditRow,
  countAudit,
  insertAudit,
  lockAuditHead,
  type NewAuditRow,
  selectAudit,
  selectAuditHead,
  selectChain,
} from './audit.sql.ts';

export type { AuditFilter };

export interface AuditEntry {
  id: number;
  spaceId: SpaceId | null;
  at: Date;
  /** 'user:3', 'token:12', 'system'. */
  actor: string;
  /** What the person or token is called now; null: nobody of that kind, 'system'. */
  actorName: string | null;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  /** Where the request came from; empty where nobody asked over the network. */
  address: string;
}

export interface NewAuditEntry {
  spaceId: SpaceId | null;
  actor: string;
  action: string;
  subject: string;
  details?: Record<string, unknown>;
  address?: string;
}

/**
 * Writes what was done, in the transaction that does it (T19). `subject` is the thing's id ('dst_12'); `details` names
 * changed fields, never values of secrets or of people. Rows of one space form a chain of hashes.
 */
export async function audit(tx: Tx, clock: Clock, entry: NewAuditEntry): Promise<void> {
  const row = { address: '', ...entry, details: entry.details ?? {}, at: new Date(clock.now()) };
  const chain = entry.spaceId ?? 0;
  const [head] = await lockAuditHead(tx, chain);
  const previous = must(head, 'an upsert gives its row').hash;
  await insertAudit(tx, row, { chain, hash: nextHash(previous, row) });
}

/** Newest first; `before` is the id of the last entry seen. */
export async function listAudit(
  q: Queryable,
  filter: AuditFilter,
  page: { before: number; limit: number },
): Promise<{ items: AuditEntry[]; total: number }> {
  const rows = await selectAudit(q, filter, page);
  const [count] = await countAudit(q, filter);
  return { items: rows.map(rowToEntry), total: count?.count ?? 0 };
}

export type ChainCheck =
  | { verified: true; rows: number }
  | { verified: false; rows: number; firstBroken: number | null };

/** Rows read at once while a chain is walked. */
const walkRows = 1_000;

/**
 * Walks the chain of a space (null: of the installation) and says whether it stands as it was written. `firstBroken` is the
 * first row that does not follow from the one before it; null: rows are missing at the end.
 */
export async function verifyAudit(q: Queryable, spaceId: SpaceId | null): Promise<ChainCheck> {
  const chain = spaceId ?? 0;
  let hash: Buffer = Buffer.alloc(0);
  let rows = 0;
  let after = 0;
  for (;;) {
    const page = await selectChain(q, chain, { after, limit: walkRows });
    for (const row of page) {
      if (row.hash === null && rows === 0) continue; // older than the chain
      hash = nextHash(hash, rowToNew(row));
      rows += 1;
      if (row.hash === null || !hash.equals(row.hash)) return { verified: false, rows, firstBroken: row.entry_id };
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.entry_id;
  }
  const [head] = await selectAuditHead(q, chain);
  const whole = head === undefined ? rows === 0 : head.rows === rows && head.hash.equals(hash);
  return whole ? { verified: true, rows } : { verified: false, rows, firstBroken: null };
}

function nextHash(previous: Buffer, row: NewAuditRow): Buffer {
  const { spaceId, at, actor, action, subject, details, address } = row;
  const text = JSON.stringify([spaceId, at.toISOString(), actor, action, subject, sorted(details), address]);
  return createHash('sha256').update(previous).update(text).digest();
}

/** jsonb gives keys back in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.entries(value).filter(([, part]) => part !== undefined);
  return keys.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sorted(part)]);
}

const rowToNew = (row: AuditRow): NewAuditRow => ({ ...row, spaceId: row.space_id });

const rowToEntry = (row: AuditRow): AuditEntry => ({
  id: row.entry_id,
  spaceId: row.space_id,
  at: row.at,
  actor: row.actor,
  actorName: row.actor_name,
  action: row.action,
  subject: row.subject,
  details: row.details,
  address: row.address,
});
