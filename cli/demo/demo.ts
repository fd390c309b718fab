import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { Clock } from '../../server/kernel/clock.ts';
import { isObject } from '../../server/kernel/json.ts';
import type { Random } from '../../server/kernel/random.ts';
import { difference, type Expected, expectedAtTikTok } from './expected.ts';
import { countAt, DemoError, type Http, type Rest, restClient } from './http.ts';
import { demoEvents } from './people.ts';
import type { Part } from './processes.ts';
import { createProgress, type Progress } from './progress.ts';
import { type DemoResult, reportText } from './report.ts';
import { sandboxView } from './sandbox-view.ts';
import { type Prepared, prepare } from './setup.ts';
import { openStage, type Stage } from './stage.ts';

export interface DemoParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: Http;
  readonly out: Writable;
  readonly progressOut: Writable & { readonly isTTY?: boolean };
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface DemoOptions {
  readonly people: number;
  readonly once: boolean;
  readonly json: boolean;
  /** A PostgreSQL server to run on; absent: the embedded database. */
  readonly databaseUrl: string | undefined;
}

/** Sets everything up, sends, waits, compares, reports. True when TikTok holds exactly what it must. */
export async function runDemo(parts: DemoParts, options: DemoOptions): Promise<boolean> {
  const progress = createProgress(parts.progressOut);
  const stage = await openStage(parts, options.databaseUrl);
  let failed = false;
  try {
    return await play(parts, options, { stage, progress });
  } catch (error) {
    if (parts.signal.aborted) return false; // Ctrl-C pulls the rug from under whatever was going on
    failed = true;
    progress.note(`logs are kept in ${stage.folder}`);
    throw error;
  } finally {
    progress.end();
    await stage.close({ keepFolder: failed });
  }
}

async function play(
  parts: DemoParts,
  options: DemoOptions,
  { stage, progress }: { stage: Stage; progress: Progress },
): Promise<boolean> {
  const { rest, prepared } = await setUp(parts, stage, progress);
  const { sent, seconds } = await sendAndSettle(parts, { stage, rest, prepared, people: options.people, progress });
  if (parts.signal.aborted) return false;
  const expected = expectedAtTikTok(demoEvents({ people: options.people, startMs: stage.startMs }));
  const result = await compare(parts.http, { stage, prepared, expected, sent, seconds });
  progress.end();
  if (options.json) parts.out.write(`${JSON.stringify(result)}\n`);
  else parts.out.write(await reportText({ rest, prepared, stage, expected, result }));
  if (!options.once) {
    progress.note('Everything stays up until Ctrl-C.');
    await new Promise<void>((stop) => parts.signal.addEventListener('abort', () => stop(), { once: true }));
  }
  return result.missing === 0 && result.extra === 0;
}

async function setUp(parts: DemoParts, stage: Stage, progress: Progress): Promise<{ rest: Rest; prepared: Prepared }> {
  progress.note(`sandbox ${stage.sandbox}`);
  progress.note('starting the server (a first start creates the database)');
  await stage.startServer();
  progress.note(`server  ${stage.server}`);
  const rest = restClient(parts.http, stage.server, stage.token);
  const prepared = await prepare({ http: parts.http, rest, server: stage.server }, 'demo-shop');
  progress.note(`set up: ${prepared.audienceId} is connected to ${prepared.destinationId}`);
  return { rest, prepared };
}

/** How often the delivery is asked whether it is done. */
const askEveryMs = 250;

async function sendAndSettle(
  parts: DemoParts,
  run: { stage: Stage; rest: Rest; prepared: Prepared; people: number; progress: Progress },
): Promise<{ sent: number; seconds: number }> {
  const total = demoEvents({ people: run.people, startMs: run.stage.startMs }).length;
  const client = run.stage.startClient(run.prepared, run.people);
  parts.signal.addEventListener('abort', () => client.child.kill(), { once: true });
  let began: number | undefined;
  let sent = 0;
  for await (const acknowledged of acknowledgements(client)) {
    began ??= parts.clock.elapsed();
    sent = acknowledged;
    run.progress.moved('acknowledged by Usher', acknowledged, total);
  }
  if ((await client.ended) !== 0 && !parts.signal.aborted)
    throw new DemoError(`the client failed: ${client.lastLine()}`);
  let most = 0;
  await untilSettled(parts, run.rest, run.prepared, (owed) => {
    most = Math.max(most, owed);
    run.progress.moved('settled at TikTok', most - owed, most);
  });
  const tookMs = parts.clock.elapsed() - (began ?? parts.clock.elapsed());
  return { sent, seconds: Math.round(tookMs / 10) / 100 };
}

/** How many events the sending process has had acknowledged, whenever it says so. Ends with the process. */
export async function* acknowledgements(client: Part): AsyncGenerator<number> {
  if (client.child.stdout === null) throw new DemoError('the client has no output to read');
  for await (const line of createInterface({ input: client.child.stdout })) {
    yield countAt(JSON.parse(line), 'acknowledged');
  }
}

/** Waits until no pointer and no doubt is left. `report` is told what is still owed. */
export async function untilSettled(
  parts: Pick<DemoParts, 'clock' | 'signal'>,
  rest: Rest,
  prepared: Prepared,
  report: (owed: number) => void,
): Promise<void> {
  while (!parts.signal.aborted) {
    const delivery = await rest.get(`/destinations/${prepared.destinationId}/delivery`);
    report(countAt(delivery, 'owed'));
    if (isObject(delivery) && delivery['settled'] === true) return;
    await parts.clock.sleep(askEveryMs, parts.signal);
  }
}

/** Compares the sandbox's set with what it must be. */
export async function compare(
  http: Http,
  run: { stage: Stage; prepared: Prepared; expected: Expected; sent: number; seconds: number },
): Promise<DemoResult> {
  const view = sandboxView(http, run.stage.sandbox);
  const found = await view.members(run.prepared.audienceKey);
  const { missing, extra } = difference(run.expected.identifiers, found);
  return {
    sent: run.sent,
    expected: run.expected.identifiers.size,
    atTikTok: found.size,
    missing: missing.length,
    extra: extra.length,
    calls: await view.calls(),
    seconds: run.seconds,
  };
}
