/** What 1,000 changes cost in audiences of different sizes: it should not depend on who else is there. */
import { systemClock } from '../../server/kernel/clock.ts';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { batchBodies, sendAll, untilHeld } from '../kit/load.ts';
import { engageEvent, enters, idsAPerson } from '../kit/people.ts';
import { cpuSince, openStand, type Stand } from '../kit/stand.ts';
import { percentile } from '../kit/statistics.ts';

const changes = 1_000;

export const incremental: Bench = {
  name: 'incremental',
  about: '1,000 people leave, then come back, in an audience of 10,000, 100,000 and 1,000,000; embedded engine',
  async run({ quick, runs, signal, note }: Setting): Promise<Figure[]> {
    const stand = await openStand({ engine: 'embedded', limits: 'lifted', signal });
    try {
      const figures: Figure[] = [];
      let members = 0;
      for (const size of quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]) {
        await grow(stand, members, size);
        members = size;
        note(`${size} members`);
        figures.push(await measure(stand, size, runs));
      }
      const [small, large] = [figures[0], figures.at(-1)].map((figure) => percentile(figure?.runs ?? [], 50));
      const what = 'largest beside smallest';
      return [...figures, { what, unit: '×', runs: [(large ?? 0) / (small || 1)], goal: { atMost: 1.2 } }];
    } finally {
      await stand.close();
    }
  },
};

async function grow(stand: Stand, from: number, to: number): Promise<void> {
  const part = 10_000;
  for (let at = from; at < to; at += part)
    await sendAll(stand, batchBodies(enters(stand.prepared.audienceKey, at, part), 500), 4);
  await untilHeld(stand, to * idsAPerson);
}

async function measure(stand: Stand, size: number, runs: number): Promise<Figure> {
  const cost: number[] = [];
  const waited: number[] = [];
  const people = Array.from({ length: changes }, (_, i) => i * Math.floor(size / changes));
  for (let run = 0; run < 2 * runs; run += 1) {
    const entered = run % 2 === 1;
    const atMs = systemClock.now();
    const key = stand.prepared.audienceKey;
    const bodies = batchBodies(
      people.map((number) => engageEvent(number, { key, entered, atMs })),
      500,
    );
    const cpu = stand.cpu();
    const began = systemClock.elapsed();
    await sendAll(stand, bodies, 2);
    await untilHeld(stand, (entered ? size : size - changes) * idsAPerson);
    waited.push(systemClock.elapsed() - began);
    const { server, engine } = cpuSince(stand, cpu);
    cost.push((server + engine) / 1_000);
  }
  return {
    what: `in ${size} members`,
    unit: 'ms CPU',
    runs: cost,
    beside: { 'ms until told': percentile(waited, 50) },
    point: { plot: 'incremental', line: 'embedded', x: size },
  };
}
