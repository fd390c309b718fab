/** Rule 11: announce, call, settle. One call to TikTok from its plan to its traces. */
import type { Tx } from '../db/port.ts';
import { owed, type Pointer } from '../ledger/ledger.ts';
import type { Answer, Slot } from '../tiktok/tiktok.ts';
import { mappingBatch, type SendRow } from './batch.ts';
import { addCounts, type DeliveryCount } from './counts.sql.ts';
import { announceInTime } from './keep-lease.ts';
import { holdsLease, leaseOutlives } from './leases.sql.ts';
import { packRows, type ToldRow } from './payload.ts';
import { finishRequest, forgetParked, insertRequest, type RequestEnd } from './requests.sql.ts';
import type { DeliveryDeps, Run } from './run.ts';

export interface Told {
  /** Undefined: no call was made, because nothing had to be told or the lease is not ours. */
  readonly answer: Answer<null> | undefined;
}

interface Announced {
  readonly requestNo: number;
  readonly rows: readonly (SendRow & { readonly told: readonly (Buffer | null)[] })[];
}

/** Tells TikTok these rows of one advertiser in one call. `slot`: the call slot that was taken for it. */
export async function tell(
  deps: DeliveryDeps,
  run: Run,
  plan: { action: 'add' | 'delete'; rows: readonly SendRow[] },
  slot: Slot,
): Promise<Told> {
  const announced = await announceInTime(deps, run, (tx) => announce(tx, deps, run, plan));
  if (!announced) return { answer: undefined };
  deps.reached('delivery: announced, not called');
  const rows = announced.rows.map(({ target, told }) => ({ target, hashes: told }));
  const call = { token: run.token, deadlineMs: deps.settings.callTimeout, slot };
  const answer = await deps.tiktok.mapping(call, mappingBatch(plan.action, rows));
  deps.reached('delivery: called, not settled');
  const accepted =
    answer.outcome.kind === 'ok'
      ? announced.rows
      : answer.outcome.kind === 'partial'
        ? sentBefore(run, announced.rows)
        : [];
  await deps.db.transaction((tx) => settle(tx, deps, run, { action: plan.action, announced, answer, accepted }));
  for (const row of accepted) forgetRow(run, row);
  deps.reached('delivery: settled');
  return { answer };
}

/** Commits what is about to be told, only if the lease is ours and outlives the call. */
async function announce(
  tx: Tx,
  deps: DeliveryDeps,
  run: Run,
  plan: { action: 'add' | 'delete'; rows: readonly SendRow[] },
): Promise<Announced | undefined> {
  if (!(await leaseOutlives(tx, run, deps.settings.callTimeout, deps.virtualNow()))) {
    run.stop.abort();
    return undefined;
  }
  const rows =
    plan.action === 'add'
      ? plan.rows.map((row) => ({ ...row, told: row.hashes }))
      : await withoutHeld(tx, run, plan.rows);
  const telling = rows.filter((row) => row.told.some((hash) => hash !== null));
  if (telling.length < rows.length) {
    await settleRows(tx, deps, run, {
      rows: rows.filter((row) => row.told.every((hash) => hash === null)),
      told: undefined,
    });
  }
  if (telling.length === 0) return undefined;
  const advertiserId = telling[0]?.target.advertiserId ?? '';
  const requestNo = await insertRequest(tx, {
    spaceId: run.spaceId,
    destinationId: run.destinationId,
    fence: run.fence,
    kind: plan.action,
    advertiserId,
    rows: telling.length,
    targets: [...new Set(telling.map((row) => row.target.id))],
    payload: packRows(telling.map(toldRow)),
    startedAt: new Date(deps.clock.now()),
  });
  return { requestNo, rows: telling };
}

/** Rule 10, asked after the claim: a hash that anyone still holds is left out of the delete. */
async function withoutHeld(tx: Tx, run: Run, rows: readonly SendRow[]) {
  const all = rows.flatMap((row, i) =>
    row.hashes.flatMap((hash, type) => (hash ? [{ i, type, hash, targetId: row.target.id }] : [])),
  );
  const held = await owed.heldHashes(tx, run.spaceId, all);
  const kept = new Set(all.filter((_, n) => held.has(n)).map(({ i, type }) => `${i} ${type}`));
  return rows.map((row, i) => ({
    ...row,
    told: row.hashes.map((hash, type) => (kept.has(`${i} ${type}`) ? null : hash)),
  }));
}

/** Valid only under the same fence: whoever lost the lease changes nothing (its successor made doubts of the call). */
async function settle(
  tx: Tx,
  deps: DeliveryDeps,
  run: Run,
  call: { action: 'add' | 'delete'; announced: Announced; answer: Answer<null>; accepted: readonly SendRow[] },
): Promise<void> {
  const { announced, answer } = call;
  if (!(await holdsLease(tx, run))) {
    run.stop.abort();
    return;
  }
  const now = new Date(deps.clock.now());
  const outcome = answer.outcome.kind;
  await finishRequest(tx, announced.requestNo, endOf(answer), now);
  if (call.accepted.length) {
    await settleRows(tx, deps, run, { rows: call.accepted, told: call.action });
  } else if (outcome === 'unknown') {
    // I1, rule 11: TikTok may apply a lost call after a newer one, so each hash is asserted once more after W.
    const hashes = announced.rows.flatMap(({ target, told }) =>
      told.flatMap((hash, type) => (hash ? [{ targetId: target.id, type, hash }] : [])),
    );
    await owed.addDoubts(tx, run.spaceId, hashes, new Date(now.getTime() + deps.settings.doubtWindow));
  }
  if (outcome !== 'ok')
    await addCounts(
      tx,
      [countOf(run, { outcome, code: String(answer.code ?? ''), count: announced.rows.length })],
      now,
    );
}

/**
 * 20001 accepts a call without saying for which rows; sets are idempotent, so rows that were in such a call before have been
 * sent in full by now (tiktok-api.md 4.2). The others are remembered and sent once more.
 */
function sentBefore(run: Run, rows: readonly Announced['rows'][number][]): readonly Announced['rows'][number][] {
  const before = rows.filter((row) => run.memory.partial.has(rowKey(row)));
  for (const row of rows) run.memory.partial.add(rowKey(row));
  return before;
}

function forgetRow(run: Run, row: SendRow): void {
  run.memory.partial.delete(rowKey(row));
  run.memory.suspects.delete(rowKey(row));
}

export const rowKey = (row: SendRow): string =>
  `${row.task.pointer.targetId} ${row.task.pointer.seq} ${row.variant.toString('hex')}`;

/**
 * Takes rows off what is owed; a pointer goes when its last row does. Never a range of seqs (rule 11). `told` undefined:
 * TikTok was told nothing of them (parked, or held by others).
 */
export async function settleRows(
  tx: Tx,
  deps: DeliveryDeps,
  run: Run,
  { rows, told }: { rows: readonly SendRow[]; told: 'add' | 'delete' | undefined },
): Promise<void> {
  const now = new Date(deps.clock.now());
  for (const row of rows) row.task.open.delete(row.variant.toString('hex'));
  const tasks = [...new Set(rows.map((row) => row.task))];
  const done: Pointer[] = tasks.filter((task) => task.open.size === 0).map((task) => task.pointer);
  await owed.deletePointers(tx, done);
  if (told !== 'add') await owed.markSettled(tx, done, now);
  await forgetParked(tx, done);
  if (told === undefined) return;
  const outcome = told === 'add' ? 'added' : 'removed';
  const counts = rows.map((row) => countOf(run, { outcome, code: '', count: 1, mappingId: row.mappingId }));
  await addCounts(tx, counts, now);
}

export const countOf = (
  run: Pick<Run, 'spaceId' | 'destinationId'>,
  what: { outcome: string; code: string; count: number; mappingId?: number },
): DeliveryCount => ({ spaceId: run.spaceId, destinationId: run.destinationId, mappingId: 0, ...what });

export const toldRow = (row: { target: { id: ToldRow['targetId'] }; told: readonly (Buffer | null)[] }): ToldRow => ({
  targetId: row.target.id,
  hashes: row.told,
});

export const endOf = (answer: Answer<unknown>): RequestEnd => ({
  outcome: answer.outcome.kind,
  httpStatus: answer.httpStatus,
  code: answer.code,
  // A text column takes no NUL (22021), and a call must not stay unsettled for TikTok's choice of words.
  message: answer.message.replaceAll('\0', ''),
  requestId: answer.requestId,
  durationMs: Math.round(answer.durationMs),
});
