/** Throughput by the size of a request: how much of the cost of an event is the cost of its request. */
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { openStand } from '../kit/stand.ts';
import { measureThroughput } from '../kit/throughput.ts';

const connections = 16;
/** Half a megabyte is the most a request may have: some 700 events of this kind. */
const sizes = [1, 10, 100, 500];
/** So that a run of small requests takes no longer than one of large ones, roughly. */
const requestsMax = 4_000;

export const batches: Bench = {
  name: 'batches',
  about:
    'events a second by events a request, 16 connections, until the sandbox has acknowledged all; its rate windows lifted',
  async run({ quick, signal, note }: Setting): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const engine of ['pg', 'embedded'] as const) {
      const stand = await openStand({ engine, limits: 'lifted', signal });
      try {
        let from = 0;
        const run = async (eventsARequest: number): Promise<number> => {
          const people = Math.min(quick ? 4_000 : 20_000, eventsARequest * requestsMax);
          const { rate } = await measureThroughput(stand, { from, people, eventsARequest, connections });
          from += people;
          return rate;
        };
        await run(500); // warms up
        for (const size of sizes) {
          const rates = [await run(size), await run(size), await run(size)];
          const point = { plot: 'batches', line: engine, x: size };
          figures.push({ what: `${engine}, ${size} a request`, unit: 'events/s', runs: rates, point });
        }
        note(`${engine} done`);
      } finally {
        await stand.close();
      }
    }
    return figures;
  },
};
