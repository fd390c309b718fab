/** Pure: owed pointers into calls under TikTok's limits (tiktok-api.md 4.2, "Limits"). */
import type { MappingId, TargetId } from '../../contract/ids.ts';
import { absent, type Hashes, type owed, type Pointer, present } from '../ledger/ledger.ts';
import type { HashType, MappingBatch } from '../tiktok/tiktok.ts';
import { type Claims, claimKey } from './claims.ts';

/** A target that calls can be made for. */
export interface ReadyTarget {
  readonly id: TargetId;
  readonly tiktokId: string;
  readonly advertiserId: string;
}

/** A pointer on its way: settled when each of its rows was told or parked. */
export interface Task {
  readonly pointer: Pointer;
  readonly keys: readonly string[];
  /** Rows not yet settled, by variant. A set, because a transaction may run twice and settle the same row twice. */
  readonly open: Set<string>;
  /** Calls that still carry rows of it; at 0 its claims are released. */
  calls: number;
}

export interface SendRow {
  readonly task: Task;
  readonly target: ReadyTarget;
  readonly variant: Buffer;
  readonly mappingId: MappingId;
  readonly hashes: Hashes;
}

export interface CallPlan {
  readonly action: 'add' | 'delete';
  readonly rows: readonly SendRow[];
}

export interface Window {
  readonly calls: readonly CallPlan[];
  /** Pointers that need no call: a newer one exists, or the level is kept (rule 8). */
  readonly empty: readonly Pointer[];
}

export interface BatchLimits {
  readonly rows: number;
  /** 1 MB of JSON a call (tiktok-api.md 4.2: what a peer keeps to; TikTok publishes none). */
  readonly bytes: number;
}

/** `read` in the order of sending. Takes the claims of what it plans. */
export function planWindow(
  read: readonly { target: ReadyTarget; owed: readonly owed.Owed[] }[],
  claims: Claims,
  limits: BatchLimits,
): Window {
  const empty: Pointer[] = [];
  const adds: SendRow[] = [];
  const deletes: SendRow[] = [];
  for (const { target, pointer, rows } of inOrder(read)) {
    const telling = rows.filter((row) => row.level === present || row.level === absent);
    if (telling.length === 0) {
      empty.push(pointer);
      continue;
    }
    const keys = [...new Set(telling.flatMap((row) => keysOf(target.id, row.hashes)))];
    // Left for later: a call in flight touches one of its hashes (rule 9).
    if (!claims.take(keys)) continue;
    const task: Task = { pointer, keys, open: new Set(telling.map((row) => row.variant.toString('hex'))), calls: 0 };
    for (const row of telling) {
      const { variant, mappingId, hashes } = row;
      (row.level === present ? adds : deletes).push({ task, target, variant, mappingId, hashes });
    }
  }
  const calls = [...split('add', adds, limits), ...split('delete', deletes, limits)];
  for (const call of calls) for (const task of new Set(call.rows.map((r) => r.task))) task.calls += 1;
  return { calls, empty };
}

type Row = NonNullable<owed.Owed['row']>;

function inOrder(
  read: readonly { target: ReadyTarget; owed: readonly owed.Owed[] }[],
): { target: ReadyTarget; pointer: Pointer; rows: Row[] }[] {
  const groups = new Map<string, { target: ReadyTarget; pointer: Pointer; rows: Row[] }>();
  for (const { target, owed } of read) {
    for (const { pointer, row } of owed) {
      const key = `${pointer.targetId} ${pointer.lane} ${pointer.seq} ${pointer.originId} ${pointer.personId}`;
      let group = groups.get(key);
      if (!group) {
        group = { target, pointer, rows: [] };
        groups.set(key, group);
      }
      if (row) group.rows.push(row);
    }
  }
  return [...groups.values()].sort((a, b) => a.pointer.lane - b.pointer.lane || a.pointer.seq - b.pointer.seq);
}

export const keysOf = (targetId: TargetId, hashes: readonly (Buffer | null)[]): string[] =>
  hashes.flatMap((hash, type) => (hash ? [claimKey(targetId, type, hash)] : []));

function split(action: 'add' | 'delete', rows: readonly SendRow[], limits: BatchLimits): CallPlan[] {
  const calls: CallPlan[] = [];
  let from = 0;
  let bytes = 0;
  rows.forEach((row, i) => {
    const size = rowBytes(row);
    if (i > from && (i - from >= limits.rows || bytes + size > limits.bytes)) {
      calls.push({ action, rows: rows.slice(from, i) });
      from = i;
      bytes = 0;
    }
    bytes += size;
  });
  if (from < rows.length) calls.push({ action, rows: rows.slice(from) });
  return calls;
}

/** `{"id":"<64>","audience_ids":["<id>"]},` or `{},` for each of up to four columns, and the row's brackets. */
const rowBytes = ({ hashes, target }: SendRow): number =>
  hashes.reduce((sum, hash) => sum + (hash ? 96 + target.tiktokId.length : 3), 3);

/** The columns of a call: the types that any of its rows has (rows of one schema, tiktok-api.md 4.2; `{}` where one lacks it). */
const schemaOf = (rows: readonly { hashes: readonly (Buffer | null)[] }[]): HashType[] =>
  ([0, 1, 2, 3] as const).filter((type) => rows.some((row) => row.hashes[type]));

/** A call about these rows, which are of one advertiser. */
export function mappingBatch(
  action: 'add' | 'delete',
  rows: readonly { readonly target: ReadyTarget; readonly hashes: readonly (Buffer | null)[] }[],
): MappingBatch {
  const schema = schemaOf(rows);
  return {
    advertiserId: rows[0]?.target.advertiserId ?? '',
    action,
    schema,
    rows: rows.map(({ target, hashes }) => ({
      audienceIds: [target.tiktokId],
      hashes: schema.map((type) => hashes[type] ?? null),
    })),
  };
}
