import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Db, Tx } from '../db/port.ts';
import { block, type Destination, pause, type TargetProblem } from '../destinations/destinations.ts';
import { type Backoff, backoff } from '../kernel/backoff.ts';
import { type Clock, hours, type Millis, minutes, seconds } from '../kernel/clock.ts';
import type { ReachCrashPoint } from '../kernel/crash-point.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import type { Secret, Vault } from '../kernel/secret.ts';
import type { Answer, TikTok } from '../tiktok/tiktok.ts';
import type { ReadyTarget } from './batch.ts';
import type { Claims } from './claims.ts';
import { holdsLease, type VirtualNow } from './leases.sql.ts';

export interface DeliverySettings {
  /** USHER_LEASE: how long a sender that died holds its destinations. */
  readonly lease: Millis;
  /** USHER_DOUBT_WINDOW, W of rule 11: within which a lost call may still be applied by TikTok. */
  readonly doubtWindow: Millis;
  /** Of one call, from its announcement to its answer; shorter than the lease (rule 11). */
  readonly callTimeout: Millis;
  /** Calls of one advertiser at the same time; TikTok publishes no limit, peers use one or two (tiktok-api.md 10). */
  readonly parallelCalls: number;
  readonly batchBytes: number;
}

export interface DeliveryDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: Vault;
  readonly tiktok: TikTok;
  readonly reached: ReachCrashPoint;
  readonly settings: DeliverySettings;
  readonly nodeId: string;
  /** A run's time was over before its work was: the next step should come at once. */
  readonly cut: () => void;
  /** A simulation's own time for leases; null: the database's. */
  readonly virtualNow: () => VirtualNow;
}

/** What a node remembers of a destination while it holds the lease. All of it may be lost: the tables know what is owed. */
export interface Run {
  readonly destination: Destination;
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly fence: number;
  readonly token: Secret;
  readonly claims: Claims;
  /** Seqs of pointers in flight. */
  readonly flying: Set<number>;
  readonly memory: Memory;
  /** Targets that were blocked during this run: their pointers stay, and are read no more. */
  readonly blocked: Set<TargetId>;
  /** On the monotonic clock: a run ends by then, and the next one reads destination, targets and doubts anew. */
  readonly until: number;
  /** Aborted when the lease is lost, the destination is paused or the node stops. */
  readonly stop: AbortController;
}

/** Kept over the runs of a destination on this node. */
export interface Memory {
  /** By advertiser or target (`waitKey`): not before, on the monotonic clock. */
  readonly waits: Map<string, { until: number; backoff: Backoff }>;
  /** By target: when TikTok last accepted a mapping call for it. */
  readonly lastOk: Map<TargetId, number>;
  /** Rows that were refused alone, and how often. */
  readonly suspects: Map<string, number>;
  /** Rows of a call that was accepted in part (20001): sent once more, then taken for done. */
  readonly partial: Set<string>;
}

export const newMemory = (): Memory => ({
  waits: new Map(),
  lastOk: new Map(),
  suspects: new Map(),
  partial: new Set(),
});

/** Waits double from one second to five minutes: a throttled or failing TikTok recovers within seconds or within minutes. */
const retryFirst = seconds(1);
const retryMost = minutes(5);
/** "RETRY later (≥ 1 h)" for an audience that TikTok is busy with (tiktok-api.md 9, code 40002). */
const slowWait = hours(1);
/** An audience that we made may refuse in its first five minutes (design.md 4.1, "What answers mean here"). */
export const lenientFor = minutes(5);
const lenientWait = seconds(5);

/** What is left alone for a while: an advertiser whose calls fail, or one target that TikTok is busy with. */
export const waitKey = (what: { advertiserId: string } | { targetId: TargetId }): string =>
  'targetId' in what ? `target ${what.targetId}` : `advertiser ${what.advertiserId}`;

/** Leaves an advertiser or a target alone for a while. */
export function backOff(deps: DeliveryDeps, run: Run, key: string, pace: 'fast' | 'slow' | 'lenient'): void {
  const known = run.memory.waits.get(key);
  const growing = known?.backoff ?? backoff({ first: retryFirst, most: retryMost, random: deps.random });
  const wait = pace === 'slow' ? slowWait : pace === 'lenient' ? lenientWait : growing.next();
  run.memory.waits.set(key, { until: deps.clock.elapsed() + wait, backoff: growing });
}

export function succeeded(deps: DeliveryDeps, run: Run, targets: readonly ReadyTarget[]): void {
  for (const { id, advertiserId } of targets) {
    run.memory.waits.delete(waitKey({ advertiserId }));
    run.memory.waits.delete(waitKey({ targetId: id }));
    run.memory.lastOk.set(id, deps.clock.elapsed());
  }
}

export const waitsUntil = (memory: Memory, target: { id: TargetId; advertiserId: string }): number =>
  Math.max(
    memory.waits.get(waitKey(target))?.until ?? 0,
    memory.waits.get(waitKey({ targetId: target.id }))?.until ?? 0,
  );

export const isWaiting = (deps: DeliveryDeps, memory: Memory, advertiserId: string): boolean =>
  (memory.waits.get(waitKey({ advertiserId }))?.until ?? 0) > deps.clock.elapsed();

/** The targets that a call can be made for now. */
export const liveTargets = (deps: DeliveryDeps, run: Run, targets: readonly ReadyTarget[]): ReadyTarget[] =>
  targets.filter((t) => !run.blocked.has(t.id) && waitsUntil(run.memory, t) <= deps.clock.elapsed());

/** Until it has accepted a first call: then it is ready, and what it refuses is refused. */
export const isLenient = (deps: DeliveryDeps, run: Run, target: { id: TargetId; madeByUsAt: Date | null }): boolean =>
  target.madeByUsAt !== null &&
  !run.memory.lastOk.has(target.id) &&
  deps.clock.now() - target.madeByUsAt.getTime() < lenientFor;

/** I8: stops all calls of the destination, keeps what is owed, and says why. */
export async function pauseRun(deps: DeliveryDeps, run: Run, answer: Answer<unknown>, reason: string): Promise<void> {
  await deps.db.transaction((tx) => pause(tx, deps.clock, run.destination, { reason, code: answer.code }));
  // The reason may repeat TikTok's words, which may repeat a hash (I13): it is stored for the page, not logged.
  deps.log.warn('destination paused', { destination: run.destinationId, code: answer.code ?? undefined });
  run.stop.abort();
}

/** Stops the calls of these targets, and of nothing else (I6); what they owe is kept. */
export async function blockTargets(
  deps: DeliveryDeps,
  run: Run,
  targets: readonly Pick<ReadyTarget, 'id'>[],
  why: { problem: TargetProblem; reason: string },
): Promise<void> {
  for (const target of targets) run.blocked.add(target.id);
  await underLease(deps, run, async (tx) => {
    for (const target of targets) await block(tx, deps.clock, target.id, why);
  });
}

/** Stores something only while the lease is ours: a node that stalled must not undo what its successor found (rule 11). */
export async function underLease<Stored>(
  deps: DeliveryDeps,
  run: Run,
  work: (tx: Tx) => Promise<Stored>,
): Promise<Stored | undefined> {
  return deps.db.transaction(async (tx) => {
    if (await holdsLease(tx, run)) return work(tx);
    run.stop.abort();
    return undefined;
  });
}
