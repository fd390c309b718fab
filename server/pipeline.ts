/**
 * START HERE. The stages in the order of the data (design.md 2), and their loops:
 *
 *   ingest/ingest.ts → profiles/profiles.ts → audiences/audiences.ts → ledger/level-members.ts, which asks mappings/mappings.ts
 *     → delivery/delivery.ts → tiktok/tiktok.ts
 *
 * The first five are one transaction (I12): `processBatch`, called by ingest for every micro-batch. Delivery reads what
 * that transaction committed. A stage wakes the next only by committing rows; a wake-up that is lost costs time.
 */
import type { AudienceId, PersonId } from '../contract/ids.ts';
import type { ReceivedEvent } from '../contract/segment-event.ts';
import {
  type Audience,
  applyAudienceEvents,
  audienceById,
  type MemberChange,
  mergePeople as mergeMembers,
  type PersonEvent,
  recordSizes,
} from './audiences/audiences.ts';
import type { Db, Tx } from './db/port.ts';
import { countLevels, type Delivery, mergeParked, sweepCounts, sweepRequests } from './delivery/delivery.ts';
import { shareDestinations } from './destinations/destinations.ts';
import { countIgnored, sweepIngestCounts, sweepMessages } from './ingest/ingest.ts';
import { backoff } from './kernel/backoff.ts';
import { type Clock, days, type Millis, millis, minutes, seconds } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import { type Loop, runLoop, type Step } from './kernel/loop.ts';
import type { Random } from './kernel/random.ts';
import {
  auditStep,
  endTargets,
  type LevelDeps,
  levelMembers,
  live,
  mergePeople,
  type Pointer,
  recordCounts,
  releaseStep,
  resyncStep,
  sweepAbsentRows,
  sweepResyncs,
  sweepStalePointers,
  walkStep,
} from './ledger/ledger.ts';
import { type Merge, resolvePeople } from './profiles/profiles.ts';

/** One micro-batch through the stages, in ingest's transaction. No effects outside of it: it may run again. */
export async function processBatch(tx: Tx, deps: LevelDeps, batch: readonly ReceivedEvent[]): Promise<void> {
  const { people, merged } = await resolveAndMerge(tx, deps, batch);
  const events = batch.flatMap((received, i): PersonEvent[] => {
    const personId = people[i];
    return personId ? [{ received, personId }] : [];
  });
  const { changes, directs, ignored } = await applyAudienceEvents(tx, deps, events);
  // A mapping, a connection or a destination that is being changed or deleted waits until this batch is through, or this
  // batch sees the change: no row is written for a producer that is gone (rule 12).
  await shareDestinations(tx, [...new Set(batch.map((event) => event.spaceId))]);
  const counts = await levelMembers(tx, deps, {
    lane: live,
    changes: [...changes, ...unspoken(merged, changes)],
    directs,
  });
  const now = deps.clock.now();
  await countLevels(tx, counts, new Date(now));
  await countIgnored(tx, ignored, now);
}

/** Who the events are about, and the members of those whom they show to be one: to be levelled anew (rule 13). */
export async function resolveAndMerge(
  tx: Tx,
  deps: LevelDeps,
  batch: readonly ReceivedEvent[],
): Promise<{ people: readonly (PersonId | null)[]; merged: readonly MemberChange[] }> {
  const { people, merges } = await resolvePeople(tx, deps, batch);
  // What moves gets new seqs: whatever is being released has to be seen before (release.ts). An edit locks audiences first (feeding.ts):
  // where a batch that merges meets one, PostgreSQL may have to run one of the two again.
  if (merges.length > 0) await shareDestinations(tx, [...new Set(merges.map(({ spaceId }) => spaceId))]);
  return { people, merged: await moveMerged(tx, merges) };
}

/** Rule 13: what two people had becomes one's, in the same transaction. Gives the winners' members, after the last of several merges each. */
async function moveMerged(tx: Tx, merges: readonly Merge[]): Promise<MemberChange[]> {
  const members = new Map<string, MemberOf>();
  for (const { spaceId, winner, loser } of merges) {
    const merged = await mergeMembers(tx, spaceId, winner, loser);
    const movedRows = await mergePeople(tx, { spaceId, winner, loser });
    await mergeParked(tx, spaceId, loser);
    if (!merged.moved && !movedRows) continue;
    for (const one of merged.members) members.set(`${one.audienceId} ${one.personId}`, one);
  }
  const audiences = new Map<AudienceId, Audience>();
  for (const { spaceId, audienceId } of members.values()) {
    const audience = audiences.has(audienceId) ? undefined : await audienceById(tx, spaceId, audienceId);
    if (audience) audiences.set(audienceId, audience);
  }
  return [...members.values()].flatMap(({ audienceId, personId, member }) => {
    const audience = audiences.get(audienceId);
    return audience ? [{ audience, personId, member, events: [] }] : [];
  });
}

type MemberOf = Awaited<ReturnType<typeof mergeMembers>>['members'][number];

const keyOf = (change: MemberChange): string => `${change.audience.audienceId} ${change.personId}`;

/** Merged members that no event of the batch speaks of. */
function unspoken(merged: readonly MemberChange[], changes: readonly MemberChange[]): MemberChange[] {
  const spoken = new Set(changes.map(keyOf));
  return merged.filter((change) => !spoken.has(keyOf(change)));
}

// Loops ------------------------------------------------------------------------------------------------------------------

/**
 * How long what is past is kept. Absent rows: so that a repeated exit writes nothing (design.md 4.1, rule 7). Message ids:
 * Segment promises to know a repetition for at least 24 hours (segment-spec.md 1.7).
 */
const keep = { absentRows: days(30), requests: days(30), counts: days(90), messages: days(7) };
const sweepRows = 5_000;

export interface PipelineParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly level: LevelDeps;
  readonly delivery: Delivery;
  readonly maintain: Step;
  readonly maintainIdle: Millis;
}

export interface Pipeline {
  /** Somebody changed something that may concern any loop: a connection, a mapping, a destination. */
  wake(): void;
  /** Events were committed: what is owed for them concerns delivery alone. */
  wakeDelivery(): void;
  stop(): Promise<void>;
}

/** Starts the loops: walks, delivery, sweeping, and the database's own upkeep. */
export function startPipeline(parts: PipelineParts, roles: { compute: boolean; deliver: boolean }): Pipeline {
  const start = (name: string, idle: Millis, step: Step): Loop =>
    runLoop(
      {
        clock: parts.clock,
        idle,
        backoff: backoff({ first: millis(200), most: seconds(30), random: parts.random }),
        report: (error) => parts.log.error(`${name} failed and will be tried again`, { error }),
      },
      step,
    );
  const background = [
    ...(roles.compute
      ? [start('a walk', seconds(1), () => walkStep({ ...parts.level, db: parts.db, log: parts.log }))]
      : []),
    ...(roles.compute ? [start('a release', seconds(1), () => releaseStep(parts))] : []),
    ...(roles.compute ? [start('a resync', seconds(1), () => resyncStep(parts))] : []),
  ];
  const delivery = roles.deliver ? [start('delivery', millis(250), () => parts.delivery.step())] : [];
  const upkeep = [
    start('database upkeep', parts.maintainIdle, parts.maintain),
    ...(roles.compute ? [start('sweeping', minutes(1), () => sweep(parts))] : []),
    ...(roles.compute ? [start('the history of sizes', minutes(1), recordSizes(parts))] : []),
    ...(roles.compute ? [start('the history of what is owed', minutes(1), recordCounts(parts))] : []),
    ...(roles.compute ? [start('the nightly count', minutes(1), () => auditStep(parts))] : []),
    ...(roles.compute ? [start('sweeping of stale pointers', minutes(10), staleSweep(parts))] : []),
    ...(roles.compute
      ? [start('ending of targets', seconds(10), () => endTargets({ ...parts.level, db: parts.db }))]
      : []),
    ...(roles.compute
      ? [start('sweeping of message ids', minutes(1), sweepMessages({ ...parts, dedupeWindow: keep.messages }))]
      : []),
  ];
  return {
    wake() {
      for (const loop of [...background, ...delivery]) loop.wake();
    },
    wakeDelivery() {
      for (const loop of delivery) loop.wake();
    },
    async stop() {
      await Promise.all([...background, ...delivery, ...upkeep].map((loop) => loop.stop()));
      await parts.delivery.stop();
    },
  };
}

async function sweep({ db, clock }: PipelineParts): Promise<'more' | 'idle'> {
  const before = (age: Millis): Date => new Date(clock.now() - age);
  const behind = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction(work, { background: true });
  const rows = await behind((tx) => sweepAbsentRows(tx, before(keep.absentRows), sweepRows));
  const requests = await behind((tx) => sweepRequests(tx, before(keep.requests), sweepRows));
  await behind((tx) => sweepCounts(tx, before(keep.counts)));
  await behind((tx) => sweepResyncs(tx, before(keep.counts)));
  const ingested = await sweepIngestCounts(db, before(keep.counts));
  return Math.max(rows, requests) === sweepRows || ingested === 'more' ? 'more' : 'idle';
}

/** Growth (design.md 4.1): what a target that is blocked for long is owed twice over is owed once. In turns of a chunk each. */
function staleSweep({ db }: PipelineParts): Step {
  let after: Pointer | undefined;
  return async () => {
    after = await db.transaction((tx) => sweepStalePointers(tx, after, sweepRows), { background: true });
    return after ? 'more' : 'idle';
  };
}
