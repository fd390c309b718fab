/** `npm run bench`: every bench in turn, a table on stdout, all numbers as JSON in a file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../server/kernel/clock.ts';
import { batches } from './benches/batches.ts';
import { e2e } from './benches/e2e.ts';
import { firstSync } from './benches/first-sync.ts';
import { incremental } from './benches/incremental.ts';
import { latency } from './benches/latency.ts';
import { map } from './benches/map.ts';
import { memory } from './benches/memory.ts';
import { single } from './benches/single.ts';
import { start } from './benches/start.ts';
import type { Bench } from './kit/bench.ts';
import { describeMachine } from './kit/machine.ts';
import { type Result, reportOf, tableOf } from './kit/report.ts';

const benches: readonly Bench[] = [map, e2e, single, batches, latency, firstSync, incremental, start, memory];

const command = new Command('bench')
  .description('Measures Usher beside the engine it runs on and Segment’s own published code.')
  .option('--quick', 'small numbers: does it work, and roughly where does it stand')
  .option('--only <name>', 'one bench; may be given several times', chosen, [])
  .option('--out <file>', 'where the JSON goes', 'tmp/bench.json')
  .addHelpText('after', `\n${benches.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}`)
  .parse();
const options = command.opts<{ quick?: true; only: string[]; out: string }>();

function chosen(name: string, before: string[]): string[] {
  if (!benches.some((bench) => bench.name === name))
    throw new InvalidArgumentError(`one of ${benches.map((bench) => bench.name).join(', ')}`);
  return [...before, name];
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopping.abort(new Error('stopped; what was started is being removed')));

const quick = options.quick === true;
const what = { at: new Date(systemClock.now()).toISOString(), quick, machine: describeMachine() };
const results: Result[] = [];
for (const bench of benches) {
  if (options.only.length > 0 && !options.only.includes(bench.name)) continue;
  const began = systemClock.elapsed();
  const note = (line: string): void => console.error(`${bench.name}: ${line}`);
  note(bench.about);
  const figures = await bench.run({ quick, runs: quick ? 3 : 5, signal: stopping.signal, note });
  note(`done in ${((systemClock.elapsed() - began) / 1_000).toFixed(0)} s`);
  results.push({ bench: bench.name, figures });
  write(); // after each, so that a run that is broken off leaves what it has
}
console.log(tableOf(reportOf(what, results)));

function write(): void {
  mkdirSync(path.dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(reportOf(what, results), null, 1)}\n`);
}
