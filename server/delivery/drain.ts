/** Sends what one advertiser of a destination is owed: a call slot first, then the newest level, then the call. */
import type { TargetId } from '../../contract/ids.ts';
import { owed, type Pointer } from '../ledger/ledger.ts';
import type { Answer, Slot } from '../tiktok/tiktok.ts';
import { type CallPlan, planWindow, type ReadyTarget, type SendRow, type Task } from './batch.ts';
import { isolate } from './isolate.ts';
import { holdsLease } from './leases.sql.ts';
import { reactAlike } from './react.ts';
import { forgetParked } from './requests.sql.ts';
import { backOff, type DeliveryDeps, isWaiting, lenientFor, liveTargets, type Run, succeeded, waitKey } from './run.ts';
import { tell } from './send.ts';

export async function drainAdvertiser(
  deps: DeliveryDeps,
  run: Run,
  advertiserId: string,
  targets: readonly ReadyTarget[],
): Promise<void> {
  const flights = new Set<Promise<void>>();
  const backlog: CallPlan[] = [];
  // When a run's time is over, what was read is still sent: a person whose addition was told and whose removal was not would
  // be told both again by the next run (I5).
  const halted = (): boolean =>
    run.stop.signal.aborted ||
    (backlog.length === 0 && deps.clock.elapsed() >= run.until) ||
    isWaiting(deps, run.memory, advertiserId);
  const live = (): ReadyTarget[] => liveTargets(deps, run, targets);
  const anythingToSend = async (): Promise<boolean> =>
    backlog.length > 0 || (await owed.anyOwed(deps.db, run.destinationId, idsOf(live()), [...run.flying]));
  try {
    while (!halted()) {
      if (flights.size < deps.settings.parallelCalls && (await anythingToSend())) {
        // The slot comes first, so that what is read is as new as the call (rule 8) and batches fill up while it waits.
        const slot = await deps.tiktok.budget.take(advertiserId, run.stop.signal);
        if (!slot || halted()) return;
        const settled = backlog.length === 0 && (await readWindow(deps, run, live(), backlog));
        const plan = backlog.shift();
        if (settled && !plan) continue;
        if (plan) {
          const flight = fly(deps, run, plan, slot).finally(() => flights.delete(flight));
          flights.add(flight);
          continue;
        }
      }
      if (flights.size === 0) return;
      await Promise.race(flights);
    }
  } finally {
    for (const plan of backlog) landed(run, plan.rows);
    await Promise.all(flights);
  }
}

const idsOf = (targets: readonly ReadyTarget[]): TargetId[] => targets.map((target) => target.id);

/** Pointers read of one target at least, when a destination has many. */
const windowPartMin = 50;

/** Reads a window of pointers with their levels and plans calls; settles the pointers that need none. Says whether any did. */
async function readWindow(
  deps: DeliveryDeps,
  run: Run,
  targets: readonly ReadyTarget[],
  backlog: CallPlan[],
): Promise<boolean> {
  const { batchRows } = run.destination.settings;
  const except = [...run.flying];
  // A fair part of one window each: a target with a long backlog does not fill it alone, and memory stays bounded.
  const share = Math.max(
    windowPartMin,
    Math.ceil((batchRows * deps.settings.parallelCalls) / Math.max(targets.length, 1)),
  );
  const limit = Math.min(batchRows, share);
  const read = [];
  for (const target of targets) {
    read.push({
      target,
      owed: await owed.readOwed(deps.db, { spaceId: run.spaceId, targetId: target.id }, limit, except),
    });
  }
  const window = planWindow(read, run.claims, { rows: batchRows, bytes: deps.settings.batchBytes });
  for (const task of tasksOf(window.calls.flatMap((call) => call.rows))) run.flying.add(task.pointer.seq);
  if (window.empty.length) await settleEmpty(deps, run, window.empty);
  backlog.push(...window.calls);
  return window.empty.length > 0;
}

async function settleEmpty(deps: DeliveryDeps, run: Run, pointers: readonly Pointer[]): Promise<void> {
  await deps.db.transaction(async (tx) => {
    if (!(await holdsLease(tx, run))) return run.stop.abort();
    await owed.deletePointers(tx, pointers);
    await forgetParked(tx, pointers);
    return undefined;
  });
}

const tasksOf = (rows: readonly SendRow[]): Set<Task> => new Set(rows.map((row) => row.task));

/** One call and what follows from its answer. Whatever fails here leaves the pointers owed. */
async function fly(deps: DeliveryDeps, run: Run, plan: CallPlan, slot: Slot): Promise<void> {
  try {
    // A call before this one may have found that an audience is gone.
    const rows = plan.rows.filter((row) => !run.blocked.has(row.target.id));
    if (rows.length === 0) return;
    const { answer } = await tell(deps, run, { ...plan, rows }, slot);
    if (answer) await react(deps, run, { ...plan, rows }, answer);
  } catch (error) {
    // The call may have been made: only a new fence, which makes doubts of open requests, may go on (rule 11).
    deps.log.error('a call could not be settled; its lease is given up', { destination: run.destinationId, error });
    run.stop.abort();
  } finally {
    landed(run, plan.rows);
  }
}

/** Claims are released when no call carries rows of the pointer any more. */
function landed(run: Run, rows: readonly SendRow[]): void {
  for (const task of tasksOf(rows)) {
    task.calls -= 1;
    if (task.calls > 0) continue;
    run.claims.release(task.keys);
    run.flying.delete(task.pointer.seq);
  }
}

/** What an answer to a mapping call means: for its rows here, for everything else in react.ts. */
async function react(deps: DeliveryDeps, run: Run, plan: CallPlan, answer: Answer<null>): Promise<void> {
  const { outcome } = answer;
  const targets = targetsOf(plan);
  const at = { advertiserId: targets[0]?.advertiserId ?? '', targets };
  switch (await reactAlike(deps, run, at, answer)) {
    case undefined:
      return undefined;
    case 'ok':
      return succeeded(deps, run, targets);
    case 'retry':
      return retryLater(deps, run, plan, outcome.kind === 'retry' && outcome.slow);
    case 'split':
      return sendHalves(deps, run, plan, answer);
    case 'refused':
    case 'gone':
      return isolate(deps, run, plan, answer);
  }
}

/** An audience that we made minutes ago is not ready at once; another one that is "not editable" is busy for an hour. */
async function retryLater(deps: DeliveryDeps, run: Run, plan: CallPlan, slow: boolean): Promise<void> {
  const [target, ...others] = targetsOf(plan);
  if (!target) return;
  if (!slow) return backOff(deps, run, waitKey(target), 'fast');
  // Which of several audiences is busy, only calls of their own can say; the others must not wait for it (I6).
  if (others.length)
    return sendParts(
      deps,
      run,
      [target, ...others].map((one) => partOf(plan, one)),
    );
  const since = new Date(deps.clock.now() - lenientFor);
  const young = await owed.anyYoung(deps.db, [target.id], since);
  return backOff(deps, run, waitKey({ targetId: target.id }), young ? 'lenient' : 'slow');
}

const targetsOf = (plan: CallPlan): ReadyTarget[] => [
  ...new Map(plan.rows.map(({ target }) => [target.id, target])).values(),
];
const partOf = (plan: CallPlan, target: ReadyTarget): CallPlan => ({
  ...plan,
  rows: plan.rows.filter((row) => row.target.id === target.id),
});

/** Too many ids, or too large: each half in a call of its own, until it fits. A single row that does not is refused. */
async function sendHalves(deps: DeliveryDeps, run: Run, plan: CallPlan, answer: Answer<null>): Promise<void> {
  if (plan.rows.length <= 1) return isolate(deps, run, plan, answer);
  const middle = Math.ceil(plan.rows.length / 2);
  return sendParts(deps, run, [
    { ...plan, rows: plan.rows.slice(0, middle) },
    { ...plan, rows: plan.rows.slice(middle) },
  ]);
}

async function sendParts(deps: DeliveryDeps, run: Run, parts: readonly CallPlan[]): Promise<void> {
  for (const part of parts) {
    const slot = await deps.tiktok.budget.take(part.rows[0]?.target.advertiserId, run.stop.signal);
    if (!slot) return;
    const { answer } = await tell(deps, run, part, slot);
    if (answer) await react(deps, run, part, answer);
  }
}
