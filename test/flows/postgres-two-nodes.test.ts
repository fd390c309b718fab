import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { untilSettled } from '../../cli/demo/demo.ts';
import { type Rest, restClient, textAt, undiciHttp } from '../../cli/demo/http.ts';
import { freePorts, type Part, waitUntilReady } from '../../cli/demo/processes.ts';
import { type Prepared, prepare } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { freshPostgresDatabase } from '../support/flow-database.ts';
import { type SandboxDoors, sandboxDoors } from '../support/sandbox-doors.ts';
import { outcomesIn, type SteadyStream, steadyStream } from '../support/steady-stream.ts';
import { until } from '../support/usher.ts';

/**
 * Two server processes on one PostgreSQL, three destinations of one TikTok app, and a stream that goes on while either node
 * is killed or stalled (reliability.md 2, rows 1 to 6). The name of this file keeps it off the embedded engine, whose folder
 * belongs to one process: the refusal of a second one is in start-errors.test.ts.
 */
const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: new AbortController().signal };
const short = { USHER_LEASE: '3s', USHER_DOUBT_WINDOW: '2s', USHER_TIKTOK_TIMEOUT: '2s' };
const advertisers = ['7100000000000000001', '7100000000000000002', '7100000000000000003'];
/** A request of 50 people, of whom every fourth leaves with the next one: some 470 events a second for the three destinations. */
const perShop = { people: 50, everyMs: 400 };
const eventsMin = 20_000;

interface Node {
  readonly url: string;
  readonly env: Record<string, string>;
  part: Part;
}

let database: Awaited<ReturnType<typeof freshPostgresDatabase>>;
let stage: Stage;
let sandbox: SandboxDoors;
let rest: Rest;
let nodes: [Node, Node];
const shops: (Prepared & { advertiserId: string })[] = [];

beforeAll(async () => {
  database = await freshPostgresDatabase();
  stage = await openStage(parts, undefined);
  sandbox = sandboxDoors(stage.sandbox);
  const first = { url: stage.server, env: { ...short, DATABASE_URL: database.url } };
  nodes = [{ ...first, part: await stage.startServer(first.env) }, await startSecond()];
  rest = restClient(undiciHttp, stage.server, stage.token);
  for (const [i, advertiserId] of advertisers.entries()) shops.push(await openShop(`shop-${i}`, advertiserId));
}, 120_000);
afterAll(async () => {
  for (const { part } of nodes ?? []) part.child.kill('SIGCONT');
  await stage?.close();
  await database?.drop();
});

test('I1, I3: 20,000 events and more over two nodes, either one killed or stalled: the sets are equal, the call budget is kept', async () => {
  const [one, two] = nodes;
  const streams = shops.map((shop, i) =>
    steadyStream({
      urls: () => nodes.map((node) => node.url),
      writeKey: shop.writeKey,
      audienceKey: shop.audienceKey,
      name: `shop${i}`,
      ...perShop,
    }),
  );
  await more(streams);
  await restart(one);
  await more(streams);
  await stallPastLease(two);
  await more(streams);
  await restart(two);
  await more(streams);
  await until(
    () => sum(streams.map((stream) => stream.events)),
    (events) => events >= eventsMin,
    'the stream to be long enough',
  );
  // What a node took with it is repeated to the other one.
  for (const stream of streams) await stream.stop();
  for (const stream of streams) await stream.resend(two.url);
  for (const [i, shop] of shops.entries()) await compare(shop, streams[i]);
  await expectBudgetKept();
}, 240_000);

/** Waits until some more of every stream has been acknowledged. */
const more = (streams: readonly SteadyStream[]) => Promise.all(streams.map((stream) => stream.more(8)));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

async function restart(node: Node): Promise<void> {
  expect(node.part.child.exitCode, 'it lived until now').toBeNull();
  node.part.child.kill('SIGKILL');
  expect(await node.part.ended).toBeNull();
  node.part = await stage.startServer(node.env);
  await waitUntilReady(parts, node.part, `${node.url}/readyz`);
}

/** Stops a node in the middle of its work and wakes it when the other one has taken its destinations over (row 2). */
async function stallPastLease(node: Node): Promise<void> {
  await until(
    () => leases('valid_until > clock_timestamp()'),
    (held) => held.length > 0,
    'a lease to be held',
  );
  node.part.child.kill('SIGSTOP');
  const held = await leases('valid_until > clock_timestamp()');
  const fences = new Map(held.map((lease) => [lease.destination_id, lease.fence]));
  const calls = (await sandbox.requests()).length;
  await until(
    () => leases('true'),
    (now) =>
      now.every(({ destination_id, fence, over }) => (fences.get(destination_id) ?? fence) !== fence || over === true),
    'the leases of the stalled node to be taken or over',
  );
  await until(
    async () => (await sandbox.requests()).length,
    (count) => count > calls,
    'the other node to make calls',
  );
  node.part.child.kill('SIGCONT');
}

interface Lease {
  destination_id: string;
  fence: string;
  over: boolean;
}

async function leases(where: string): Promise<Lease[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const columns = 'destination_id, fence, valid_until <= clock_timestamp() as over';
    return (await client.query<Lease>(`select ${columns} from leases where ${where}`)).rows;
  } finally {
    await client.end();
  }
}

async function compare(shop: Prepared, stream: SteadyStream | undefined): Promise<void> {
  await untilSettled(parts, rest, shop, () => {});
  const expected = stream?.expected() ?? new Set();
  expect(await sandbox.emails(shop.advertiserId, shop.audienceKey)).toEqual(expected);
  const delivery = await rest.get(`/destinations/${shop.destinationId}/delivery`);
  expect(delivery).toMatchObject({ members: expected.size, onTikTok: expected.size, parked: 0 });
  // Each event counted once, whichever node took it, however often it was sent (I4).
  expect(outcomesIn(await rest.get(`/spaces/${shop.spaceId}/ingest`))['received']).toBe(stream?.events);
}

/** TikTok's basic level (tiktok-api.md 10), as its stand-in saw the calls of both nodes together. */
async function expectBudgetKept(): Promise<void> {
  const calls = await sandbox.requests();
  const times = calls.map((call) => call.time);
  const most = (windowMs: number): number =>
    Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length));
  expect(calls.filter((call) => call.decision === 'throttled')).toEqual([]);
  expect(most(1_000)).toBeLessThanOrEqual(10);
  expect(most(60_000)).toBeLessThanOrEqual(600);
}

async function startSecond(): Promise<Node> {
  const [port = 0] = await freePorts(1);
  const env = { ...short, DATABASE_URL: database.url, PORT: String(port) };
  const url = `http://127.0.0.1:${port}`;
  const part = await stage.startServer(env);
  await waitUntilReady(parts, part, `${url}/readyz`);
  return { url, env, part };
}

/** A space with a destination of its own at an advertiser of its own, in small calls, so that many are under way. */
async function openShop(slug: string, advertiserId: string): Promise<Prepared & { advertiserId: string }> {
  const made = await prepare({ http: undiciHttp, rest, server: stage.server }, slug);
  await rest.patch(`/destinations/${made.destinationId}`, { settings: { batchRows: 100 } });
  const subscriptions = `/destinations/${made.destinationId}/subscriptions`;
  for (const one of (await rest.get(subscriptions)) as { id: string; settings: Record<string, never> }[]) {
    const settings = { ...one.settings, selected_advertiser_id: advertiserId };
    await rest.patch(`${subscriptions}/${textAt(one, 'id')}`, { settings });
  }
  return { ...made, advertiserId };
}
