import { afterAll, beforeAll, expect, test } from 'vitest';
import { acknowledgements, untilSettled } from '../../cli/demo/demo.ts';
import { difference, expectedAtTikTok } from '../../cli/demo/expected.ts';
import { type Rest, restClient, undiciHttp } from '../../cli/demo/http.ts';
import { demoEvents } from '../../cli/demo/people.ts';
import type { Part } from '../../cli/demo/processes.ts';
import { sandboxView } from '../../cli/demo/sandbox-view.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { isObject, type JsonObject } from '../../server/kernel/json.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { freshDataDir, postgresUrl, testEngine } from '../support/database.ts';
import { type SandboxDoors, sandboxDoors } from '../support/sandbox-doors.ts';
import { until } from '../support/usher.ts';

/**
 * The demonstration with a server that is killed in its middle, twice: server, sandbox and client are processes of
 * their own, and only the server dies. Its lease and its doubt window are seconds, so that the test does not wait minutes.
 */
const people = 3_000;
const never = new AbortController().signal;
const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: never };
const short = { USHER_LEASE: '3s', USHER_DOUBT_WINDOW: '2s', USHER_TIKTOK_TIMEOUT: '2s' };

let stage: Stage;
let sandbox: SandboxDoors;
let rest: Rest;
let server: Part;
let prepared: Prepared;
let data: { USHER_DATA?: string };
const startServer = () => stage.startServer({ ...short, ...data });

beforeAll(async () => {
  stage = await openStage(parts, testEngine === 'postgres' ? postgresUrl() : undefined);
  data = testEngine === 'embedded' ? { USHER_DATA: freshDataDir() } : {};
  server = await startServer();
  sandbox = sandboxDoors(stage.sandbox);
  rest = restClient(undiciHttp, stage.server, stage.token);
  prepared = await prepare({ http: undiciHttp, rest, server: stage.server }, 'crash-shop');
});
afterAll(() => stage?.close());

test('I3: two kill -9 in the middle of the stream lose nothing acknowledged, and the sets are equal in the end', async () => {
  const events = demoEvents({ people, startMs: stage.startMs });
  const expected = expectedAtTikTok(events);
  const client = stage.startClient(prepared, people);
  const progress = follow(client);

  // While events are being taken: the client repeats what was not answered, with the same messageIds.
  await until(progress, (taken) => taken > 0, 'the first events to be acknowledged');
  expect(progress()).toBeLessThan(events.length);
  await killAndStartAgain();

  // With one call on its way that TikTok has applied already, and one that it applies only after newer ones (rule 11).
  await sandbox.fault({ path: mapping, times: 1, effect: { kind: 'applyThenHang' } });
  await sandbox.fault({ path: mapping, times: 1, effect: late });
  await until(sandbox.struck, (calls) => calls === 2, 'two calls to TikTok without an answer');
  await killAndStartAgain();

  expect(await client.ended, client.lastLine()).toBe(0);
  expect(progress()).toBe(events.length);
  await untilSettled(parts, rest, prepared, () => {});
  const found = await sandboxView(undiciHttp, stage.sandbox).members(prepared.audienceKey);
  expect(difference(expected.identifiers, found)).toEqual({ missing: [], extra: [] });
  const { members, skipped, parked } = await numbers();
  expect({ members, skipped, parked }).toEqual({
    members: expected.members,
    skipped: expected.unusable,
    parked: 0,
  });
});

const mapping = '/segment/mapping/';
const late = { kind: 'applyLate', ms: 1_500, answer: 'hang' };

/** The whole process at once, as an out-of-memory kill or a power cut does it; then one on the same data. */
async function killAndStartAgain(): Promise<void> {
  expect(server.child.exitCode, 'it lived until now').toBeNull();
  server.child.kill('SIGKILL');
  expect(await server.ended).toBeNull();
  server = await startServer();
}

/** Reads what the client says and gives, whenever asked, how many events have been acknowledged. */
function follow(client: Part): () => number {
  let acknowledged = 0;
  void (async () => {
    for await (const count of acknowledgements(client)) acknowledged = count;
  })();
  return () => acknowledged;
}

async function numbers(): Promise<JsonObject> {
  const answer = await rest.get(`/destinations/${prepared.destinationId}/delivery`);
  return isObject(answer) ? answer : {};
}
