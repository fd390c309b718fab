/** Finds or makes the TikTok audience of each target that needs it (rule 12), and acts on what TikTok says. */
import {
  block,
  type CreateRecord,
  dueTargets,
  goneSentence,
  type Resolution,
  type ResolveDeps,
  resolveTarget,
  type Target,
} from '../destinations/destinations.ts';
import { moveSiblings, owed, present, remakeTarget } from '../ledger/ledger.ts';
import type { Answer } from '../tiktok/tiktok.ts';
import { announceInTime } from './keep-lease.ts';
import { holdsLease, leaseOutlives } from './leases.sql.ts';
import { reactAlike, refusedByTikTok } from './react.ts';
import { recordingReads } from './reads.ts';
import {
  finishRequest,
  forgetParked,
  forgetParkedOfSiblings,
  insertRequest,
  unansweredCreate,
} from './requests.sql.ts';
import { backOff, blockTargets, type DeliveryDeps, type Run, underLease, waitKey, waitsUntil } from './run.ts';
import { endOf } from './send.ts';

export async function resolveTargets(deps: DeliveryDeps, run: Run): Promise<void> {
  const { advertiserIds, settings } = run.destination;
  for (const target of await dueTargets(deps.db, deps.clock, run.destinationId)) {
    if (run.stop.signal.aborted) return;
    if (waitsUntil(run.memory, target) > deps.clock.elapsed()) continue;
    // Only connecting again gives back an ad account that the connection lacks.
    if (target.problem === 'advertiser' && !advertiserIds.includes(target.advertiserId)) continue;
    if (target.state !== 'blocked' && !target.createOnce && !(await owed.owesAnything(deps.db, target))) continue;
    const call = { token: run.token, signal: run.stop.signal };
    const found = await resolveTarget(resolveDeps(deps, run), call, target, settings);
    await follow(deps, run, target, found);
  }
}

function resolveDeps(deps: DeliveryDeps, run: Run): ResolveDeps {
  return {
    db: deps.db,
    clock: deps.clock,
    tiktok: recordingReads(deps, run),
    creates: createRecord(deps, run),
    store: (work) => underLease(deps, run, work),
    anyToAdd: (target) => owed.holdsAnybody(deps.db, target),
    async replace(tx, target, { audienceId }) {
      const replaced = await remakeTarget(tx, deps, target, { tiktokId: audienceId });
      if (replaced.ok) return { kind: 'replaced' };
      const also = replaced.error.kind === 'fed elsewhere' ? ` The one of that name: ${replaced.error.reason}` : '';
      const why = { problem: 'gone', reason: goneSentence(target) + also } as const;
      await block(tx, deps.clock, target.id, why);
      return { kind: 'blocked', ...why };
    },
    reach: deps.reached,
  };
}

async function follow(deps: DeliveryDeps, run: Run, target: Target, found: Resolution): Promise<void> {
  switch (found.kind) {
    case 'ready':
      return deps.log.info('TikTok audience found', { target: target.id });
    case 'blocked':
      return deps.log.warn('TikTok audience blocked', { target: target.id });
    case 'replaced':
      deps.reached('targets: replaced, nobody moved');
      return deps.log.info('TikTok audience made again at TikTok', { target: target.id });
    case 'same as':
      return undefined; // The next step of the run moves what this one holds to the target that feeds the audience.
    case 'nobody there':
      return settleLeavers(deps, run, target);
    case 'later':
      return backOff(deps, run, waitKey({ targetId: target.id }), 'lenient');
    case 'failed':
      return react(deps, run, target, found.answer);
  }
}

/** Pointers a transaction. */
const leaversChunk = 2_000;

/** The audience does not exist, so whoever was to be removed is out: their pointers are settled without a call. */
async function settleLeavers(deps: DeliveryDeps, run: Run, target: Target): Promise<void> {
  for (let more = true; more && !run.stop.signal.aborted; ) {
    const settled = await underLease(deps, run, async (tx) => {
      const place = { spaceId: run.spaceId, targetId: target.id };
      const read = await owed.readOwed(tx, place, leaversChunk, []);
      const entered = new Set(read.filter(({ row }) => row?.level === present).map(({ pointer }) => pointer.seq));
      const pointers = read.map(({ pointer }) => pointer).filter(({ seq }) => !entered.has(seq));
      await owed.deletePointers(tx, pointers);
      await owed.markSettled(tx, pointers, new Date(deps.clock.now()));
      await forgetParked(tx, pointers);
      return entered.size === 0 && read.length > 0;
    });
    more = settled ?? false;
  }
}

/** Rule 12: what stands under a second name of one audience belongs to the target that feeds it, before anything is sent. */
export async function moveAllSiblings(deps: DeliveryDeps, run: Run): Promise<void> {
  while (!run.stop.signal.aborted) {
    const moved = await deps.db.transaction(async (tx) => {
      const people = await moveSiblings(tx, deps, run.destinationId);
      if (people > 0) await forgetParkedOfSiblings(tx, run.destinationId);
      return people;
    });
    if (moved === 0) return;
    deps.reached('targets: people moved in part');
  }
}

/** What an answer to the search for one audience means: for that audience here, for everything else in react.ts. */
async function react(deps: DeliveryDeps, run: Run, target: Target, answer: Answer<unknown>): Promise<void> {
  const at = { advertiserId: target.advertiserId, targets: [target] };
  switch (await reactAlike(deps, run, at, answer)) {
    case undefined:
    case 'ok':
      return undefined;
    case 'retry':
      return backOff(deps, run, waitKey(at), 'fast');
    case 'split':
    case 'refused':
    case 'gone':
      return blockTargets(deps, run, [target], refusedByTikTok(answer));
  }
}

/** resolve-target.ts creates an audience only between these two: announced before, settled after. */
function createRecord(deps: DeliveryDeps, run: Run): CreateRecord {
  return {
    unanswered: (target) => unansweredCreate(deps.db, run.destinationId, target.id),
    async announce(target) {
      const startedAt = new Date(deps.clock.now());
      const { spaceId, destinationId, fence } = run;
      const requestNo = await announceInTime(deps, run, async (tx) => {
        if (!(await leaseOutlives(tx, run, deps.settings.callTimeout, deps.virtualNow()))) return undefined;
        const place = { spaceId, destinationId, fence, kind: 'create' as const, advertiserId: target.advertiserId };
        return insertRequest(tx, { ...place, rows: 0, targets: [target.id], payload: null, startedAt });
      });
      if (requestNo === undefined) return undefined;
      return (answer, store) =>
        deps.db.transaction(async (tx) => {
          // Fenced like every settling (rule 11): the successor finds the audience by its name and makes none.
          if (!(await holdsLease(tx, run))) throw new Error('the lease was lost while an audience was created');
          await finishRequest(tx, requestNo, endOf(answer), new Date(deps.clock.now()));
          return store(tx);
        });
    },
  };
}
