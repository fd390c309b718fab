/** HTTP batches in → committed → acknowledged by the sandbox, on both engines, beside Segment's own code in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bench, Figure, Setting } from '../kit/bench.ts';
import { engineCeiling } from '../kit/ceiling.ts';
import { peerDelivers } from '../kit/peer.ts';
import { cpuAnEvent, type Engine, openStand, type Stand } from '../kit/stand.ts';
import { percentile } from '../kit/statistics.ts';
import { measureThroughput, type Throughput } from '../kit/throughput.ts';

/** Of some 700 bytes each: well below the 500 KB a batch may have. */
const eventsARequest = 500;
const connections = 4;

export const e2e: Bench = {
  name: 'e2e',
  about: 'HTTP batch → committed → acknowledged by the sandbox; its rate windows lifted, 10,000 rows or 1 MB a call',
  async run(setting: Setting): Promise<Figure[]> {
    setting.note('the peer, its calls answered by the sandbox');
    const answer = await peerDelivers(setting);
    const rates = answer.wallUs.map((us) => 1_000_000 / us);
    const peer = percentile(rates, 50);
    const ours: Figure[] = [];
    for (const engine of ['pg', 'embedded'] as const) ours.push(...(await measure(setting, engine, peer)));
    const beside = { 'µs CPU/event: peer': percentile(answer.cpuUs, 50) };
    return [{ what: "Segment's onBatch of 1,000, keeping nothing", unit: 'events/s', runs: rates, beside }, ...ours];
  },
};

async function measure(setting: Setting, engine: Engine, peer: number): Promise<Figure[]> {
  const { quick, runs, signal, note } = setting;
  const people = quick ? 20_000 : 100_000;
  const stand = await openStand({ engine, limits: 'lifted', signal });
  try {
    note(`${engine}: warming up`);
    let sent = 0;
    const one = async (count: number): Promise<Throughput> => {
      const run = await measureThroughput(stand, { from: sent, people: count, eventsARequest, connections });
      sent += count;
      return run;
    };
    await one(people / 2);
    const measured: Throughput[] = [];
    for (let run = 1; run <= runs; run += 1) {
      measured.push(await one(people));
      note(`${engine}: ${Math.round(measured.at(-1)?.rate ?? 0)} events/s`);
    }
    const rates = measured.map(({ rate }) => rate);
    const cpu = measured.map((run) => run.cpu);
    const ceiling = await ceilingOf(stand, people);
    const goal = { atLeast: engine === 'pg' ? 1 : 0.4 };
    return [
      { what: `Usher, ${engine}`, unit: 'events/s', runs: rates, beside: cpuAnEvent(cpu, people) },
      { what: `Usher, ${engine}, beside the peer`, unit: '×', runs: rates.map((rate) => rate / peer), goal },
      { what: `${engine} itself: one table of that width`, unit: 'rows/s', runs: [ceiling] },
    ];
  } finally {
    await stand.close();
  }
}

async function ceilingOf(stand: Stand, rows: number): Promise<number> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'usher-ceiling-'));
  try {
    return await engineCeiling({ url: stand.databaseUrl, dataDir }, rows);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
