/**
 * The hashes of a call, as `requests.payload` keeps them: the proof of what TikTok was told, and what a new lease holder
 * makes doubts of (rule 11). Compact, because every call has one: 8 bytes of target, 1 byte that says which of the four
 * types follow, 32 bytes each.
 */
import type { TargetId } from '../../contract/ids.ts';

export interface ToldRow {
  readonly targetId: TargetId;
  /** By type: e-mail, phone, idfa, aaid. */
  readonly hashes: readonly (Buffer | null)[];
}

const hashBytes = 32;
const headBytes = 9;

export function packRows(rows: readonly ToldRow[]): Buffer {
  const parts: Buffer[] = [];
  for (const { targetId, hashes } of rows) {
    const head = Buffer.alloc(headBytes);
    head.writeDoubleBE(targetId, 0);
    head[8] = hashes.reduce((mask, hash, type) => (hash ? mask | (1 << type) : mask), 0);
    parts.push(head);
    for (const hash of hashes) if (hash) parts.push(hash);
  }
  return Buffer.concat(parts);
}

export function unpackRows(payload: Buffer): ToldRow[] {
  const rows: ToldRow[] = [];
  for (let at = 0; at < payload.length; ) {
    const targetId = payload.readDoubleBE(at) as TargetId;
    const mask = payload[at + 8] ?? 0;
    at += headBytes;
    const hashes = [0, 1, 2, 3].map((type) => {
      if (!(mask & (1 << type))) return null;
      const hash = payload.subarray(at, at + hashBytes);
      at += hashBytes;
      return hash;
    });
    rows.push({ targetId, hashes });
  }
  return rows;
}
