import fs from 'node:fs';
import path from 'node:path';
import { untilSettled } from '../../cli/demo/demo.ts';
import { difference } from '../../cli/demo/expected.ts';
import { DemoError, type Rest, restClient, undiciHttp } from '../../cli/demo/http.ts';
import type { Part } from '../../cli/demo/processes.ts';
import { sandboxView } from '../../cli/demo/sandbox-view.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import type { Environment } from '../../server/config.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import type { CrashPoint } from '../../server/kernel/crash-point.ts';
import { isObject, type JsonObject } from '../../server/kernel/json.ts';
import { type Random, seededRandom, systemRandom } from '../../server/kernel/random.ts';
import { faultyDisk, type Mutant, mutants, patchedEnvironment, plannedCrash } from './patches.ts';
import { cutPower } from './power-cut.ts';
import { outcomesIn, type SteadyStream, steadyStream } from './steady-stream.ts';

/**
 * A server under load that is killed again and again, each time at another moment, on the same data (reliability.md 6):
 * start, wait for /readyz, repeat what was not acknowledged, load, SIGKILL. In the end everything settles and is compared
 * with the client's own books. On the embedded engine every other kill is a power cut (power-cut.ts).
 */
export interface KillRoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  /** A PostgreSQL server to make a database on; absent: the embedded engine. */
  readonly databaseUrl?: string | undefined;
  /** A data folder with a database in it, which saves a few seconds at the first start. */
  readonly dataDir?: string;
  /** A mistake to make on purpose; the report must then show it. */
  readonly mutant?: Mutant;
  readonly progress?: (line: string) => void;
}

export interface KillReport {
  readonly seed: number;
  readonly rounds: number;
  readonly powerCuts: number;
  /** Writes that were not synced and that the power cuts took away. */
  readonly writesLost: number;
  readonly events: number;
  /** Acknowledged before any repeat. */
  readonly acked: number;
  /** Acknowledged, and never counted as received by the server. */
  readonly lost: number;
  /** Counted as received more than once, or told to TikTok again without a call of unknown outcome to explain it. */
  readonly doubled: number;
  /** Identifiers that TikTok lacks or has too many. */
  readonly divergent: number;
  /** Kills exactly there, of those that a load passes. */
  readonly crashPoints: Readonly<Record<string, number>>;
  /** What the server said when it did not start again after a kill, which ended the run: everything is lost then. */
  readonly dead: string | undefined;
  /** From the start of the process to /readyz, in milliseconds. */
  readonly recoverMs: { readonly p50: number; readonly p99: number };
}

export async function killRounds(options: KillRoundsOptions): Promise<KillReport> {
  const run = await openRun(options);
  let failed = true;
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const dead = await playRound(run, round);
      if (dead !== undefined) return reportOf(run, { dead });
      options.progress?.(`round ${round + 1} of ${options.rounds}: ${run.books.lastEnd}`);
    }
    const report = await heal(run);
    failed = false;
    return report;
  } finally {
    if (failed) options.progress?.(`the logs are kept in ${run.stage.folder}`);
    await run.stage.close({ keepFolder: failed });
  }
}

/** In the order in which a life of a destination passes them: the first one only once. */
const points: readonly CrashPoint[] = [
  'targets: created at TikTok, not stored',
  'ingest: committed, not answered',
  'delivery: announced, not called',
  'delivery: called, not settled',
  'delivery: settled',
];

/** Shorter than they should be in production, so that a successor does not wait longer than a round. */
const short = { USHER_LEASE: '1s', USHER_TIKTOK_TIMEOUT: '600ms', USHER_DOUBT_WINDOW: '1s' };
const longestLoadMs = 1_500;
/** A crash point is passed much earlier, unless there is nothing to tell. */
const crashWithinMs = 10_000;
const audienceKey = 'first_time_shopper';

interface Run {
  readonly options: KillRoundsOptions;
  readonly random: Random;
  readonly stage: Stage;
  /** Where the faulty disk and the planned crashes are steered. */
  readonly control: string;
  readonly env: Environment;
  readonly rest: Rest;
  readonly prepared: Prepared;
  readonly books: Books;
  server: Part;
}

interface Books {
  readonly streams: SteadyStream[];
  readonly crashPoints: Map<CrashPoint, number>;
  readonly recoverMs: number[];
  powerCuts: number;
  writesLost: number;
  acked: number;
  lastEnd: string;
}

async function openRun(options: KillRoundsOptions): Promise<Run> {
  const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: new AbortController().signal };
  const stage = await openStage(parts, options.databaseUrl);
  const control = path.join(stage.folder, 'control');
  fs.mkdirSync(control);
  const patches = [
    ...plannedCrash,
    ...(options.databaseUrl === undefined ? faultyDisk : []),
    // Both may patch the thread of the engine.
    ...(options.mutant ? mutants[options.mutant] : []),
  ].filter((patch, index, all) => all.findIndex((one) => one.file === patch.file) === index);
  const env = {
    ...short,
    ...patchedEnvironment(patches),
    USHER_TEST_DISK: control,
    USHER_TEST_CRASH: path.join(control, 'crash'),
    USHER_DATA: options.dataDir ?? path.join(stage.folder, 'data'),
  };
  const server = await stage.startServer(env);
  const rest = restClient(undiciHttp, stage.server, stage.token);
  const prepared = await prepare({ http: undiciHttp, rest, server: stage.server }, 'kill-rounds');
  const crashPoints = new Map(points.map((point) => [point, 0]));
  const books = { streams: [], crashPoints, recoverMs: [], powerCuts: 0, writesLost: 0, acked: 0, lastEnd: '' };
  return { options, random: seededRandom(options.seed), stage, control, env, rest, prepared, books, server };
}

/** Load, a kill, a start, and the repeats. Gives the server's last words where it does not start. */
async function playRound(run: Run, round: number): Promise<string | undefined> {
  const { random, books, stage } = run;
  const stream = steadyStream({
    urls: () => [stage.server],
    writeKey: run.prepared.writeKey,
    audienceKey,
    name: `round-${round}`,
    everyMs: 20,
    people: 8,
  });
  books.streams.push(stream);
  await kill(run, round);
  await stream.stop();
  books.acked += stream.acknowledgedEvents();
  if (run.options.databaseUrl === undefined && round % 2 === 1) {
    books.powerCuts += 1;
    books.writesLost += cutPower(path.join(String(run.env['USHER_DATA']), 'database'), run.control, random);
  }
  const began = systemClock.elapsed();
  try {
    run.server = await stage.startServer(run.env);
  } catch (error) {
    return error instanceof DemoError ? error.message : String(error);
  }
  books.recoverMs.push(systemClock.elapsed() - began);
  await stream.resend(stage.server);
  return undefined;
}

/** Two of three kills come at any moment, the others at a crash point, or at the end of the load where it is not passed. */
async function kill(run: Run, round: number): Promise<void> {
  const { books, random, server } = run;
  // Each of them once, then by chance those that are passed again: for the first one a round would only wait.
  const armed = round % 3 === 0 ? (points[round / 3] ?? pick(points.slice(1), random)) : undefined;
  const crash = path.join(run.control, 'crash');
  if (armed !== undefined) fs.writeFileSync(crash, armed);
  const passed = new AbortController();
  void server.ended.then(() => passed.abort());
  await systemClock.sleep(armed === undefined ? random.fraction() * longestLoadMs : crashWithinMs, passed.signal);
  if (armed !== undefined && server.child.signalCode === 'SIGKILL')
    books.crashPoints.set(armed, (books.crashPoints.get(armed) ?? 0) + 1);
  else if (server.child.exitCode !== null) throw new Error(`the server ended by itself: ${server.lastLine()}`);
  books.lastEnd = armed !== undefined && server.child.signalCode === 'SIGKILL' ? armed : 'at any moment';
  server.child.kill('SIGKILL');
  await server.ended;
  fs.rmSync(crash, { force: true });
}

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random.fraction() * list.length)] as T;

/** Faults have stopped: waits until TikTok is level, and compares. */
async function heal(run: Run): Promise<KillReport> {
  const { books, stage, prepared } = run;
  const parts = { clock: systemClock, signal: new AbortController().signal };
  await untilSettled(parts, run.rest, prepared, () => {});
  const events = eventsOf(books);
  const received = outcomesIn(await run.rest.get(`/spaces/${prepared.spaceId}/ingest`))['received'] ?? 0;
  const expected = new Set(
    books.streams.flatMap((stream) => [...stream.expected()].map((hash) => `EMAIL_SHA256:${hash}`)),
  );
  const found = await sandboxView(undiciHttp, stage.sandbox).members(audienceKey);
  const { missing, extra } = difference(expected, found);
  const repeats = await toldAgain(stage.sandbox);
  const explained = 2 * (await rowsOfUnknownOutcome(run));
  return reportOf(run, {
    lost: Math.max(0, events - received),
    doubled: Math.max(0, received - events) + Math.max(0, repeats - explained),
    divergent: missing.length + extra.length,
  });
}

/** A server that is dead has lost everything. */
function reportOf(
  { books, options }: Run,
  found: { lost: number; doubled: number; divergent: number } | { dead: string },
): KillReport {
  return {
    seed: options.seed,
    rounds: options.rounds,
    powerCuts: books.powerCuts,
    writesLost: books.writesLost,
    events: eventsOf(books),
    acked: books.acked,
    ...('dead' in found
      ? { lost: books.acked, doubled: 0, divergent: 0, dead: found.dead }
      : { ...found, dead: undefined }),
    crashPoints: Object.fromEntries(books.crashPoints),
    recoverMs: { p50: quantile(books.recoverMs, 0.5), p99: quantile(books.recoverMs, 0.99) },
  };
}

const eventsOf = ({ streams }: Books): number => streams.reduce((sum, stream) => sum + stream.events, 0);

/** Everybody of the streams enters once and leaves at most once: each identifier is told one add and one delete at most. */
async function toldAgain(sandbox: string): Promise<number> {
  const told = new Map<string, number>();
  const answer = (await (await fetch(`${sandbox}/__sandbox/journal`)).json()) as { data: JsonObject[] };
  for (const { path: called, decision, body } of answer.data) {
    if (!String(called).endsWith('/segment/mapping/') || decision !== 'served' || !isObject(body)) continue;
    const rows = Array.isArray(body['batch_data']) ? body['batch_data'] : [];
    for (const id of rows.flat().filter(isObject)) {
      if (typeof id['id'] !== 'string') continue;
      const key = `${body['action']} ${id['id']}`;
      told.set(key, (told.get(key) ?? 0) + 1);
    }
  }
  return [...told.values()].reduce((sum, times) => sum + times - 1, 0);
}

/**
 * What a call without a known outcome holds is told again at once, and each hash once more when its doubt is due
 * (rule 11): two repeats a row.
 */
async function rowsOfUnknownOutcome({ stage, prepared }: Run): Promise<number> {
  let rows = 0;
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = `${stage.server}/api/v1/destinations/${prepared.destinationId}/requests?limit=200${cursor && `&cursor=${cursor}`}`;
    const answer = await fetch(page, { headers: { authorization: `Bearer ${stage.token}` } });
    const { data, pagination } = (await answer.json()) as {
      data: { outcome: string | null; rows: number }[];
      pagination: { next: string | null };
    };
    for (const one of data) if (one.outcome === null || one.outcome === 'unknown') rows += one.rows;
    cursor = pagination.next;
  }
  return rows;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
}
