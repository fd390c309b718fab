/** Runs seed after seed, says how far it is, and shows the shortest history of the first seed that diverges. */
import type { Divergence } from './divergence.ts';
import { type History, historyOf } from './history.ts';
import { openEmbedded, openPg } from './open-engine.ts';
import { shrink } from './shrink.ts';
import { type Figures, simulate } from './simulate.ts';

interface SeedsOptions {
  readonly seeds: readonly [number, number];
  readonly engine: 'embedded' | 'pg';
  readonly without: string | undefined;
  readonly story?: true;
  readonly shrink: boolean;
}

const progressEveryMs = 5_000;

/** Gives the exit code: 1 where any seed diverged. */
export async function simulateSeeds(options: SeedsOptions): Promise<number> {
  const url = process.env['DATABASE_URL'];
  const engine = options.engine === 'pg' && url ? await openPg(url) : await openEmbedded();
  const began = performance.now();
  const sum = { calls: 0, rows: 0, faults: 0, kills: 0, steps: 0 };
  let done = 0;
  const diverged: number[] = [];
  const say = (what: string): void => {
    const { calls, rows, faults, kills } = sum;
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    const figures = `calls ${calls}, rows ${rows}, faults ${faults}, kills ${kills}, seconds ${seconds}`;
    console.log(`${what}, ${diverged.length} diverged, ${figures}`);
  };
  let said = began;
  const [from, to] = options.seeds;
  for (let seed = from; seed <= to; seed += 1) {
    const outcome = await simulate(engine, historyOf(seed));
    add(sum, outcome.figures);
    done += 1;
    if (options.story) console.log([`seed ${seed}`, ...outcome.story].join('\n'));
    if (outcome.divergences.length > 0) {
      diverged.push(seed);
      console.log(`seed ${seed} diverges:\n  ${whatDiffers(outcome.divergences).join('\n  ')}`);
      if (options.shrink && diverged.length === 1) await showShortest(historyOf(seed), outcome.divergences);
      console.log(`replay: ${commandLine(options, seed)}`);
      if (options.without !== undefined) break;
    }
    if (performance.now() - said > progressEveryMs) {
      said = performance.now();
      say(`seed ${seed} of ${from}-${to}`);
    }
  }
  say(`${done} seeds`);
  if (options.without !== undefined)
    console.log(
      diverged.length
        ? `without "${options.without}": found at seed ${diverged[0]}`
        : `without "${options.without}": not found`,
    );
  await engine.close();
  return diverged.length > 0 ? 1 : 0;

  async function showShortest(history: History, found: readonly Divergence[]): Promise<void> {
    // The same has to go wrong: a shorter history in which something else does explains nothing of this one.
    const kinds = new Set(found.map(({ kind }) => kind));
    const fails = async (candidate: History): Promise<boolean> =>
      (await simulate(engine, candidate)).divergences.some(({ kind }) => kinds.has(kind));
    if (!(await fails(history))) return console.log('the same seed does not diverge a second time');
    const shortest = await shrink(history, fails);
    const { story, divergences } = await simulate(engine, shortest);
    console.log(`\nthe shortest history found (${shortest.commands.length} of ${history.commands.length} commands):`);
    console.log(`  ${JSON.stringify(shortest.setup)}`);
    console.log(`  ${story.join('\n  ')}\n  => ${whatDiffers(divergences).join('\n     ')}\n`);
  }
}

const whatDiffers = (divergences: readonly Divergence[]): string[] => divergences.map(({ what }) => what);

function add(sum: { -readonly [K in keyof Figures]: number }, figures: Figures): void {
  for (const key of ['calls', 'rows', 'faults', 'kills', 'steps'] as const) sum[key] += figures[key];
}

function commandLine({ engine, without }: SeedsOptions, seed: number): string {
  const rule = without === undefined ? '' : ` --without ${JSON.stringify(without)}`;
  return `npm run simulate -- --seeds ${seed}${engine === 'pg' ? ' --engine pg' : ''}${rule}`;
}
