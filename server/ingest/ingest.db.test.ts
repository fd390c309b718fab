import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Analytics } from '@segment/analytics-node';
import sql from 'sql-template-tag';
import { afterEach, expect, test } from 'vitest';
import type { SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SourceKind } from '../../contract/segment-event.ts';
import { testDatabase } from '../../test/support/database.ts';
import { promised } from '../../test/support/promised.ts';
import { CommitUnknown, DatabaseUnavailable, type Db, type Tx } from '../db/port.ts';
import { manualClock } from '../kernel/clock.ts';
import { noCrash } from '../kernel/crash-point.ts';
import { silentLog } from '../kernel/log.ts';
import { seededRandom, systemRandom } from '../kernel/random.ts';
import { must } from '../kernel/result.ts';
import { vault as createVault, Secret } from '../kernel/secret.ts';
import {
  createIngest,
  createSource,
  createWriteKey,
  deleteSource,
  getSource,
  type IngestDeps,
  ingestDefaults,
  listSources,
  revokeWriteKey,
  sweepMessages,
  updateSource,
} from './ingest.ts';

const database = testDatabase(import.meta.url);
const start = '2026-05-01T10:00:00Z';
const vault = createVault(Buffer.alloc(32, 7), systemRandom);
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Options extends Partial<IngestDeps> {
  readonly kind?: SourceKind;
}

/** An ingest behind a real server, with a source; `process` records what it is given. */
async function startIngest(options: Options = {}) {
  const clock = manualClock(start);
  const events: ReceivedEvent[] = [];
  const batches: number[] = [];
  const deps: IngestDeps = {
    db: database.db,
    clock,
    random: seededRandom(1),
    log: silentLog,
    vault,
    reached: noCrash,
    process: async (_tx, batch) => {
      batches.push(batch.length);
      events.push(...batch);
    },
    settings: { ...ingestDefaults, publicUrl: 'https://usher.example' },
    ...options,
  };
  const [space] = await database.db.query<{ space_id: SpaceId }>(
    sql`insert into spaces (slug, name, created_at) values ('main', 'Main', ${new Date(start)}) returning space_id`,
  );
  const spaceId = must(space, 'inserted').space_id;
  const made = await database.db.transaction((tx) =>
    createSource(
      tx,
      { ...deps, random: systemRandom },
      { spaceId, slug: 'shop', name: 'Shop', kind: options.kind ?? 'server' },
    ),
  );
  if (!made.ok) throw new Error(made.error);
  const ingest = createIngest(deps);
  const server = createServer((request, response) => ingest.handle(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = made.value.writeKey.reveal();
  const basic = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const post = (path: string, body: unknown, headers: Record<string, string> = { authorization: basic }) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      headers,
    });
  return { ingest, clock, events, batches, url, key, basic, post, spaceId, source: made.value.source, deps };
}

const counts = async () => {
  const rows = await database.db.query<{ outcome: string; reason: string; count: number; space_id: number }>(
    sql`select space_id, outcome, reason, sum(count)::bigint as count from ingest_counts group by 1, 2, 3 order by 2, 3`,
  );
  return Object.fromEntries(rows.map((row) => [`${row.outcome} ${row.reason}`.trim(), row.count]));
};
const track = (messageId: string, more: Record<string, unknown> = {}) => ({
  type: 'track',
  event: 'Ordered',
  userId: 'u1',
  messageId,
  ...more,
});
const ids = (events: readonly ReceivedEvent[]) => events.map((event) => event.event.messageId);

test("Segment's Node library works unchanged: six kinds of events arrive, once", async () => {
  const { events, url, key, spaceId, source } = await startIngest();
  const errors: unknown[] = [];
  const node = new Analytics({ writeKey: key, host: url, flushAt: 10, maxRetries: 0 });
  node.on('error', (error) => errors.push(error));
  node.identify({ userId: 'u1', traits: { email: 'ana@example.com' } });
  node.track({ userId: 'u1', event: 'Ordered', properties: { x: 1 }, messageId: 'one' });
  node.track({ userId: 'u1', event: 'Ordered', messageId: 'one' });
  node.page({ anonymousId: 'a1', name: 'Home' });
  node.screen({ userId: 'u1', name: 'Start' });
  node.group({ userId: 'u1', groupId: 'g1' });
  node.alias({ userId: 'u2', previousId: 'u1' });
  await node.closeAndFlush();
  expect(errors).toEqual([]);
  expect(events.map((e) => e.event.type)).toEqual(['identify', 'track', 'page', 'screen', 'group', 'alias']);
  expect(events[0]).toMatchObject({ spaceId, sourceId: source.sourceId, sourceKind: 'server' });
  expect(await counts()).toEqual({ received: 6, duplicate: 1 });
});

test('every endpoint, both ways to give the key, gzip, any content type', async () => {
  const { events, post, key } = await startIngest();
  const types = { track: 't', identify: 'i', page: 'p', screen: 's', group: 'g', alias: 'a' };
  const event = { event: 'E', userId: 'u', groupId: 'g', previousId: 'p' };
  for (const [type, letter] of Object.entries(types))
    for (const path of [`/v1/${type}`, `/v1/${letter}`]) {
      const answer = await post(path, { ...event, writeKey: key }, { 'content-type': 'text/plain' });
      expect([answer.status, await answer.json()]).toEqual([200, { success: true }]);
    }
  expect(events.map((e) => e.event.type)).toEqual(Object.keys(types).flatMap((type) => [type, type]));
  const noColon = { authorization: `Basic ${Buffer.from(key).toString('base64')}` };
  await post('/v1/batch', { batch: [track('b1')] }, noColon);
  await post('/v1/import', gzipSync(JSON.stringify({ batch: [track('b2')], writeKey: key })), {
    'content-encoding': 'gzip',
  });
  await post('/v1/b?x=1', { batch: [{ ...track('b3'), writeKey: key }] }, {});
  expect(ids(events).slice(-3)).toEqual(['b1', 'b2', 'b3']);
  expect((await post('/v1/m', '{"series":[]}', {})).status).toBe(200);
  expect((await post('/v1/nowhere', '{}', {})).status).toBe(404);
});

test('browsers: preflight and CORS on every answer, settings that name this host, and the HTTP errors of segment-spec.md 1.4', async () => {
  const { url, post, key } = await startIngest({ kind: 'website' });
  const preflight = await fetch(`${url}/v1/t`, {
    method: 'OPTIONS',
    headers: { 'access-control-request-headers': 'authorization,x-new' },
  });
  expect(preflight.status).toBe(204);
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': 'authorization,x-new',
    'access-control-max-age': '86400',
  });
  const settings = await (await fetch(`${url}/v1/projects/${key}/settings`)).json();
  expect(settings).toMatchObject({
    integrations: { 'Segment.io': { apiKey: key, apiHost: 'usher.example/v1', protocol: 'https' } },
  });
  const refusals = [
    await post('/v1/t', '{"a":'),
    await post('/v1/t', ''),
    await post('/v1/t', track('x', { properties: { long: 'x'.repeat(33_000) } })),
    await post('/v1/batch', { batch: [], pad: 'x'.repeat(513_000) }),
    await post('/v1/batch', 'not gzip', { 'content-encoding': 'gzip' }),
    await post('/v1/batch', '{}', { 'content-encoding': 'br' }),
    await fetch(`${url}/v1/projects/nobody/settings`),
    await fetch(`${url}/v1/track`),
  ];
  expect(refusals.map((r) => r.status)).toEqual([400, 400, 400, 400, 400, 415, 404, 405]);
  for (const refusal of refusals) expect(refusal.headers.get('access-control-allow-origin')).toBe('*');
  expect(await must(refusals[3], 'fourth').json()).toMatchObject({ message: 'Exceed payload limit' });
});

test('T12: a zip bomb is refused at the cap, and the server goes on', async () => {
  const { post, basic, events } = await startIngest();
  const bomb = gzipSync(Buffer.alloc(200 * 1_024 * 1_024, 32));
  const answer = await post('/v1/batch', bomb, { authorization: basic, 'content-encoding': 'gzip' });
  expect([answer.status, await answer.json()]).toEqual([400, { success: false, message: 'Exceed payload limit' }]);
  await post('/v1/track', track('after'));
  expect(ids(events)).toEqual(['after']);
});

test('an unknown key, a disabled source and a revoked key are answered 200, counted and not processed', async () => {
  const { post, events, source, clock, deps, key } = await startIngest();
  expect(
    (await post('/v1/batch', { batch: [track('a'), track('b')] }, { authorization: 'Basic bm9ib2R5Og==' })).status,
  ).toBe(200);
  expect((await post('/v1/track', track('c'), {})).status).toBe(200);
  expect(await counts()).toEqual({ 'failed unknown_source': 3 });
  await database.db.transaction((tx) =>
    updateSource(tx, deps, { sourceId: source.sourceId, change: { enabled: false } }),
  );
  await post('/v1/track', track('d'));
  expect(await counts()).toMatchObject({ 'failed source_disabled': 1 });
  const keyId = must(source.writeKeys[0], 'first key').keyId;
  await database.db.transaction((tx) =>
    updateSource(tx, deps, { sourceId: source.sourceId, change: { enabled: true } }),
  );
  await clock.advance(4_000);
  await post('/v1/track', track('e', { writeKey: key }));
  await database.db.transaction((tx) => revokeWriteKey(tx, deps, { sourceId: source.sourceId, keyId }));
  await clock.advance(4_000);
  await post('/v1/track', track('f'));
  expect(ids(events)).toEqual(['e']);
  expect(await counts()).toMatchObject({ 'failed unknown_source': 4 });
});

test('a key made a moment ago works within a second of somebody having tried it too early', async () => {
  const { post, events, source, clock, deps } = await startIngest();
  const made = await database.db.transaction((tx) =>
    createWriteKey(tx, { ...deps, random: systemRandom }, source.sourceId),
  );
  if (!made.ok) throw new Error(made.error);
  await clock.advance(1_000);
  await post('/v1/track', track('new', { writeKey: made.value.plain.reveal() }), {});
  expect(ids(events)).toEqual(['new']);
});

test('I4: a messageId counts once, in a batch, across requests and after the memory of the process is gone', async () => {
  const first = await startIngest();
  await first.post('/v1/batch', { batch: [track('a', { event: 'First' }), track('a', { event: 'Second' })] });
  await first.post('/v1/track', track('a'));
  const again = createIngest(first.deps);
  const server = createServer((request, response) => again.handle(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => new Promise((closed) => server.close(closed)));
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/track`, {
    method: 'POST',
    body: JSON.stringify(track('a')),
    headers: { authorization: first.basic, connection: 'close' },
  });
  expect(first.events.map((e) => e.event.event)).toEqual(['First']);
  expect(await counts()).toEqual({ received: 1, duplicate: 3 });
});

test('requests that wait together share a transaction', async () => {
  const gate = promised();
  const batches: string[][] = [];
  const { post, ingest } = await startIngest({
    process: async (_tx, batch) => {
      batches.push(ids(batch));
      if (batches.length === 1) await gate.promise;
    },
  });
  const first = post('/v1/track', track('m0'));
  while (batches.length === 0) await new Promise(setImmediate);
  const others = Array.from({ length: 20 }, (_, i) => post('/v1/track', track(`m${i + 1}`)));
  while (ingest.stats().queuedEvents < 20) await new Promise(setImmediate);
  gate.keep();
  expect((await Promise.all([first, ...others])).every((r) => r.status === 200)).toBe(true);
  expect(batches.map((b) => b.length)).toEqual([1, 20]);
});

/** Runs real SQL on what the events say, as the stages behind do. */
const store = async (tx: Tx, batch: ReceivedEvent[]): Promise<void> => {
  const texts = batch.map(({ event }) => String(event.properties?.['n'] ?? 0));
  await tx.query(sql`select n::int from unnest(${texts}::text[]) as n`);
};

test('F8, I12: one event that the database refuses is set aside alone, with a masked sample; the rest commits', async () => {
  const kept: string[] = [];
  const { post, ingest } = await startIngest({
    process: async (tx, batch) => {
      await store(tx, batch);
      kept.push(...ids(batch));
    },
  });
  const batch = Array.from({ length: 50 }, (_, i) =>
    track(`m${i}`, { properties: { n: i === 17 ? 'ana@example.com' : i } }),
  );
  expect((await post('/v1/batch', { batch })).status).toBe(200);
  expect(kept).toEqual(batch.map((e) => e.messageId).filter((id) => id !== 'm17'));
  expect(await counts()).toEqual({ received: 49, 'failed bad_request': 1 });
  expect(ingest.stats()).toMatchObject({ events: 49, quarantined: 1 });
  const samples = await database.db.query<{ sample: unknown }>(sql`select sample from ingest_samples`);
  expect(samples).toHaveLength(1);
  expect(samples[0]?.sample).toMatchObject({ detail: 'could not be processed: SQLSTATE 22P02' });
  expect(JSON.stringify(samples)).not.toContain('ana@');
});

test('a stage that throws for one event loses that one; a stage that throws for all acknowledges nothing', async () => {
  const kept: string[] = [];
  let broken = false;
  const { post } = await startIngest({
    process: async (_tx, batch) => {
      if (broken || batch.some(({ event }) => event.event === 'Poison')) throw new TypeError('no');
      kept.push(...ids(batch));
    },
  });
  expect((await post('/v1/batch', { batch: [track('a'), track('b', { event: 'Poison' }), track('c')] })).status).toBe(
    200,
  );
  expect(kept).toEqual(['a', 'c']);
  broken = true;
  const answer = await post('/v1/batch', { batch: [track('d'), track('e')] });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  broken = false;
  expect((await post('/v1/batch', { batch: [track('d'), track('e')] })).status).toBe(200);
  expect(kept).toEqual(['a', 'c', 'd', 'e']);
});

test('F8: a corpus of hostile events is stored or refused one by one, and good neighbours always arrive', async () => {
  const kept: string[] = [];
  const { post } = await startIngest({
    process: async (tx, batch) => {
      const texts = batch.map(({ event }) => JSON.stringify(event));
      await tx.query(sql`select (t::jsonb)->>'event', t from unnest(${texts}::text[]) as t`);
      kept.push(...ids(batch));
    },
  });
  const deep = `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`;
  const hostile = [
    '"event":"a\\u0000b"',
    '"event":"\\ud800"',
    '"event":"x","properties":{"\\u0000k\\udc00":"\\udfff"}',
    '"event":"x","timestamp":"9999999-01-01T00:00:00Z","sentAt":"-1"',
    '"event":"x","properties":{"n":1e999,"m":-1e999,"big":123456789012345678901234567890}',
    `"event":"x","properties":${deep}`,
    '"event":"x","properties":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    '"event":"x","context":{"personas":{"computation_key":"__proto__"}}',
  ];
  for (const [i, parts] of hostile.entries()) {
    const body = `{"batch":[{"type":"track","userId":"u","messageId":"bad${i}\\u0000",${parts}},${JSON.stringify(track(`good${i}`))}]}`;
    expect((await post('/v1/batch', body)).status).toBe(200);
  }
  expect(kept.filter((id) => id.startsWith('good'))).toHaveLength(hostile.length);
  expect(kept.filter((id) => id.startsWith('bad'))).toEqual(['bad0', 'bad1', 'bad2', 'bad3', 'bad4', 'bad6', 'bad7']);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

const failing = (db: Db, fail: (work: () => Promise<unknown>) => Promise<unknown>): Db => ({
  engine: db.engine,
  query: (statement) => db.query(statement),
  transaction: <T>(work: (tx: Tx) => Promise<T>) => fail(() => db.transaction(work)) as Promise<T>,
  close: () => db.close(),
});

test('a database that is down is answered 503 with whole seconds to wait, and the retry is taken', async () => {
  let down = true;
  const { post, events } = await startIngest({
    db: failing(database.db, async (work) => {
      if (down) throw new DatabaseUnavailable('down');
      return work();
    }),
  });
  const answer = await post('/v1/track', track('a'));
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  down = false;
  expect((await post('/v1/track', track('a'))).status).toBe(200);
  expect(ids(events)).toEqual(['a']);
});

test.each(['committed', 'lost'])(
  'a commit of unknown outcome that was in truth %s counts every event once',
  async (truth) => {
    let doubts = 1;
    const { post, clock } = await startIngest({
      db: failing(database.db, async (work) => {
        if (doubts === 0) return work();
        doubts -= 1;
        if (truth === 'committed') await work();
        throw new CommitUnknown('lost during COMMIT');
      }),
    });
    const answer = post('/v1/track', track('a'));
    while (clock.nextWake() === undefined) await new Promise(setImmediate);
    await clock.advance(1_000);
    expect((await answer).status).toBe(200);
    expect(await counts()).toEqual({ received: 1 });
  },
);

test('beyond the bounds of the queue: 429 with Retry-After and X-RateLimit-Reset, before the body is read', async () => {
  const [gate, begun] = [promised(), promised()];
  const { post, ingest } = await startIngest({
    process() {
      begun.keep();
      return gate.promise;
    },
    settings: { ...ingestDefaults, queueEvents: 2, publicUrl: 'https://usher.example' },
  });
  // What fails below leaves no transaction open for the tests after it.
  closers.push(async () => gate.keep());
  const first = post('/v1/track', track('a'));
  await begun.promise;
  const waiting = [post('/v1/track', track('b')), post('/v1/track', track('c'))];
  while (ingest.stats().queuedEvents < 2) await new Promise(setImmediate);
  const refused = await post('/v1/track', track('d'));
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(refused.headers.get('x-ratelimit-reset')).toBe(refused.headers.get('retry-after'));
  const drained = ingest.drain();
  gate.keep();
  expect((await Promise.all([first, ...waiting])).map((r) => [r.status, r.headers.get('connection')])).toEqual([
    [200, 'close'],
    [200, 'close'],
    [200, 'close'],
  ]);
  await drained;
  expect(ingest.stats()).toMatchObject({ requests: 0, queuedEvents: 0, queuedBytes: 0, refused: 1 });
});

test('rule 4: a membership from a website is counted and gone', async () => {
  const { post, events } = await startIngest({ kind: 'website' });
  await post('/v1/t', track('a', { context: { personas: { computation_key: 'vip' } } }));
  expect(events[0]?.event.context).toEqual({});
  expect(await counts()).toEqual({ received: 1, 'ignored membership from a public source': 1 });
});

test("Segment's webhook: by write key, or signed; one event or an array; everything else 401", async () => {
  const { post, events, source, deps, clock, basic } = await startIngest({ kind: 'webhook' });
  const path = `/v1/webhooks/segment/src_${source.sourceId}`;
  const sign = (text: string, secret = 's3cret') => createHmac('sha1', secret).update(text).digest('hex');
  const one = JSON.stringify(track('one'));
  expect((await post(path, one, { 'x-signature': sign(one) })).status).toBe(401);
  await database.db.transaction((tx) =>
    updateSource(tx, deps, { sourceId: source.sourceId, change: { webhookSecret: new Secret('s3cret') } }),
  );
  await clock.advance(1_000);
  const many = JSON.stringify([track('two'), track('three')]);
  expect((await post(path, one, { 'x-signature': sign(one) })).status).toBe(200);
  expect((await post(path, `[${one}]`, { 'x-signature': sign(one) })).status).toBe(200);
  expect((await post(path, many, { 'x-segment-signature': sign(many) })).status).toBe(200);
  expect((await post('/v1/webhooks/segment', JSON.stringify([track('four')]), { authorization: basic })).status).toBe(
    200,
  );
  const forged = JSON.stringify([track('two'), track('forged')]);
  expect((await post(path, forged, { 'x-signature': sign(JSON.stringify(track('two'))) })).status).toBe(401);
  expect((await post(path, one, { 'x-segment-signature': sign(one, 'guess') })).status).toBe(401);
  expect((await post(path, one, {})).status).toBe(401);
  expect((await post('/v1/webhooks/segment', one, {})).status).toBe(401);
  expect(ids(events)).toEqual(['one', 'two', 'three', 'four']);
});

test('the last events of a space are at hand, newest first, at most 200', async () => {
  const { post, ingest, spaceId } = await startIngest();
  await post('/v1/batch', { batch: Array.from({ length: 250 }, (_, i) => track(`m${i}`)) });
  const recent = ids(ingest.recent(spaceId));
  expect([recent.length, recent[0], recent.at(-1)]).toEqual([200, 'm249', 'm50']);
});

test('sources: a slug is taken once, public keys can be shown again, secret ones not, a deleted source is gone', async () => {
  const { spaceId, source, deps, key } = await startIngest();
  const db = database.db;
  const web = await db.transaction((tx) =>
    createSource(tx, { ...deps, random: systemRandom }, { spaceId, slug: 'web', name: 'Web', kind: 'website' }),
  );
  if (!web.ok) throw new Error(web.error);
  const twice = await db.transaction((tx) =>
    createSource(tx, deps, { spaceId, slug: 'web', name: 'Web 2', kind: 'server' }),
  );
  expect(twice).toEqual({ ok: false, error: 'slug taken' });
  const renamed = await db.transaction((tx) =>
    updateSource(tx, deps, { sourceId: web.value.source.sourceId, change: { slug: 'shop' } }),
  );
  expect(renamed).toEqual({ ok: false, error: 'slug taken' });
  const [shop, shown] = await listSources(db, deps, spaceId);
  expect(shown?.writeKeys[0]?.key?.reveal()).toBe(web.value.writeKey.reveal());
  expect(shop?.writeKeys[0]).toMatchObject({ key: undefined, prefix: key.slice(0, 4) });
  expect(key).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(await db.transaction((tx) => deleteSource(tx, deps, source.sourceId))).toBe(true);
  expect(await getSource(db, deps, source.sourceId)).toBeUndefined();
  expect(await db.transaction((tx) => deleteSource(tx, deps, source.sourceId))).toBe(false);
});

test('messageIds are forgotten after the dedupe window, not before', async () => {
  const { post, events, clock, deps } = await startIngest();
  await post('/v1/track', track('a'));
  const step = sweepMessages({ ...deps, dedupeWindow: ingestDefaults.dedupeWindow });
  await clock.advance(ingestDefaults.dedupeWindow);
  expect(await step(new AbortController().signal)).toBe('idle');
  await post('/v1/track', track('a'));
  await clock.advance(1);
  await step(new AbortController().signal);
  await post('/v1/track', track('a'));
  expect(ids(events)).toEqual(['a', 'a']);
});
