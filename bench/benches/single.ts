/** One event a request over 64 connections: what requests cost, where batches cannot hide it. */
import { systemClock } from '../../server/kernel/clock.ts';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { batchBodies, sendAll, untilHeld } from '../kit/load.ts';
import { enters } from '../kit/people.ts';
import { type Cpu, cpuAnEvent, cpuSince, openStand, type Stand } from '../kit/stand.ts';

const connections = 64;
const idsAPerson = 3;

export const single: Bench = {
  name: 'single',
  about: 'one event a request, 64 connections, until the sandbox has acknowledged all; its rate windows lifted',
  async run({ quick, runs, signal, note }: Setting): Promise<Figure[]> {
    const figures: Figure[] = [];
    const requests = quick ? 3_000 : 15_000;
    for (const engine of ['pg', 'embedded'] as const) {
      const stand = await openStand({ engine, limits: 'lifted', signal });
      try {
        const rates: number[] = [];
        const cpu: Cpu[] = [];
        for (let run = 0; run <= runs; run += 1) {
          const measured = await measureRun(stand, run * requests, requests);
          if (run === 0) continue; // it warms up
          rates.push(measured.rate);
          cpu.push(measured.cpu);
        }
        note(`${engine} done`);
        const what = `Usher, ${engine}`;
        figures.push({ what, unit: 'events/s', runs: rates, beside: cpuAnEvent(cpu, requests) });
      } finally {
        await stand.close();
      }
    }
    return figures;
  },
};

async function measureRun(stand: Stand, from: number, requests: number): Promise<{ rate: number; cpu: Cpu }> {
  const bodies = batchBodies(enters(stand.prepared.audienceKey, from, requests), 1);
  const cpu = stand.cpu();
  const began = systemClock.elapsed();
  await sendAll(stand, bodies, connections);
  await untilHeld(stand, (from + requests) * idsAPerson);
  return { rate: (requests * 1_000) / (systemClock.elapsed() - began), cpu: cpuSince(stand, cpu) };
}
