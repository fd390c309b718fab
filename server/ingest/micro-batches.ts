import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { CommitUnknown, DatabaseUnavailable } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ReachCrashPoint } from '../kernel/crash-point.ts';
import type { Log } from '../kernel/log.ts';
import type { Applied } from './apply-batch.ts';
import type { IngestLimits } from './limits.ts';
import type { Notes } from './tally.ts';

/** What a request brings into a transaction. */
export interface Submission extends Notes {
  readonly events: readonly ReceivedEvent[];
}

export type Settled = 'committed' | 'unavailable';

/**
 * Requests that wait together share a transaction: while one runs, everything that comes in makes the next. Alone, a
 * request waits for nobody; under load batches grow by themselves.
 */
export interface MicroBatches {
  submit(submission: Submission): Promise<Settled>;
  waiting(): { events: number; oldestMs: number };
  readonly totals: Totals;
}

export interface Totals {
  microBatches: number;
  events: number;
  quarantined: number;
}

export interface MicroBatchParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Pick<IngestLimits, 'microBatchEvents' | 'lanes'>;
  readonly apply: (events: readonly ReceivedEvent[], notes: Notes) => Promise<Applied>;
  readonly committed: (fresh: readonly ReceivedEvent[]) => void;
  readonly reached: ReachCrashPoint;
}

interface Waiting {
  readonly submission: Submission;
  readonly since: number;
  readonly settle: (settled: Settled) => void;
}

export function microBatches(parts: MicroBatchParts): MicroBatches {
  const queue: Waiting[] = [];
  const totals: Totals = { microBatches: 0, events: 0, quarantined: 0 };
  let queuedEvents = 0;
  let running = 0;
  let startIsDue = false;

  const run = async (batch: readonly Waiting[]): Promise<void> => {
    const settled = await settle(parts, batch, totals);
    for (const waiting of batch) waiting.settle(settled);
    running -= 1;
    start();
  };
  const start = (): void => {
    startIsDue = false;
    while (running < parts.limits.lanes && queue.length > 0) {
      const batch = takeBatch(queue, parts.limits.microBatchEvents);
      for (const { submission } of batch) queuedEvents -= submission.events.length;
      running += 1;
      void run(batch);
    }
  };
  return {
    totals,
    submit: (submission) =>
      new Promise((settle) => {
        queue.push({ submission, since: parts.clock.elapsed(), settle });
        queuedEvents += submission.events.length;
        if (startIsDue || running >= parts.limits.lanes) return;
        startIsDue = true;
        // After the sockets that are readable now: requests that came together go together.
        setImmediate(start);
      }),
    waiting: () => ({
      events: queuedEvents,
      oldestMs: queue[0] ? parts.clock.elapsed() - queue[0].since : 0,
    }),
  };
}

/** Whole requests, at least one, up to the most events of a transaction. */
function takeBatch(queue: Waiting[], eventsMax: number): Waiting[] {
  let events = 0;
  let count = 0;
  for (const { submission } of queue) {
    if (count > 0 && events + submission.events.length > eventsMax) break;
    events += submission.events.length;
    count += 1;
  }
  return queue.splice(0, count);
}

async function settle(parts: MicroBatchParts, batch: readonly Waiting[], totals: Totals): Promise<Settled> {
  const events = batch.flatMap(({ submission }) => submission.events);
  const notes = {
    tallies: batch.flatMap(({ submission }) => submission.tallies),
    samples: batch.flatMap(({ submission }) => submission.samples),
  };
  try {
    const applied = await parts.apply(events, notes);
    totals.microBatches += 1;
    totals.events += applied.fresh.length;
    totals.quarantined += applied.quarantined;
    parts.reached('ingest: committed, not answered');
    parts.committed(applied.fresh);
    return 'committed';
  } catch (error) {
    if (error instanceof DatabaseUnavailable || error instanceof CommitUnknown)
      parts.log.warn('the database cannot take events now; clients are asked to come again', { events: events.length });
    else
      parts.log.error('a micro-batch failed as a whole; clients are asked to come again', {
        events: events.length,
        error,
      });
    return 'unavailable';
  }
}
