// `npm run kill-rounds -- --rounds 100 [--engine pg] [--seed N] [--mutant fsync|ack-order]`: kills a server under load
// again and again (support/kill-rounds.ts). Exit code 0: nothing lost, doubled or divergent; with a mutant: it was caught.
import { Command, InvalidArgumentError, Option } from 'commander';
import { killRounds } from '../support/kill-rounds.ts';
import { type Mutant, mutants } from '../support/patches.ts';

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number, please');
  return value;
};

const command = new Command('kill-rounds')
  .addOption(new Option('--rounds <n>', 'how many kills').default(20).argParser(whole))
  .addOption(new Option('--engine <engine>', 'which database').choices(['embedded', 'pg']).default('embedded'))
  .addOption(new Option('--seed <n>', 'repeats the moments of a run').default(1).argParser(whole))
  .addOption(
    new Option('--mutant <name>', 'make this mistake, and expect it to be found').choices(Object.keys(mutants)),
  )
  .parse();
const options = command.opts<{ rounds: number; engine: 'embedded' | 'pg'; seed: number; mutant?: Mutant }>();
const databaseUrl = process.env['TEST_DATABASE_URL'] ?? process.env['DATABASE_URL'];
if (options.engine === 'pg' && !databaseUrl) command.error('set DATABASE_URL, or run it by tools/with-postgres.sh');

const report = await killRounds({
  rounds: options.rounds,
  seed: options.seed,
  ...(options.engine === 'pg' ? { databaseUrl } : {}),
  ...(options.mutant ? { mutant: options.mutant } : {}),
  progress: (line) => console.error(line),
});
const { crashPoints, recoverMs, dead, ...counts } = report;
if (dead !== undefined) console.log(`the server did not start again: ${dead}`);
console.log(
  Object.entries(counts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
);
console.log(
  `crash points hit: ${Object.entries(crashPoints)
    .map(([point, hits]) => `${point} ${hits}`)
    .join('; ')}`,
);
console.log(`recover p50 ${recoverMs.p50} ms, p99 ${recoverMs.p99} ms`);
// The rule of three: so many clean rounds leave this chance of a failure a round at 95 % confidence (reliability.md 3.4).
console.log(`rule of three: a round fails with at most ${(300 / options.rounds).toFixed(1)} %`);
const wrong = report.lost + report.doubled + report.divergent;
if (options.mutant === undefined) process.exitCode = wrong === 0 ? 0 : 1;
else {
  console.log(
    wrong > 0 ? `mutants=1/1 killed (${options.mutant})` : `mutants=0/1 killed: ${options.mutant} went unseen`,
  );
  process.exitCode = wrong > 0 ? 0 : 1;
}
