/** `npm run simulate`: any number of seeds, on either engine, with all rules or without one of them. */
import { spawnSync } from 'node:child_process';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { type Rule, rules } from './rules.ts';

interface Options {
  readonly seeds: readonly [number, number];
  readonly engine: 'embedded' | 'pg';
  readonly without?: Rule;
  readonly listRules?: true;
  readonly story?: true;
  readonly shrink: boolean;
}

const program = new Command('simulate')
  .description('Runs seeded histories of events, faults, kills and changed objects, and compares TikTok with a model.')
  .option('--seeds <from-to>', 'which seeds: 7, or 1-500', seedsOf, [1, 20] as const)
  .option(
    '--engine <engine>',
    'embedded or pg (a temporary PostgreSQL unless DATABASE_URL names one)',
    engineOf,
    'embedded',
  )
  .option('--without <rule>', 'takes one rule out and stops at the first seed that notices', ruleOf)
  .option('--list-rules', 'the rules that can be taken out, one a line')
  .option('--story', 'prints what happens in each seed')
  .option('--no-shrink', 'does not look for the shortest history of a seed that diverges');

function seedsOf(text: string): readonly [number, number] {
  const found = /^(\d+)(?:-(\d+))?$/.exec(text);
  const from = Number(found?.[1]);
  const to = Number(found?.[2] ?? from);
  if (!found || to < from) throw new InvalidArgumentError('a seed, or the first and the last one: 1-500');
  return [from, to];
}

function engineOf(text: string): 'embedded' | 'pg' {
  if (text !== 'embedded' && text !== 'pg') throw new InvalidArgumentError('embedded or pg');
  return text;
}

function ruleOf(text: string): Rule {
  const found = rules.find(({ rule }) => rule === text);
  if (!found) throw new InvalidArgumentError('--list-rules names them');
  return found;
}

async function main(): Promise<number> {
  const options = program.parse().opts<Options>();
  if (options.listRules) {
    console.log(rules.map(({ rule }) => rule).join('\n'));
    return 0;
  }
  const { without } = options;
  // A rule about what happens at the same time shows only where transactions overlap.
  const engine = without?.engine ?? options.engine;
  if (without && engine !== options.engine) console.log(`"${without.rule}" can only be missed on ${engine}: run there`);
  if (engine === 'pg' && !process.env['DATABASE_URL']) return withPostgres();
  if (without) register('../support/patched-sources-hooks.mjs', { parentURL: import.meta.url, data: [without] });
  // Only now, so that the product is loaded without the rule.
  const { simulateSeeds } = await import('./simulate-seeds.ts');
  return simulateSeeds({ ...options, engine, without: without?.rule });
}

/** The same once more, inside of tools/with-postgres.sh. */
function withPostgres(): number {
  const script = fileURLToPath(new URL('../../tools/with-postgres.sh', import.meta.url));
  const { status } = spawnSync(script, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
  });
  return status ?? 1;
}

process.exit(await main());
