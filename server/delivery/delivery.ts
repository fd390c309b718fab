/**
 * Owed pointers to settled calls. For each destination with work one node holds the lease and runs: doubts of its
 * predecessors first (doubts.ts), then audiences to find or make (resolve.ts), then each advertiser's calls (drain.ts),
 * and now and then TikTok's own view of the audiences (audience-check.ts). A call is: a slot, the newest level, announce,
 * call, settle (send.ts). A slow, dead or paused destination holds up no other (I6).
 */
import type { DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import {
  accessToken,
  type Destination,
  forgetToken,
  getDestination,
  leavingDestinations,
  targetsOf,
  unseenBefore,
} from '../destinations/destinations.ts';
import { type Backoff, backoff } from '../kernel/backoff.ts';
import { minutes, seconds } from '../kernel/clock.ts';
import { type LevelCount, owed, repeatPointers } from '../ledger/ledger.ts';
import { lookAtAudiences } from './audience-check.ts';
import type { ReadyTarget } from './batch.ts';
import { createClaims } from './claims.ts';
import { addCounts, selectCounts, sweepCounts } from './counts.sql.ts';
import { assertDoubts, recover } from './doubts.ts';
import { drainAdvertiser } from './drain.ts';
import { keepLease } from './keep-lease.ts';
import { releaseLease, takeLease } from './leases.sql.ts';
import { createNodeShare } from './nodes.ts';
import { unpackRows } from './payload.ts';
import { recordingReads } from './reads.ts';
import {
  answerKinds,
  countParked,
  countRequests,
  deleteParkedOfPerson,
  selectParked,
  selectRequests,
  sweepRequests,
  takeParked,
  type WhichParked,
} from './requests.sql.ts';
import { moveAllSiblings, resolveTargets } from './resolve.ts';
import {
  type DeliveryDeps,
  type DeliverySettings,
  liveTargets,
  type Memory,
  newMemory,
  type Run,
  waitsUntil,
} from './run.ts';

export type { DeliveryDeps, DeliverySettings, WhichParked };

export interface Delivery {
  /** Starts a run for every destination that has work and none under way; they go on by themselves. */
  step(): Promise<'idle'>;
  /** Waits until the runs under way have ended (tests; a run ends when nothing can be sent now). */
  settled(): Promise<void>;
  /** Lets calls in flight end, gives leases back. */
  stop(): Promise<void>;
}

/** A blocked target is looked at again this often (targets.ts). */
const blockedRecheck = minutes(10);

export function createDelivery(deps: DeliveryDeps): Delivery {
  const runs = new Map<DestinationId, { stop: AbortController; done: Promise<void> }>();
  const memories = new Map<DestinationId, Resting>();
  const share = createNodeShare(deps);
  let stopping = false;

  async function begin(destinationId: DestinationId): Promise<void> {
    const standing = await getDestination(deps.db, destinationId);
    const destination = standing ?? (await leavingDestinations(deps.db)).find((one) => one.id === destinationId);
    if (!destination?.connected || destination.paused || (standing && !standing.enabled)) return;
    const memory = memories.get(destinationId) ?? restingFrom(deps);
    memories.set(destinationId, memory);
    const stop = new AbortController();
    const done = runDestination(deps, destination, memory, stop)
      .then(async (end) => {
        memory.failures.reset();
        if (!standing) await forgetIfDone(deps, destinationId);
        return end;
      })
      .then(
        (end) => end,
        (error: unknown) => {
          memory.restUntil = deps.clock.elapsed() + memory.failures.next();
          deps.log.error('delivery failed and will be tried again', { destination: destinationId, error });
          return 'over' as const;
        },
      )
      .then((end) => {
        runs.delete(destinationId);
        if (end === 'cut') deps.cut();
      });
    runs.set(destinationId, { stop, done });
  }

  return {
    async step() {
      if (!(await share.beat())) return 'idle';
      const now = deps.clock.now();
      const before = { blocked: new Date(now - blockedRecheck), unseen: unseenBefore(deps.clock) };
      const due = await owed.destinationsWithWork(deps.db, new Date(now), before);
      for (const id of due) {
        const resting = (memories.get(id)?.restUntil ?? 0) > deps.clock.elapsed();
        if (!runs.has(id) && !resting && !stopping) await begin(id);
      }
      return 'idle';
    },
    async settled() {
      await Promise.all([...runs.values()].map((run) => run.done));
    },
    async stop() {
      stopping = true;
      for (const run of runs.values()) run.stop.abort();
      await Promise.all([...runs.values()].map((run) => run.done));
      await share.leave();
    },
  };
}

type Resting = Memory & { restUntil: number; readonly failures: Backoff };

/** A run that fails as a whole (the database is away, a token does not open) is begun again after growing waits. */
const restingFrom = ({ random }: DeliveryDeps): Resting => ({
  ...newMemory(),
  restUntil: 0,
  failures: backoff({ first: seconds(1), most: minutes(1), random }),
});

/**
 * How long one run goes on. The next one reads the destination, its targets and its doubts anew, so switching off, a new
 * audience or a doubt that comes due wait no longer, however much is owed.
 */
const runFor = seconds(2);

/** A deleted destination whose removals are all told needs its token no more (rule 12). */
async function forgetIfDone(deps: DeliveryDeps, destinationId: DestinationId): Promise<void> {
  if (!(await owed.destinationOwes(deps.db, destinationId)))
    await deps.db.transaction((tx) => forgetToken(tx, deps.clock, destinationId));
}

/** One run: from taking the lease to giving it back, when nothing more can be sent now or its time is over (`cut`). */
async function runDestination(
  deps: DeliveryDeps,
  destination: Destination,
  memory: Resting,
  stop: AbortController,
): Promise<'cut' | 'over'> {
  const { id: destinationId, spaceId } = destination;
  const token = await accessToken(deps, destinationId);
  if (!token) return 'over';
  const place = { spaceId, destinationId, holder: deps.nodeId };
  const fence = await takeLease(deps.db, place, deps.settings.lease, deps.virtualNow());
  if (fence === undefined) return 'over';
  const run: Run = {
    destination,
    spaceId,
    destinationId,
    fence,
    token,
    claims: createClaims(),
    flying: new Set(),
    memory,
    blocked: new Set(),
    until: deps.clock.elapsed() + runFor,
    stop,
  };
  const over = new AbortController();
  const renewing = keepLease(deps, run, over.signal);
  try {
    await recover(deps, run);
    await resolveTargets(deps, run);
    await moveAllSiblings(deps, run);
    await sendAll(deps, run);
    await lookAtAudiences(deps, run);
    memory.restUntil = await restUntil(deps, run);
    return !stop.signal.aborted && deps.clock.elapsed() >= run.until ? 'cut' : 'over';
  } finally {
    over.abort();
    await renewing;
    await releaseLease(deps.db, { ...place, fence }, deps.virtualNow());
  }
}

async function sendAll(deps: DeliveryDeps, run: Run): Promise<void> {
  const byAdvertiser = await readyTargets(deps, run);
  const ended = await Promise.allSettled(
    [...byAdvertiser].map(async ([advertiserId, targets]) => {
      try {
        await assertDueDoubts(deps, run, targets);
        // drain.ts: `readOwed` → `planWindow` (whom to add or delete) → `tell` in send.ts.
        await drainAdvertiser(deps, run, advertiserId, targets);
      } catch (error) {
        // The others stop as well, before the lease goes and another run may touch the same hashes (rule 9).
        run.stop.abort();
        throw error;
      }
    }),
  );
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

async function assertDueDoubts(deps: DeliveryDeps, run: Run, targets: readonly ReadyTarget[]): Promise<void> {
  for (const target of liveTargets(deps, run, targets)) {
    const more = (): boolean =>
      !run.stop.signal.aborted && deps.clock.elapsed() < run.until && liveTargets(deps, run, [target]).length > 0;
    while (more() && (await assertDoubts(deps, run, target, run.destination.settings.batchRows))) {
      // Each round asserts other doubts: those asserted have been removed or moved on.
    }
  }
}

async function readyTargets(deps: DeliveryDeps, run: Run): Promise<Map<string, ReadyTarget[]>> {
  const byAdvertiser = new Map<string, ReadyTarget[]>();
  for (const { id, tiktokId, advertiserId, state } of await targetsOf(deps.db, run.destinationId)) {
    if ((state !== 'ready' && state !== 'leaving') || tiktokId === null) continue;
    const targets = byAdvertiser.get(advertiserId);
    if (targets) targets.push({ id, tiktokId, advertiserId });
    else byAdvertiser.set(advertiserId, [{ id, tiktokId, advertiserId }]);
  }
  return byAdvertiser;
}

/** When everything that could be sent has to wait, so does the destination; the earliest wait ends its rest. */
async function restUntil(deps: DeliveryDeps, run: Run): Promise<number> {
  const waits: number[] = [];
  for (const target of await targetsOf(deps.db, run.destinationId)) {
    const { id, advertiserId, state } = target;
    const goesOn = state === 'unresolved' || state === 'ready' || state === 'leaving';
    if (!target.createOnce && !(goesOn && (await owed.anyOwed(deps.db, run.destinationId, [id], [])))) continue;
    waits.push(waitsUntil(run.memory, { id, advertiserId }));
  }
  return waits.length ? Math.min(...waits) : 0;
}

/** What did not become a row, for the charts; in the micro-batch's transaction. */
export async function countLevels(tx: Tx, counts: readonly LevelCount[], now: Date): Promise<void> {
  const one = ({ spaceId, destinationId, mappingId, outcome, reason }: LevelCount) => ({
    spaceId,
    destinationId,
    mappingId,
    outcome,
    code: reason,
    count: 1,
  });
  await addCounts(tx, counts.map(one), now);
}

/** One click: everything parked of a destination is owed again. Gives how many. */
export async function retryParked(tx: Tx, destinationId: DestinationId, which: WhichParked = {}): Promise<number> {
  const pointers = await takeParked(tx, destinationId, which);
  await repeatPointers(tx, pointers);
  return pointers.length;
}

/** Rule 13: a moved membership has a new change, so what was refused of the loser is past. */
export async function mergeParked(tx: Tx, spaceId: SpaceId, loser: PersonId): Promise<void> {
  await deleteParkedOfPerson(tx, spaceId, loser);
}

/** What pages and the API show. */
export const deliveryReads = {
  answerKinds,
  selectRequests,
  countRequests,
  selectParked,
  countParked,
  selectCounts,
  unpackRows,
};

export { recordingReads, sweepCounts, sweepRequests };
