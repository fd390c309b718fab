/** One event a request over 64 connections: what requests cost, where batches cannot hide it. */
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { cpuAnEvent, openStand } from '../kit/stand.ts';
import { measureThroughput, type Throughput } from '../kit/throughput.ts';

const connections = 64;

export const single: Bench = {
  name: 'single',
  about: 'one event a request, 64 connections, until the sandbox has acknowledged all; its rate windows lifted',
  async run({ quick, runs, signal, note }: Setting): Promise<Figure[]> {
    const figures: Figure[] = [];
    const people = quick ? 3_000 : 15_000;
    for (const engine of ['pg', 'embedded'] as const) {
      const stand = await openStand({ engine, limits: 'lifted', signal });
      try {
        const measured: Throughput[] = [];
        for (let run = 0; run <= runs; run += 1) {
          const one = await measureThroughput(stand, { from: run * people, people, eventsARequest: 1, connections });
          if (run > 0) measured.push(one); // the first one warms up
        }
        note(`${engine} done`);
        const beside = cpuAnEvent(
          measured.map(({ cpu }) => cpu),
          people,
        );
        figures.push({ what: `Usher, ${engine}`, unit: 'events/s', runs: measured.map(({ rate }) => rate), beside });
      } finally {
        await stand.close();
      }
    }
    return figures;
  },
};
