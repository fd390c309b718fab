/** Rule 11: a doubt is about a hash. When its time has come the hash's level is asserted: held by anyone, add; else delete. */
import { owed } from '../ledger/ledger.ts';
import { keysOf, type ReadyTarget, schemaOf } from './batch.ts';
import { holdsLease, leaseOutlives } from './leases.sql.ts';
import { packRows, unpackRows } from './payload.ts';
import { finishRequest, insertRequest, openRequests } from './requests.sql.ts';
import type { DeliveryDeps, Run } from './run.ts';
import { endOf } from './send.ts';

/** What predecessors left open becomes doubts before anything else is sent (rule 11; I1). */
export async function recover(deps: DeliveryDeps, run: Run): Promise<void> {
  await deps.db.transaction(async (tx) => {
    if (!(await holdsLease(tx, run))) return run.stop.abort();
    const now = new Date(deps.clock.now());
    for (const request of await openRequests(tx, run.destinationId, run.fence)) {
      const hashes = (request.payload ? unpackRows(request.payload) : []).flatMap((row) =>
        row.hashes.flatMap((hash, type) => (hash ? [{ targetId: row.targetId, type, hash }] : [])),
      );
      await owed.addDoubts(tx, run.spaceId, hashes, new Date(now.getTime() + deps.settings.doubtWindow));
      const message = 'the sender stopped before it knew the answer';
      const end = { outcome: 'unknown', httpStatus: null, code: null, message, requestId: null, durationMs: null };
      await finishRequest(tx, request.request_no, end, now);
    }
  });
}

/** Asserts the due doubts of one target, one call an action. Gives whether any were there. */
export async function assertDoubts(deps: DeliveryDeps, run: Run, target: ReadyTarget, limit: number): Promise<boolean> {
  const due = await owed.dueDoubts(
    deps.db,
    { spaceId: run.spaceId, targetId: target.id },
    new Date(deps.clock.now()),
    limit,
  );
  const claimed = due.filter((doubt) => run.claims.take(keysOf(target.id, hashesOf(doubt))));
  try {
    for (const action of ['add', 'delete'] as const) {
      if (claimed.length && !run.stop.signal.aborted) await assertAll(deps, run, { target, action, doubts: claimed });
    }
  } finally {
    for (const doubt of claimed) run.claims.release(keysOf(target.id, hashesOf(doubt)));
  }
  return claimed.length > 0;
}

const hashesOf = (doubt: owed.Doubt): (Buffer | null)[] =>
  [0, 1, 2, 3].map((type) => (type === doubt.type ? doubt.hash : null));

async function assertAll(
  deps: DeliveryDeps,
  run: Run,
  what: { target: ReadyTarget; action: 'add' | 'delete'; doubts: readonly owed.Doubt[] },
): Promise<void> {
  const { target, action } = what;
  const slot = await deps.tiktok.budget.take(target.advertiserId, run.stop.signal);
  if (!slot) return;
  const announced = await deps.db.transaction(async (tx) => {
    if (!(await leaseOutlives(tx, run, deps.settings.callTimeout, deps.virtualNow()))) return run.stop.abort();
    const held = await owed.heldHashes(tx, run.spaceId, what.doubts);
    const mine = what.doubts.filter((_, i) => held.has(i) === (action === 'add'));
    if (mine.length === 0) return undefined;
    const startedAt = new Date(deps.clock.now());
    // The time is moved on before the call, so that a sender that dies in it leaves a doubt that comes due again.
    const movedTo = new Date(startedAt.getTime() + deps.settings.doubtWindow);
    await owed.moveDoubts(tx, run.spaceId, mine, movedTo);
    const rows = mine.map((doubt) => ({ targetId: target.id, hashes: hashesOf(doubt) }));
    const { spaceId, destinationId, fence } = run;
    const place = { spaceId, destinationId, fence, kind: action, advertiserId: target.advertiserId };
    const requestNo = await insertRequest(tx, {
      ...place,
      rows: rows.length,
      pointers: [],
      payload: packRows(rows),
      startedAt,
    });
    return { requestNo, rows, doubts: mine.map((doubt) => ({ ...doubt, notBefore: movedTo })) };
  });
  if (!announced) return;
  const schema = schemaOf(announced.rows);
  const answer = await deps.tiktok.mapping(
    { token: run.token, deadlineMs: deps.settings.callTimeout, slot },
    {
      advertiserId: target.advertiserId,
      action,
      schema,
      rows: announced.rows.map((row) => ({
        audienceIds: [target.tiktokId],
        hashes: schema.map((type) => row.hashes[type] ?? null),
      })),
    },
  );
  await deps.db.transaction(async (tx) => {
    if (!(await holdsLease(tx, run))) return run.stop.abort();
    await finishRequest(tx, announced.requestNo, endOf(answer), new Date(deps.clock.now()));
    // Removed only if it is still the one read; anything but a clear yes leaves it to come due again.
    if (answer.outcome.kind === 'ok') await owed.removeDoubts(tx, run.spaceId, announced.doubts);
    return undefined;
  });
}
