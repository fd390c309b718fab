import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Rest, restClient, undiciHttp } from '../../cli/demo/http.ts';
import type { Part } from '../../cli/demo/processes.ts';
import { sandboxView } from '../../cli/demo/sandbox-view.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { isObject } from '../../server/kernel/json.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { freshDataDir } from '../support/database.ts';
import { mountSmallDisk, type SmallDisk } from '../support/full-disk.ts';
import { faultyDisk, type Patch, patchedEnvironment } from '../support/patches.ts';
import { outcomesIn, type SteadyStream, steadyStream, watchHealth } from '../support/steady-stream.ts';
import { until } from '../support/usher.ts';

/**
 * The embedded database on a disk that is full, fails or hangs, under a whole server with clients that go on sending.
 * Each time the failure is seen first, then that the server comes back by itself, in the same process.
 */
const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: new AbortController().signal };
const short = { USHER_LEASE: '3s', USHER_DOUBT_WINDOW: '2s', USHER_TIKTOK_TIMEOUT: '2s' };
/** A minute is the limit of a statement in production; on a busy machine nothing else here takes as long as this. */
const impatient: Patch = { file: 'server/db/embedded-engine.ts', find: 'seconds(60)', replace: 'seconds(10)' };

let stage: Stage;
let server: Part;
let rest: Rest;
let prepared: Prepared;
let control: string;
let disk: SmallDisk | undefined;
const streams: SteadyStream[] = [];

beforeAll(async () => {
  stage = await openStage(parts, undefined);
  control = path.join(stage.folder, 'control');
  fs.mkdirSync(control);
  const made = freshDataDir();
  // 40 MB of it are the empty database and the first file of its log.
  disk = mountSmallDisk(160);
  if (disk) fs.cpSync(made, disk.folder, { recursive: true });
  server = await stage.startServer({
    ...short,
    ...patchedEnvironment([...faultyDisk, impatient]),
    USHER_TEST_DISK: control,
    USHER_DATA: disk?.folder ?? made,
  });
  rest = restClient(undiciHttp, stage.server, stage.token);
  prepared = await prepare({ http: undiciHttp, rest, server: stage.server }, 'failing-disk');
}, 180_000);
afterAll(async () => {
  await stage?.close();
  disk?.unmount();
});

afterEach(async () => {
  mend();
  for (const stream of streams) await stream.stop();
});

const faults = {
  /** As PostgreSQL sees it: 53100 on a write to the log, which makes it panic. */
  full: () => fs.writeFileSync(path.join(control, 'fault'), 'full'),
  /** 58030 in the middle of a commit. */
  failing: () => fs.writeFileSync(path.join(control, 'fault'), 'failing'),
  /** A write that never returns: so does the query. */
  hanging: () => fs.writeFileSync(path.join(control, 'fault'), 'hanging'),
  'full in earnest': () => must(disk, 'this test runs with a disk').fill(),
};

function mend(): void {
  fs.rmSync(path.join(control, 'fault'), { force: true });
  disk?.free();
}

test.each([
  ['full', 'it could not write to the disk'],
  ['failing', 'it could not write to the disk'],
  ['hanging', 'a statement took longer than its limit'],
  // Only root may mount.
  ...(process.getuid?.() === 0 ? ([['full in earnest', 'it could not write to the disk']] as const) : []),
] as const)(
  'I3: while the disk is %s, events are refused with 503 and Retry-After; once it is mended Usher goes on by itself, and nothing acknowledged is lost',
  async (kind, reason) => {
    const health = watchHealth(stage.server);
    const stream = startStream(kind.replaceAll(' ', '-'));
    await stream.more(5);
    await health.becomes(true);

    const logged = logOf().length;
    faults[kind]();
    // Under load /readyz may turn more often than here: a probe of more than a second counts as "not ready" too.
    await health.becomes(false);
    await until(
      () => stream.answers.filter(refused).length,
      (count) => count >= 3,
      'three refusals',
    );
    await until(
      () => logOf().slice(logged),
      (log) => log.includes(`opening the database again: ${reason}`),
      'the engine to be given up',
    );
    const acknowledged = stream.acknowledged();
    expect(stream.answers.filter(refused).every(({ retryAfter }) => retryAfter !== undefined && retryAfter > 0)).toBe(
      true,
    );

    mend();
    await health.becomes(true);
    await stream.more(5);
    await stream.stop();
    await health.stop();
    expect(stream.acknowledged(), 'nothing was acknowledged that had been').toBeGreaterThanOrEqual(acknowledged + 5);
    expect(health.deadAnswers, 'the process lives all the time').toEqual([]);
    expect(server.child.exitCode).toBeNull();

    await stream.resend(stage.server);
    await until(isSettled, Boolean, 'the destination to be settled');
    const events = streams.reduce((sum, one) => sum + one.events, 0);
    expect(outcomesIn(await rest.get(`/spaces/${prepared.spaceId}/ingest`))['received'], 'each event counts once').toBe(
      events,
    );
    expect(await sandboxView(undiciHttp, stage.sandbox).members(prepared.audienceKey)).toEqual(
      new Set(streams.flatMap((one) => [...one.expected()].map((hash) => `EMAIL_SHA256:${hash}`))),
    );
  },
  // Each takes ten seconds; a machine that is busy with other things opens a database for half a minute.
  300_000,
);

/** A question may meet the engine while it opens. */
const isSettled = (): Promise<boolean> =>
  rest.get(`/destinations/${prepared.destinationId}/delivery`).then(
    (numbers) => isObject(numbers) && numbers['settled'] === true,
    () => false,
  );

const refused = ({ status }: { status: number }): boolean => status === 503;

const logOf = (): string => fs.readFileSync(path.join(stage.folder, 'serve.log'), 'utf8');

function startStream(name: string): SteadyStream {
  const stream = steadyStream({
    urls: () => [stage.server],
    writeKey: prepared.writeKey,
    audienceKey: prepared.audienceKey,
    name,
    everyMs: 40,
    people: 5,
  });
  streams.push(stream);
  return stream;
}
