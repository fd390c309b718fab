/**
 * A target told everything once more (rule 7): every present row and the removals of the last thirty days get a pointer
 * again, without a change of level, on the backfill lane. Safe at any time, because sets are told and not steps; live
 * changes go first, and what changes meanwhile overtakes its repetition (rule 8). All of it stands in the `resyncs` row,
 * which moves in the transaction that writes the pointers: a crash repeats nothing and leaves nothing out.
 */

import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Db, Queryable, Tx } from '../db/port.ts';
import { getTarget, lookSoon, type Target } from '../destinations/destinations.ts';
import { type Clock, days, minutes, seconds } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { backgroundStep } from './background-step.ts';
import {
  advanceResync,
  claimResync,
  countBackfill,
  countPending,
  countRepeated,
  finishResync,
  insertResync,
  markDrained,
  postponeResync,
  queueChunk,
  type ResyncRow,
  restResync,
  saveBefore,
  selectLatestResync,
  setResyncState,
} from './resyncs.sql.ts';

/** Absent rows are known for thirty days after TikTok was told (rule 7). */
const removalsKnown = days(30);
/** Rows a statement, and how many pointers may be owed ahead: two or three seconds of calls, so that a pause takes hold soon. */
const chunkRows = 4_000;
const aheadMost = 20_000;
interface Most {
  readonly chunkRows: number;
  readonly aheadMost: number;
}
/** TikTok's own view is good to know, but an ad account that does not answer must not keep people waiting. */
const viewPatience = minutes(2);
const pause = seconds(1);

interface ResyncTarget {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly id: TargetId;
}

/** Since when removals are repeated. After a restore those that were known when the backup was made. */
const removedSince = (now: number, since: Date | undefined): Date =>
  new Date(Math.min(now, since?.getTime() ?? now) - removalsKnown);

/** How many rows a resync would repeat. Removals of what somebody else holds are left out when it is told (rule 10). */
export const planResync = (q: Queryable, clock: Clock, target: ResyncTarget, since?: Date) =>
  countRepeated(q, { spaceId: target.spaceId, targetId: target.id }, removedSince(clock.now(), since));

/** Undefined: one is under way at this target. `since`: when the backup was made that the database was restored from. */
export async function beginResync(
  tx: Tx,
  clock: Clock,
  target: ResyncTarget,
  since?: Date,
): Promise<ResyncRow | undefined> {
  const { adds, removes } = await planResync(tx, clock, target, since);
  const now = new Date(clock.now());
  const begun = await insertResync(tx, {
    spaceId: target.spaceId,
    destinationId: target.destinationId,
    targetId: target.id,
    reason: since === undefined ? 'asked' : 'restore',
    removedSince: removedSince(now.getTime(), since),
    total: adds + removes,
    now,
  });
  if (begun) await lookSoon(tx, target.id);
  return begun;
}

/** A resync with how far it is. */
export interface ResyncProgress extends ResyncRow {
  /** Rows that TikTok has been told again. */
  readonly done: number;
}

/** The one under way at a target, or the last one. */
export async function resyncOf(q: Queryable, targetId: TargetId): Promise<ResyncProgress | undefined> {
  const row = await selectLatestResync(q, targetId);
  return row && { ...row, done: await doneOf(q, row) };
}

async function doneOf(q: Queryable, row: ResyncRow): Promise<number> {
  if (row.state === 'done' || row.drained_at) return row.queued;
  return Math.max(0, row.queued - (await countPending(q, row, aheadMost + chunkRows)));
}

/** What is queued already, at most 20,000 rows, still goes out. Undefined: none is under way. */
export const setResync = (tx: Tx, clock: Clock, targetId: TargetId, state: 'running' | 'paused' | 'cancelled') =>
  setResyncState(tx, targetId, state, new Date(clock.now()));

/** Does one step of one resync. Says whether there was any. */
export const resyncStep = (
  deps: { db: Db; clock: Clock; log: Log },
  most: Most = { chunkRows, aheadMost },
): Promise<'more' | 'idle'> =>
  backgroundStep(deps, {
    name: 'a resync',
    claim: claimResync,
    takeStep: (tx, resync, now) => takeStep(tx, resync, { now, most }),
    postpone: postponeResync,
    named: ({ target_id: target }) => ({ target }),
  });

/** TikTok's view, everything queued, everything told, TikTok's view again. */
async function takeStep(tx: Tx, resync: ResyncRow, { now, most }: { now: Date; most: Most }): Promise<void> {
  const target = await getTarget(tx, resync.target_id);
  if (!target || target.state === 'gone') {
    await finishResync(tx, resync, { state: 'cancelled', after: null, now });
    return;
  }
  const rest = () => restResync(tx, resync, now, new Date(now.getTime() + pause));
  if (!resync.before_view && now.getTime() - resync.started_at.getTime() < viewPatience) {
    const view = viewSince(target, resync.started_at);
    await (view ? saveBefore(tx, resync, view) : rest());
    return;
  }
  if (!resync.queued_at) {
    const place = { spaceId: resync.space_id, targetId: resync.target_id };
    const ahead = most.aheadMost - most.chunkRows;
    if ((await countBackfill(tx, place, ahead + 1)) > ahead) await rest();
    else await queue(tx, resync, { now, chunkRows: most.chunkRows });
    return;
  }
  if (!resync.drained_at) {
    if ((await countPending(tx, resync, 1)) > 0) await rest();
    else await endQueue(tx, resync, now);
    return;
  }
  const after = viewSince(target, resync.drained_at);
  const patient = now.getTime() - resync.drained_at.getTime() < viewPatience;
  await (after || !patient ? finishResync(tx, resync, { state: 'done', after, now }) : rest());
}

async function queue(tx: Tx, resync: ResyncRow, step: { now: Date; chunkRows: number }): Promise<void> {
  const chunk = await queueChunk(tx, resync, step.chunkRows);
  const { origin, person, queued } = chunk ?? {
    origin: resync.cursor_origin,
    person: resync.cursor_person,
    queued: 0,
  };
  const finished = (chunk?.rows ?? 0) < step.chunkRows;
  await advanceResync(tx, resync, { origin, person, queued, finished, now: step.now });
}

async function endQueue(tx: Tx, resync: ResyncRow, now: Date): Promise<void> {
  await markDrained(tx, resync, now);
  await lookSoon(tx, resync.target_id);
}

/** TikTok's view, if it was read since then. */
function viewSince({ seen }: Target, since: Date): Record<string, unknown> | null {
  const readAt = seen?.['readAt'];
  return typeof readAt === 'string' && Date.parse(readAt) >= since.getTime() ? seen : null;
}
