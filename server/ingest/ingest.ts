import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SourceId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { CommitUnknown, DatabaseUnavailable, type Db, type Queryable, type Tx } from '../db/port.ts';
import type { Clock, Instant, Millis } from '../kernel/clock.ts';
import type { ReachCrashPoint } from '../kernel/crash-point.ts';
import type { Log } from '../kernel/log.ts';
import type { Step } from '../kernel/loop.ts';
import type { Random } from '../kernel/random.ts';
import type { Vault } from '../kernel/secret.ts';
import { type Answer, accepted, refused, sendAnswer } from './answer.ts';
import { applyBatch } from './apply-batch.ts';
import { deleteOldCounts, deleteOldMessages, selectCounts, selectSamples } from './batch.sql.ts';
import { browserSettings } from './browser-settings.ts';
import { mayCarryMembership } from './check-event.ts';
import { defaultLimits, type IngestLimits } from './limits.ts';
import { mask } from './mask.ts';
import { microBatches } from './micro-batches.ts';
import { recentEvents } from './recent-events.ts';
import { findRoute, methodOf, trackingPrefix } from './routes.ts';
import { createSenders } from './senders.ts';
import { holdSource, type WriteKeyId } from './sources.sql.ts';
import {
  createSource,
  createWriteKey,
  deleteSource,
  getSource,
  listSources,
  type NewSource,
  revokeWriteKey,
  type Source,
  type SourceChange,
  type SourceDeps,
  updateSource,
  type WriteKey,
} from './sources.ts';
import { type Held, type TakeParts, takeEvents, unavailable } from './take-events.ts';
import { writeNotes } from './tally.ts';

/**
 * Segment's Tracking API and its webhooks: a request is checked, waits for the next micro-batch and is answered 200 only
 * after the transaction that holds its events has committed (I3).
 */
export interface Ingest {
  /** Whether a request is ours; the rest is Hono's. */
  handles(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The last 200 events of a space, newest first, for Test Mapping. Raw values: the API masks them. */
  recent(spaceId: SpaceId): readonly ReceivedEvent[];
  /** Answers from now on carry `connection: close`; resolves when everything taken in is committed and answered. */
  drain(): Promise<void>;
  stats(): IngestStats;
}

export interface IngestStats {
  /** Requests between their first byte and their answer. */
  readonly requests: number;
  readonly queuedEvents: number;
  /** Bodies being read and waiting. */
  readonly queuedBytes: number;
  readonly oldestMs: number;
  readonly microBatches: number;
  readonly events: number;
  /** Answered 429 or 503. */
  readonly refused: number;
  readonly quarantined: number;
}

export interface IngestDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: Vault;
  /** `processBatch` of pipeline.ts: the stages behind ingest, called by apply-batch.ts in the transaction that drops the duplicates (I12). Run again after a deadlock or with fewer events: no effects outside. */
  readonly process: (tx: Tx, batch: ReceivedEvent[]) => Promise<void>;
  readonly reached: ReachCrashPoint;
  /** A micro-batch has committed: the stages behind may look at once. */
  readonly committed?: () => void;
  readonly settings: IngestSettings;
}

export interface IngestSettings extends IngestLimits {
  /** Where browsers reach Usher, without a trailing slash: what analytics.js is told. */
  readonly publicUrl: string;
}

export const ingestDefaults: IngestLimits = defaultLimits;

export type { NewSource, Source, SourceChange, SourceDeps, WriteKey, WriteKeyId };
export {
  createSource,
  createWriteKey,
  deleteSource,
  getSource,
  holdSource,
  listSources,
  mask,
  mayCarryMembership,
  revokeWriteKey,
  updateSource,
};

export function createIngest(deps: IngestDeps): Ingest {
  const { clock, random, log, settings: limits } = deps;
  const recent = recentEvents();
  const held: Held = { bytes: 0, refused: 0 };
  const batches = microBatches({
    clock,
    log,
    limits,
    apply: (events, notes) => applyBatch(deps, events, notes),
    committed(fresh) {
      recent.add(fresh);
      deps.committed?.();
    },
    reached: deps.reached,
  });
  const parts: TakeParts = { clock, random, limits, batches, held, senders: createSenders({ ...deps, limits }) };
  const requests = openRequests();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const ended = requests.begin();
    const send = (given: Answer): void => {
      if (given.status === 503) held.refused += 1;
      sendAnswer(request, response, given, requests.draining);
    };
    try {
      const given = await respond(parts, request, limits.publicUrl);
      if (given) send(given);
    } catch (error) {
      const isDown = error instanceof DatabaseUnavailable || error instanceof CommitUnknown;
      if (!isDown) log.error('a tracking request failed', { error });
      send(isDown ? unavailable(random) : refused(500, 'see the log'));
    } finally {
      ended();
    }
  };
  return {
    handles: (request) => (request.url ?? '').startsWith(trackingPrefix),
    handle: (request, response) => void answer(request, response),
    recent: (spaceId) => recent.of(spaceId),
    drain: () => requests.drain(),
    stats: () => statsOf(parts, requests.open),
  };
}

/** Undefined: the client is gone. */
async function respond(parts: TakeParts, request: IncomingMessage, publicUrl: string): Promise<Answer | undefined> {
  const route = findRoute(request.url ?? '');
  if (request.method === 'OPTIONS') return { status: 204 };
  const method = methodOf(route);
  if (route.kind !== 'unknown' && request.method !== method && !(method === 'GET' && request.method === 'HEAD'))
    return { ...refused(405, `use ${method}`), allow: `${method}, OPTIONS` };
  switch (route.kind) {
    case 'events':
      return takeEvents(parts, request, { kind: 'tracking', shape: route.shape });
    case 'webhook':
      return takeEvents(parts, request, { kind: 'webhook', sourceId: route.sourceId });
    case 'metrics':
      return accepted;
    case 'unknown':
      return refused(404, 'no such endpoint');
    case 'settings': {
      const sender = await parts.senders.byWriteKey(route.writeKey);
      return sender?.enabled
        ? { status: 200, body: browserSettings(route.writeKey, publicUrl) }
        : refused(404, 'no such write key');
    }
  }
}

interface OpenRequests {
  begin(): () => void;
  drain(): Promise<void>;
  readonly open: number;
  readonly draining: boolean;
}

function openRequests(): OpenRequests {
  let open = 0;
  let draining = false;
  const waiting: (() => void)[] = [];
  return {
    begin() {
      open += 1;
      return () => {
        open -= 1;
        if (open === 0) for (const done of waiting.splice(0)) done();
      };
    },
    drain() {
      draining = true;
      return open === 0 ? Promise.resolve() : new Promise((done) => void waiting.push(done));
    },
    get open() {
      return open;
    },
    get draining() {
      return draining;
    },
  };
}

function statsOf({ batches, held }: TakeParts, requests: number): IngestStats {
  const waiting = batches.waiting();
  return {
    requests,
    queuedEvents: waiting.events,
    queuedBytes: held.bytes,
    oldestMs: waiting.oldestMs,
    microBatches: batches.totals.microBatches,
    events: batches.totals.events,
    refused: held.refused,
    quarantined: batches.totals.quarantined,
  };
}

export interface IngestCount {
  readonly sourceId: SourceId;
  readonly minute: Instant;
  readonly outcome: string;
  readonly reason: string;
  readonly count: number;
}

/** What came in per minute since `from`; outcomes and reasons as in tally.ts and reasons.ts. */
export async function countsSince(q: Queryable, spaceId: SpaceId, from: Instant): Promise<IngestCount[]> {
  const rows = await selectCounts(q, spaceId, new Date(from));
  return rows.map((row) => ({
    sourceId: row.source_id,
    minute: row.minute.getTime() as Instant,
    outcome: row.outcome,
    reason: row.reason,
    count: row.count,
  }));
}

export interface FailedSample {
  readonly reason: string;
  readonly at: Instant;
  /** `{detail, event}`, the event's values masked. */
  readonly sample: unknown;
}

/** The last few events of a source that failed on ingest, newest first. */
export async function failedSamples(q: Queryable, spaceId: SpaceId, sourceId: SourceId): Promise<FailedSample[]> {
  const rows = await selectSamples(q, spaceId, sourceId);
  return rows.map((row) => ({ reason: row.reason, at: row.at.getTime() as Instant, sample: row.sample }));
}

/** What a later stage could not use of an accepted event, counted where an owner sees it. In the micro-batch's transaction. */
export async function countIgnored(
  tx: Tx,
  ignored: readonly { spaceId: SpaceId; sourceId: SourceId; reason: string }[],
  at: Instant,
): Promise<void> {
  const tallies = ignored.map((one) => ({ ...one, outcome: 'ignored' as const, count: 1 }));
  await writeNotes(tx, { tallies, samples: [] }, { at, firstSlot: 0 });
}

/** A statement of this size takes about 50 ms. */
const sweepRows = 5_000;

/** One step of forgetting messageIds that are older than the dedupe window. */
export function sweepMessages(deps: { db: Db; clock: Clock; dedupeWindow: Millis }): Step {
  return async () => {
    const before = new Date(deps.clock.now() - deps.dedupeWindow);
    const [result] = await deleteOldMessages(deps.db, before, sweepRows);
    return (result?.deleted ?? 0) < sweepRows ? 'idle' : 'more';
  };
}

/** Counts of minutes before `before` are forgotten, a bounded piece at a time. Says whether there may be more. */
export async function sweepIngestCounts(db: Db, before: Date): Promise<'more' | 'idle'> {
  const [result] = await deleteOldCounts(db, before, sweepRows);
  return (result?.deleted ?? 0) < sweepRows ? 'idle' : 'more';
}
