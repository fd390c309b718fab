import { hash } from 'node:crypto';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { CommitUnknown, DatabaseUnavailable, type Db, type Tx } from '../db/port.ts';
import { backoff } from '../kernel/backoff.ts';
import { type Clock, millis, seconds } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { insertNewMessages } from './batch.sql.ts';
import { mask } from './mask.ts';
import { type IngestOutcome, type Notes, noNotes, type Tally, writeNotes } from './tally.ts';

export interface ApplyDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly process: (tx: Tx, batch: ReceivedEvent[]) => Promise<void>;
}

export interface Applied {
  /** Events that were new and are committed, in order of arrival. */
  readonly fresh: readonly ReceivedEvent[];
  readonly quarantined: number;
}

/**
 * Commits a micro-batch: messageIds, all stages behind, counts (I12). A bad event is found by halving and set aside
 * alone; everything else commits. Throws DatabaseUnavailable, CommitUnknown or what is wrong with all events alike: then
 * nothing may be acknowledged, and what did commit meets the dedupe record when it comes again.
 */
export async function applyBatch(deps: ApplyDeps, events: readonly ReceivedEvent[], notes: Notes): Promise<Applied> {
  const failed: FailedEvent[] = [];
  const fresh: ReceivedEvent[] = [];
  let noted = notes;
  const pieces: (readonly ReceivedEvent[])[] = [events];
  let committed = 0;
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    const outcome = await tryCommit(deps, piece, noted);
    if (outcome.kind === 'committed') {
      fresh.push(...outcome.fresh);
      committed += piece.length;
      noted = noNotes;
    } else if (piece.length === 1 && piece[0])
      failed.push({ event: piece[0], error: outcome.error, fault: outcome.fault });
    // Left before right, and before whatever follows: a person's events keep their order.
    else pieces.unshift(piece.slice(0, piece.length / 2), piece.slice(piece.length / 2));
  }
  if (failed.length > 0) await quarantine(deps, failed, { committed, notes: noted });
  return { fresh, quarantined: failed.length };
}

interface FailedEvent {
  readonly event: ReceivedEvent;
  readonly error: unknown;
  readonly fault: EventFault;
}

/** `data`: the database refused a value, so it is this event. `unclear`: something threw; this event's fault, or ours. */
type EventFault = 'data' | 'unclear';

async function quarantine(
  deps: ApplyDeps,
  failed: readonly FailedEvent[],
  rest: { committed: number; notes: Notes },
): Promise<void> {
  // A cause that spares nobody is no event's fault: nothing is acknowledged, the clients bring it again.
  const ours = failed.find((f) => f.fault === 'unclear');
  if (ours && rest.committed === 0) throw ours.error;
  deps.log.error('events were set aside: a stage could not take them', {
    count: failed.length,
    error: failed[0]?.error,
  });
  const places = failed.map(({ event }) => ({
    spaceId: event.spaceId,
    sourceId: event.sourceId,
    reason: 'bad_request',
  }));
  await commit(deps, [], {
    tallies: [...rest.notes.tallies, ...places.map((place) => ({ ...place, outcome: 'failed' as const, count: 1 }))],
    samples: [
      ...rest.notes.samples,
      ...places.map((place, i) => ({
        ...place,
        detail: `could not be processed: ${nameOf(failed[i]?.error)}`,
        event: mask(failed[i]?.event.event),
      })),
    ],
  });
}

type Attempt = { kind: 'committed'; fresh: ReceivedEvent[] } | { kind: 'failed'; error: unknown; fault: EventFault };

async function tryCommit(deps: ApplyDeps, events: readonly ReceivedEvent[], notes: Notes): Promise<Attempt> {
  try {
    return { kind: 'committed', fresh: await commit(deps, events, notes) };
  } catch (error) {
    const fault = events.length === 0 ? undefined : eventFault(error);
    if (fault === undefined) throw error;
    return { kind: 'failed', error, fault };
  }
}

/** Runs a commit of unknown outcome again: the dedupe record says what was applied (design.md 4.1). */
async function commit(deps: ApplyDeps, events: readonly ReceivedEvent[], notes: Notes): Promise<ReceivedEvent[]> {
  const waits = backoff({ first: millis(100), most: seconds(2), random: deps.random });
  for (let run = 1; ; run += 1) {
    try {
      return await commitOnce(deps, events, { notes, again: run > 1 });
    } catch (error) {
      if (!(error instanceof CommitUnknown) || run === runsMax) throw error;
      await deps.clock.sleep(waits.next());
    }
  }
}

/** 100 + 200 + 400 + 800 ms: longer than a restart of the database takes, shorter than a client's patience. */
const runsMax = 5;

async function commitOnce(
  deps: ApplyDeps,
  events: readonly ReceivedEvent[],
  run: { notes: Notes; again: boolean },
): Promise<ReceivedEvent[]> {
  const at = deps.clock.now();
  const firstSlot = Math.floor(deps.random.fraction() * 10);
  return deps.db.transaction(async (tx) => {
    const fresh = await keepNew(tx, events, new Date(at));
    if (fresh.length > 0) await deps.process(tx, fresh);
    const seen = new Set(fresh);
    const doubled = run.again ? [] : events.filter((event) => !seen.has(event));
    const tallies = [...run.notes.tallies, ...tally(fresh, 'received'), ...tally(doubled, 'duplicate')];
    await writeNotes(tx, { tallies, samples: run.notes.samples }, { at, firstSlot });
    return fresh;
  });
}

/** I4: a messageId counts once in its space; of two in one batch the first. Stored as 16 bytes of its sha256. */
async function keepNew(tx: Tx, events: readonly ReceivedEvent[], at: Date): Promise<ReceivedEvent[]> {
  if (events.length === 0) return [];
  const firsts = new Map<string, { event: ReceivedEvent; hash: Buffer }>();
  for (const event of events) {
    const digest = hash('sha256', event.event.messageId, 'buffer').subarray(0, 16);
    const key = messageKey(event.spaceId, digest);
    if (!firsts.has(key)) firsts.set(key, { event, hash: digest });
  }
  const candidates = [...firsts.values()];
  const inserted = await insertNewMessages(tx, {
    spaceIds: candidates.map((c) => c.event.spaceId),
    hashes: candidates.map((c) => c.hash),
    at,
  });
  if (inserted.length === candidates.length) return candidates.map((c) => c.event);
  const isNew = new Set(inserted.map((row) => messageKey(row.space_id, row.message_hash)));
  return [...firsts].flatMap(([key, { event }]) => (isNew.has(key) ? [event] : []));
}

const messageKey = (spaceId: number, digest: Buffer): string => `${spaceId}:${digest.toString('latin1')}`;

function tally(events: readonly ReceivedEvent[], outcome: IngestOutcome): Tally[] {
  const bySource = new Map<number, Tally>();
  for (const { spaceId, sourceId } of events) {
    const count = (bySource.get(sourceId)?.count ?? 0) + 1;
    bySource.set(sourceId, { spaceId, sourceId, outcome, reason: '', count });
  }
  return [...bySource.values()];
}

/**
 * Whether one event could be the cause. SQLSTATE 22: the value; 54: too complex or too long for an index; 21000: the same
 * row twice (reliability.md F8); 23: a constraint. Other codes are the statement's or the server's fault, never an event's.
 */
function eventFault(error: unknown): EventFault | undefined {
  if (error instanceof DatabaseUnavailable || error instanceof CommitUnknown || !(error instanceof Error))
    return undefined;
  const code = Reflect.get(error, 'code');
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return 'unclear';
  if (code.startsWith('22') || code.startsWith('54') || code === '21000') return 'data';
  return code.startsWith('23') ? 'unclear' : undefined;
}

/** Never the message: it may quote a value (I13). */
function nameOf(error: unknown): string {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? `SQLSTATE ${code}` : error instanceof Error ? error.name : 'unknown';
}
