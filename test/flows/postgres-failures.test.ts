import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { emailsAt } from '../support/at-tiktok.ts';
import { databaseAt, type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import {
  type HealthWatch,
  outcomesIn,
  type SteadyStream,
  steadyStream,
  watchHealth,
} from '../support/steady-stream.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { startUsher, type Usher, until } from '../support/usher.ts';

/**
 * A PostgreSQL that fails under one Usher, which is never restarted (reliability.md 5, "PG restart / failover", "Half-open
 * TCP"). Each test first shows the failure, then that everything goes on by itself: the same server, the same process.
 */
const unlimited = { USHER_TIKTOK_CALLS_PER_SECOND: '1000', USHER_TIKTOK_CALLS_PER_MINUTE: '60000' };
/** Half of what production waits before it gives up on a statement, which is what half of these tests wait for. */
const soon = '?statement_timeout=4000&query_timeout=5000';

let postgres: OwnPostgres;
let proxy: TcpProxy;
let usher: Usher;
let shop: Prepared;
let stream: SteadyStream;
let health: HealthWatch;
/** Of all tests: the server and its database are the same throughout. */
const streams: SteadyStream[] = [];

beforeAll(async () => {
  postgres = await startOwnPostgres();
  proxy = await startTcpProxy(postgres.port);
  usher = await startUsher({
    database: databaseAt(postgres.on(proxy.port) + soon),
    env: unlimited,
    sandbox: { rate: { perSecond: null, perMinute: null } },
  });
  shop = await usher.prepare();
}, 60_000);
afterEach(async () => {
  proxy?.heal();
  await stream?.stop();
  await health?.stop();
});
afterAll(async () => {
  await usher?.close();
  await proxy?.close();
  await postgres?.close();
});

const crashes = {
  'a fast stop': () => postgres.stop('fast'),
  'an immediate stop': () => postgres.stop('immediate'),
  'kill -9 of the postmaster': () => postgres.kill(),
};

test.each(Object.entries(crashes))(
  'I3: %s of PostgreSQL under load loses nothing acknowledged',
  async (name, crash) => {
    await begin(name);
    await stream.more(10);
    await crash();
    await health.becomes(false);
    await refusals(5);
    await postgres.start();
    await health.becomes(true);
    await stream.more(10);
    await finish();
    expect(health.turns.slice(0, 3)).toEqual([true, false, true]);
  },
);

const cuts = {
  muteAfter: 'the answer to COMMIT never comes',
  resetAfter: 'the connection is reset at COMMIT',
} as const;

test.each(['muteAfter', 'resetAfter'] as const)('I4: %s: the commit of unknown outcome counts once', async (cut) => {
  await begin(`cut ${cut}`);
  await stream.more(5);
  const doubled = await duplicates();
  // The transaction of a micro-batch, which is forwarded whole: it commits, and nobody hears of it.
  const before = proxy.struck();
  proxy.fault[cut] = ['insert into events', 'commit\0'];
  await until(proxy.struck, (count) => count > before, cuts[cut]);
  if (cut === 'muteAfter')
    await until(eventsUnheard, (count) => count > 0, 'events to be there that nobody has heard of');
  await stream.more(5);
  await finish();
  // Run again, the micro-batch finds itself in the record of messageIds; those are no duplicates of the client's.
  expect(await duplicates()).toBe(doubled);
});

test('connections that are cut in the middle of an answer are replaced, and nothing is lost or doubled', async () => {
  await begin('cut');
  await stream.more(5);
  const before = proxy.struck();
  proxy.fault.cutAfterBytes = 40_000;
  await until(proxy.struck, (count) => count > before + 5, 'six connections to be cut');
  proxy.heal();
  await stream.more(5);
  await finish();
});

test('sessions that hang are given up after the query timeout, and new ones do the work meanwhile', async () => {
  await begin('hang');
  await stream.more(5);
  const sessions = await postgres.sessions();
  for (const pid of sessions) process.kill(pid, 'SIGSTOP');
  try {
    await until(postgres.sessions, (now) => now.some((pid) => !sessions.includes(pid)), 'another session');
    await stream.more(5);
    expect(await postgres.sessions()).toEqual(expect.arrayContaining(sessions));
  } finally {
    for (const pid of sessions) process.kill(pid, 'SIGCONT');
  }
  await finish();
});

test('a network that swallows everything is noticed, answered with 503, and over when it is over', async () => {
  await begin('black-hole');
  await stream.more(5);
  proxy.fault.blackHole = true;
  await health.becomes(false);
  await refusals(5);
  proxy.heal();
  await health.becomes(true);
  await stream.more(5);
  await finish();
});

test('a server that becomes read-only is answered with 503 until it is writable, and its sessions are left', async () => {
  await begin('read-only');
  await stream.more(5);
  const sessions = await postgres.sessions();
  await setReadOnly('on');
  await health.becomes(false);
  await refusals(5);
  await until(
    postgres.sessions,
    (now) => now.every((pid) => !sessions.includes(pid)),
    'the sessions of before to be left',
  );
  await setReadOnly('off');
  await health.becomes(true);
  await stream.more(5);
  await finish();
});

test('I3: a standby takes over behind the same address: 503 until it is promoted, and nothing acknowledged is lost', async () => {
  const standby = await startOwnPostgres({ standbyOf: postgres });
  const first = postgres;
  try {
    // Without this a standby may lack what was acknowledged (docs/operating.md).
    await first.run("alter system set synchronous_standby_names = '*'");
    await first.run('select pg_reload_conf()');
    await begin('fail-over');
    await stream.more(10);
    await first.stop('immediate');
    proxy.target = standby.port;
    await health.becomes(false);
    await refusals(5);
    await standby.run('select pg_promote()');
    await health.becomes(true);
    postgres = standby;
    await stream.more(10);
    await finish();
  } finally {
    if (postgres !== standby) await standby.close();
    else await first.close();
  }
});

/** Starts sending, and watching what a load balancer sees. */
async function begin(name: string): Promise<void> {
  health = watchHealth(usher.url);
  await health.becomes(true);
  stream = steadyStream({
    urls: () => [usher.url],
    writeKey: shop.writeKey,
    audienceKey: shop.audienceKey,
    name: name.replaceAll(/\W/g, '-').toLowerCase(),
    everyMs: 50,
    people: 4,
  });
  streams.push(stream);
}

/** Waits for so many more answers that send the client away. */
async function refusals(count: number): Promise<void> {
  const refused = (): number => stream.answers.filter((answer) => answer.status === 503).length;
  const before = refused();
  await until(refused, (now) => now >= before + count, `${count} requests to be answered 503`);
}

/** What was not acknowledged comes again; then TikTok holds exactly what it must, and every event was counted once. */
async function finish(): Promise<void> {
  await stream.stop();
  await stream.resend(usher.url);
  await health.becomes(true);
  await health.stop();
  for (const { status, retryAfter } of stream.answers)
    if (status !== 200)
      expect({ status, retryAfter }).toEqual({ status: expect.toBeOneOf([429, 503]), retryAfter: expect.any(Number) });
  expect(health.deadAnswers).toEqual([]);
  const expected = new Set(streams.flatMap((one) => [...one.expected()]));
  const numbers = await usher.settled(shop.destinationId);
  expect(numbers).toMatchObject({ onTikTok: expected.size, parked: 0 });
  expect(emailsAt(usher.sandbox, shop.advertiserId, shop.audienceKey)).toEqual(expected);
  expect((await outcomes())['received']).toBe(streams.reduce((sum, one) => sum + one.events, 0));
}

const outcomes = async () => outcomesIn(await usher.rest.get(`/spaces/${shop.spaceId}/ingest`));
const duplicates = async (): Promise<number> => (await outcomes())['duplicate'] ?? 0;
const eventsUnheard = async (): Promise<number> => {
  const [row] = await postgres.run<{ n: string }>('select count(*) as n from events');
  return Number(row?.n) - streams.reduce((sum, one) => sum + one.acknowledgedEvents(), 0);
};

async function setReadOnly(value: 'on' | 'off'): Promise<void> {
  await postgres.run(`alter system set default_transaction_read_only = ${value}`);
  await postgres.run('select pg_reload_conf()');
}
