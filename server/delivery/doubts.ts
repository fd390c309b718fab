/** Rule 11: a doubt is about a hash. When its time has come the hash's level is asserted: held by anyone, add; else delete. */
import type { Tx } from '../db/port.ts';
import { owed } from '../ledger/ledger.ts';
import { whereAllAreThere } from './audience-check.ts';
import { keysOf, mappingBatch, type ReadyTarget } from './batch.ts';
import { announceInTime } from './keep-lease.ts';
import { holdsLease, leaseOutlives } from './leases.sql.ts';
import { packRows, unpackRows } from './payload.ts';
import { reactAlike } from './react.ts';
import { finishRequest, insertRequest, openRequests } from './requests.sql.ts';
import { backOff, type DeliveryDeps, type Run, waitKey } from './run.ts';
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
  const now = new Date(deps.clock.now());
  const due = await owed.dueDoubts(deps.db, { spaceId: run.spaceId, targetId: target.id }, now, limit);
  const claimed = due.filter((doubt) => run.claims.take(keysOf(target.id, hashesOf(doubt))));
  try {
    for (const action of ['add', 'delete'] as const) await assertAll(deps, run, { target, action, doubts: claimed });
  } finally {
    for (const doubt of claimed) run.claims.release(keysOf(target.id, hashesOf(doubt)));
  }
  return claimed.length > 0;
}

const hashesOf = (doubt: owed.Doubt): (Buffer | null)[] =>
  [0, 1, 2, 3].map((type) => (type === doubt.type ? doubt.hash : null));

interface Assertion {
  readonly target: ReadyTarget;
  readonly action: 'add' | 'delete';
  readonly doubts: readonly owed.Doubt[];
}

async function assertAll(deps: DeliveryDeps, run: Run, what: Assertion): Promise<void> {
  if (what.doubts.length === 0 || run.stop.signal.aborted) return;
  const { target, action } = what;
  const slot = await deps.tiktok.budget.take(target.advertiserId, run.stop.signal);
  if (!slot) return;
  const announced = await announceInTime(deps, run, (tx) => announceDoubts(tx, deps, run, what));
  if (!announced) return;
  const rows = announced.doubts.map((doubt) => ({ target, hashes: hashesOf(doubt) }));
  const call = { token: run.token, deadlineMs: deps.settings.callTimeout, slot };
  const answer = await deps.tiktok.mapping(call, mappingBatch(action, rows));
  const { kind } = answer.outcome;
  const refusedAlone = (kind === 'refused' || kind === 'split') && announced.doubts.length === 1;
  await deps.db.transaction(async (tx) => {
    if (!(await holdsLease(tx, run))) return run.stop.abort();
    await finishRequest(tx, announced.requestNo, endOf(answer), new Date(deps.clock.now()));
    // Removed only if it is still the one read; anything but a clear answer leaves it to come due again. What TikTok
    // refuses on its own it does not hold either.
    if (kind === 'ok' || refusedAlone) await owed.removeDoubts(tx, run.spaceId, announced.doubts);
    return undefined;
  });
  const at = { advertiserId: target.advertiserId, targets: [target] };
  switch (await reactAlike(deps, run, at, answer)) {
    case undefined:
    case 'ok':
      return undefined;
    case 'refused':
    case 'split':
      // Its doubt is gone with the answer: nothing is left that the ad account would have to wait for.
      if (refusedAlone) return undefined;
      return assertHalves(deps, run, { ...what, doubts: announced.doubts });
    case 'retry':
      return backOff(deps, run, waitKey(target), 'fast');
    case 'gone':
      // I6: one that is gone is blocked; its doubts must not come before everything else of the ad account for ever.
      if (await whereAllAreThere(deps, run, [target])) backOff(deps, run, waitKey({ targetId: target.id }), 'fast');
      return undefined;
  }
}

/** One hash that TikTok refuses must not keep the others from being asserted (I7). */
async function assertHalves(deps: DeliveryDeps, run: Run, what: Assertion): Promise<void> {
  const middle = Math.ceil(what.doubts.length / 2);
  await assertAll(deps, run, { ...what, doubts: what.doubts.slice(0, middle) });
  await assertAll(deps, run, { ...what, doubts: what.doubts.slice(middle) });
}

async function announceDoubts(tx: Tx, deps: DeliveryDeps, run: Run, { target, action, doubts }: Assertion) {
  if (!(await leaseOutlives(tx, run, deps.settings.callTimeout, deps.virtualNow()))) {
    run.stop.abort();
    return undefined;
  }
  // Kept people hold nothing against others' removals, but a lost call is no reason to remove them either (rule 5).
  const held = await owed.heldHashes(tx, run.spaceId, doubts, 'present or kept');
  const mine = doubts.filter((_, i) => held.has(i) === (action === 'add'));
  if (mine.length === 0) return undefined;
  const startedAt = new Date(deps.clock.now());
  // The time is moved on before the call, so that a sender that dies in it leaves a doubt that comes due again.
  const movedTo = new Date(startedAt.getTime() + deps.settings.doubtWindow);
  await owed.moveDoubts(tx, run.spaceId, mine, movedTo);
  const rows = mine.map((doubt) => ({ targetId: target.id, hashes: hashesOf(doubt) }));
  const { spaceId, destinationId, fence } = run;
  const place = { spaceId, destinationId, fence, kind: action, advertiserId: target.advertiserId };
  const payload = packRows(rows);
  const requestNo = await insertRequest(tx, { ...place, rows: rows.length, targets: [target.id], payload, startedAt });
  return { requestNo, doubts: mine.map((doubt) => ({ ...doubt, notBefore: movedTo })) };
}
