/** What the processes of `map` are told and say: Usher's and the peer's work on the same events. */
import { createHash } from 'node:crypto';
import { engageEvent } from './people.ts';

export interface MappingTask {
  readonly runs: number;
  /** Batches of 1,000 a run. */
  readonly batches: number;
  /** Batches under way at once. */
  readonly parallel: number;
  /** The TikTok audience that the events name; absent: one that is nowhere. */
  readonly audienceId?: string;
}

export interface MappingAnswer {
  /** Of each run, warm-up runs left out: microseconds of CPU an event, all threads of the process. */
  readonly cpuUs: readonly number[];
  /** The same on the clock. */
  readonly wallUs: readonly number[];
  /** Of the hashes that the first batch came to, so that both sides show that they did the same work. */
  readonly digest: string;
}

export type MappedEvent = ReturnType<typeof engageEvent>;

export const batchEvents = 1_000;
/** Runs that only warm up: the compiler needs some rounds, on both sides (stack.md 12). */
const warmUpRuns = 3;

const audience = { key: 'first_time_shopper', advertiserId: '7100000000000000001' };

/**
 * Times `work`, batch by batch, on people who are new in every batch: nothing can be kept from the one before, and what
 * makes the events is not counted, nor the collection of what that left behind. Four of five enter, one leaves.
 */
export async function measureMapping(
  task: MappingTask,
  work: (batch: readonly MappedEvent[]) => Promise<void>,
): Promise<Pick<MappingAnswer, 'cpuUs' | 'wallUs'>> {
  const cpuUs: number[] = [];
  const wallUs: number[] = [];
  for (let run = 0; run < warmUpRuns + task.runs; run += 1) {
    let [cpu, wall] = [0, 0];
    for (let batch = 0; batch < task.batches; batch += task.parallel) {
      const first = 1 + run * task.batches + batch;
      const batches = Array.from({ length: task.parallel }, (_, i) => eventsOf(first + i, task.audienceId));
      globalThis.gc?.({ type: 'minor' });
      const began = performance.now();
      const before = process.cpuUsage();
      await Promise.all(batches.map(work));
      const used = process.cpuUsage(before);
      wall += (performance.now() - began) * 1_000;
      cpu += used.user + used.system;
    }
    if (run < warmUpRuns) continue;
    cpuUs.push(cpu / (task.batches * batchEvents));
    wallUs.push(wall / (task.batches * batchEvents));
  }
  return { cpuUs, wallUs };
}

const startMs = Date.UTC(2026, 4, 1);

/** As they come out of JSON. */
export function eventsOf(batch: number, externalId = '180012345'): MappedEvent[] {
  return Array.from({ length: batchEvents }, (_, position) => {
    const number = batch * batchEvents + position;
    const event = engageEvent(number, { ...audience, externalId, entered: number % 5 !== 0, atMs: startMs + number });
    return JSON.parse(JSON.stringify(event)) as MappedEvent;
  });
}

/** Whatever the order. */
export function digestOf(hashes: readonly string[]): string {
  return createHash('sha256')
    .update([...hashes].sort().join('\n'))
    .digest('hex')
    .slice(0, 16);
}
