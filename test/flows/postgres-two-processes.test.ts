import { afterAll, beforeAll, expect, test } from 'vitest';
import { untilSettled } from '../../cli/demo/demo.ts';
import { type Rest, restClient, undiciHttp } from '../../cli/demo/http.ts';
import { freePorts, type Part, stopPart, waitUntilReady } from '../../cli/demo/processes.ts';
import { sandboxView } from '../../cli/demo/sandbox-view.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { emailHash } from '../support/at-tiktok.ts';
import { postgresUrl } from '../support/database.ts';
import { type SandboxDoors, sandboxDoors } from '../support/sandbox-doors.ts';
import { engageEvent, until } from '../support/usher.ts';

/**
 * Two server processes on one PostgreSQL. Not for the embedded engine, whose folder belongs to one process (the refusal is
 * in start-errors.test.ts); the name of this file keeps it out of there (vitest.config.ts).
 */
const never = new AbortController().signal;
const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: never };
const short = { USHER_LEASE: '3s', USHER_DOUBT_WINDOW: '2s', USHER_TIKTOK_TIMEOUT: '2s' };
const create = '/segment/audience/';

let stage: Stage;
let sandbox: SandboxDoors;
let rest: Rest;
let first: Part;
let prepared: Prepared;
let second: { url: string; part: Part };

beforeAll(async () => {
  stage = await openStage(parts, postgresUrl());
  sandbox = sandboxDoors(stage.sandbox);
  first = await stage.startServer(short);
  rest = restClient(undiciHttp, stage.server, stage.token);
  prepared = await prepare({ http: undiciHttp, rest, server: stage.server }, 'two-nodes');
  second = await startSecond();
});
afterAll(() => stage?.close());

test('two nodes that get the first events of new audiences at once create each audience once', async () => {
  // A slow list makes the time in which both could find nothing, and both create, as long as it gets.
  await sandbox.fault({ path: '/dmp/custom_audience/list/', effect: { kind: 'latency', ms: 300 } });
  const keys = ['buyers', 'readers', 'returners'];
  for (const key of keys) await connectAudience(key);
  await Promise.all(keys.flatMap((key) => [enter(stage.server, key, 'one'), enter(second.url, key, 'two')]));
  await untilSettled(parts, rest, prepared, () => {});
  for (const key of keys) expect(await emailsAt(key)).toEqual(emailsOf(['one', 'two'], key));
  expect((await sandbox.audienceNames()).toSorted()).toEqual(keys);
  expect(await sandbox.calls(create)).toBe(keys.length);
});

test('a node that is killed while it creates an audience leaves it to the other one, which finds it and makes none', async () => {
  // TikTok makes it at once, shows it seconds later, and the answer is lost with the process that asked.
  await sandbox.change({ audienceVisibleMs: 5_000 });
  await sandbox.fault({ path: create, times: 1, effect: { kind: 'applyThenHang' } });
  const [struck, created] = [await sandbox.struck(), await sandbox.calls(create)];
  await stopPart(second.part, systemClock); // so that it is surely the first one who creates
  await connectAudience('lapsed');
  await enter(stage.server, 'lapsed', 'one');
  await until(sandbox.struck, (calls) => calls > struck, 'the create to hang');
  second = await startSecond();
  await enter(second.url, 'lapsed', 'two');
  first.child.kill('SIGKILL');
  expect(await first.ended).toBeNull();
  await untilSettled(parts, restClient(undiciHttp, second.url, stage.token), prepared, () => {});
  expect(await emailsAt('lapsed')).toEqual(emailsOf(['one', 'two'], 'lapsed'));
  expect((await sandbox.audienceNames()).filter((name) => name === 'lapsed')).toHaveLength(1);
  expect((await sandbox.calls(create)) - created).toBe(1);
});

/** Another process on the same database, with the same secret key: the folder holds nothing else here. */
async function startSecond(): Promise<{ url: string; part: Part }> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const part = await stage.startServer({ ...short, PORT: String(port) });
  await waitUntilReady(parts, part, `${url}/readyz`);
  return { url, part };
}

/** An audience of Engage's, connected, with an Add Users mapping of its own (segment-spec.md 0, step 10). */
async function connectAudience(key: string): Promise<void> {
  const { spaceId, destinationId, advertiserId } = prepared;
  const audience = await rest.post(`/spaces/${spaceId}/audiences`, { name: key, key, kind: 'external' });
  await rest.post(`/destinations/${destinationId}/subscriptions`, {
    name: `Add ${key}`,
    actionSlug: 'addUser',
    trigger: 'event = "Audience Entered"',
    settings: {
      selected_advertiser_id: advertiserId,
      custom_audience_name: { '@path': '$.properties.audience_key' },
      personas_audience_key: key,
      email: { '@path': '$.context.traits.email' },
    },
    enabled: true,
  });
  const id = (audience as { id: string }).id;
  await rest.post(`/spaces/${spaceId}/audiences/${id}/destination-connections`, {
    destinationId,
    sendTrack: true,
    sendIdentify: false,
  });
}

const emailOf = (person: string, key: string): string => `${person}@${key}.example.com`;
const emailsOf = (people: readonly string[], key: string): Set<string> =>
  new Set(people.map((person) => `EMAIL_SHA256:${emailHash(emailOf(person, key))}`));
const emailsAt = (key: string) => sandboxView(undiciHttp, stage.sandbox).members(key);

async function enter(server: string, key: string, person: string): Promise<void> {
  const answer = await fetch(`${server}/v1/track`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${prepared.writeKey}:`)}` },
    body: JSON.stringify(engageEvent(key, true, { userId: `${key}-${person}`, email: emailOf(person, key) })),
  });
  expect(answer.status).toBe(200);
}
