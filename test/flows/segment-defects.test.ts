/**
 * What Segment's TikTok destination gets wrong and Usher does not (segment-spec.md 7.8), shown from the Tracking API to
 * what TikTok's stand-in holds. What needs no server stands in test/differential/segment-defects.test.ts;
 * docs/segment-differences.md lists all thirty. Every test has a space, a destination and audiences of its own.
 */
import { createHash } from 'node:crypto';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { giveConsent } from '../../cli/demo/consent.ts';
import { textAt, undiciHttp } from '../../cli/demo/http.ts';
import type { FaultRuleInput } from '../../sandbox/sandbox.ts';
import type { Json } from '../../server/kernel/json.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

const us = '7100000000000000001';
const eu = '7100000000000000002';
const mappingPath = '/segment/mapping/';
const createPath = '/segment/audience/';
const listPath = '/dmp/custom_audience/list/';

let usher: Usher;
/** The journal's last line before the test. */
let before = 0;

beforeAll(async () => {
  // Longer than what defect 18 lets TikTok be late, and that is longer than the first wait after a lost answer.
  usher = await startUsher({ env: { USHER_DOUBT_WINDOW: '3s' } });
}, 60_000);
beforeEach(() => {
  before = usher.sandbox.journal({ bodies: false }).at(-1)?.seq ?? 0;
});
afterEach(() => {
  usher.sandbox.clearFaults();
  usher.sandbox.setSettings({ audienceReadyMs: 0 });
  for (const body of told()) expectSound(body);
});
afterAll(() => usher.close());

// What the tests look at ---------------------------------------------------------------------------------------------

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hashesOf = (...plain: string[]): string[] => plain.map(sha256).sort();
const lines = (kind: 'request' | 'late', path: string) =>
  usher.sandbox.journal({ since: before }).filter((line) => line.kind === kind && line.path === path);
const journal = (path: string) => lines('request', path);

interface Told {
  readonly advertiser_ids: string[];
  readonly action: string;
  readonly id_schema: string[];
  readonly batch_data: { id?: string; audience_ids?: string[] }[][];
}
/** The bodies of this test's calls that add or remove people. */
const told = (): Told[] => journal(mappingPath).map((line) => line.body as Told);

/** No call of any test may have the form of defects 2, 8, 13, 14, 15 or 30. */
function expectSound({ advertiser_ids, id_schema, batch_data }: Told): void {
  expect(advertiser_ids).toHaveLength(1);
  expect(new Set(id_schema).size).toBe(id_schema.length);
  expect(id_schema).not.toEqual([]);
  for (const row of batch_data) {
    expect(row).toHaveLength(id_schema.length);
    const cells = row.filter((cell) => Object.keys(cell).length > 0);
    expect(cells).not.toEqual([]);
    for (const cell of cells) {
      expect(cell).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        audience_ids: [expect.stringMatching(/^\d+$/)],
      });
    }
  }
}

/** Every hash in a TikTok audience. */
const held = (audience: string, advertiserId = us): string[] =>
  [...(usher.sandbox.members(advertiserId, audience)?.values() ?? [])].flatMap((hashes) => [...hashes]).sort();

const strike = (rule: FaultRuleInput): number => usher.sandbox.fault(rule);

interface Delivery {
  readonly members: number;
  readonly onTikTok: number;
  readonly owed: number;
  readonly parked: number;
  readonly skipped: number;
  readonly settled: boolean;
  readonly paused: { reason: string } | null;
  readonly skippedByReason: Record<string, number>;
  readonly targets: { state: string; reason: string | null }[];
  readonly series: { outcome: string; code: string; count: number; mappingId: string | null }[];
}
interface Request {
  readonly id: string;
  readonly action: string;
  readonly outcome: string | null;
  readonly code: number | null;
  readonly message: string | null;
}

// The seed's steps ---------------------------------------------------------------------------------------------------

interface Shop {
  readonly slug: string;
  readonly spaceId: string;
  readonly writeKey: string;
  readonly destinationId: string;
  connect(): Promise<void>;
  mapping(actionSlug: string, settings: Record<string, Json>): Promise<void>;
  /** An audience with its connection; with the seed's pair of mappings for it, unless told otherwise. */
  audience(name: string, options?: { advertiserId?: string; native?: boolean }): Promise<Audience>;
  /** One request to the Tracking API. */
  send(...events: object[]): Promise<void>;
  delivery(): Promise<Delivery>;
  requests(): Promise<Request[]>;
  settled(): Promise<Delivery>;
}
interface Audience {
  readonly id: string;
  readonly key: string;
}

async function shop(slug: string, settings: Record<string, Json> = {}): Promise<Shop> {
  const spaceId = textAt(await usher.rest.post('/spaces', { name: slug, slug }), 'id');
  const source = await usher.rest.post(`/spaces/${spaceId}/sources`, {
    name: 'Engage',
    slug: 'engage',
    kind: 'server',
  });
  const [writeKey] = (source as unknown as { writeKeys: { key: string }[] }).writeKeys;
  const place = { spaceId, metadataId: 'actions-tiktok-audiences', name: 'TikTok Audiences', settings };
  const destinationId = textAt(await usher.rest.post('/destinations', place), 'id');
  const path = `/destinations/${destinationId}`;
  const made: Shop = {
    slug,
    spaceId,
    destinationId,
    writeKey: writeKey?.key ?? '',
    async connect() {
      const { url } = (await usher.rest.post(`${path}/oauth/authorize`, {})) as { url: string };
      await giveConsent(undiciHttp, url, usher.url);
    },
    async mapping(actionSlug, fields) {
      const trigger = `event = "Audience ${/^add/.test(actionSlug) ? 'Entered' : 'Exited'}"`;
      const mapping = { name: actionSlug, actionSlug, trigger, settings: fields, enabled: true };
      await usher.rest.post(`${path}/subscriptions`, mapping);
    },
    audience: (name, options = {}) => addAudience(made, name, options),
    send: (...events) => usher.send(made.writeKey, events),
    delivery: async () => (await usher.rest.get(`${path}/delivery`)) as unknown as Delivery,
    requests: async () => (await usher.rest.get(`${path}/requests?limit=100`)) as unknown as Request[],
    settled: async () => (await usher.settled(destinationId)) as unknown as Delivery,
  };
  await made.connect();
  await usher.rest.patch(path, { enabled: true });
  return made;
}

async function addAudience(
  of: Shop,
  name: string,
  { advertiserId = us, native = false }: { advertiserId?: string; native?: boolean },
): Promise<Audience> {
  const key = `${of.slug}_${name}`;
  const path = `/spaces/${of.spaceId}/audiences`;
  const id = textAt(await usher.rest.post(path, { name, key, kind: 'external' }), 'id');
  if (!native) {
    const fields = { selected_advertiser_id: advertiserId, personas_audience_key: key };
    await of.mapping('addUser', fields);
    await of.mapping('removeUser', fields);
  }
  const settings = native ? { advertiserId } : {};
  await usher.rest.post(`${path}/${id}/destination-connections`, { destinationId: of.destinationId, settings });
  return { id, key };
}

/** An audience that somebody made at TikTok before. */
async function makeAtTikTok(name: string, advertiserId = us): Promise<void> {
  const token = usher.sandbox.issueToken({ advertiserIds: [advertiserId] });
  const answer = await request(`${usher.sandbox.apiUrl}${createPath}`, {
    method: 'POST',
    headers: { 'access-token': token, 'content-type': 'application/json' },
    body: JSON.stringify({ advertiser_id: advertiserId, action: 'create', custom_audience_name: name }),
  });
  expect(await answer.body.json()).toMatchObject({ code: 0 });
}

/** The REST client of the demo deletes nothing. */
async function remove(path: string): Promise<number> {
  const { token } = (await usher.rest.post('/tokens', { name: 'test', role: 'owner', spaceId: null })) as {
    token: string;
  };
  const url = `${usher.url}/api/v1${path}`;
  const answer = await request(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  await answer.body.dump();
  return answer.statusCode;
}

const enter = (audience: Audience, userId: string, who: Omit<Person, 'userId'>, more = {}) =>
  engageEvent(audience.key, true, { userId, ...who }, more);
const exit = (audience: Audience, userId: string, who: Omit<Person, 'userId'>, more = {}) =>
  engageEvent(audience.key, false, { userId, ...who }, more);
type Person = Parameters<typeof engageEvent>[2];

// The defects --------------------------------------------------------------------------------------------------------

test('defect 2: people with different identifiers in one batch keep them in their own columns', async () => {
  const of = await shop('d2');
  const all = await of.audience('all');
  const device = '38400000-8cf0-11bd-b23e-10b96e40000d';
  await of.send(
    enter(all, 'nobody', {}), // a first item without anything decides nothing for the others
    enter(all, 'phone', { phone: '+15555550101' }),
    enter(all, 'email', { email: 'email@example.com' }),
    enter(all, 'android', { email: 'android@example.com', device: { advertisingId: device, type: 'android' } }),
    enter(all, 'ios', { phone: '+15555550102', device: { advertisingId: device, type: 'ios' } }),
  );
  expect(await of.settled()).toMatchObject({ members: 5, onTikTok: 4, skipped: 1 });
  const members = usher.sandbox.members(us, all.key);
  const column = (type: 'EMAIL_SHA256' | 'PHONE_SHA256' | 'IDFA_SHA256' | 'AAID_SHA256') =>
    [...(members?.get(type) ?? [])].sort();
  expect(column('EMAIL_SHA256')).toEqual(hashesOf('email@example.com', 'android@example.com'));
  expect(column('PHONE_SHA256')).toEqual(hashesOf('+15555550101', '+15555550102'));
  expect(column('IDFA_SHA256')).toEqual(hashesOf(device));
  expect(column('AAID_SHA256')).toEqual(hashesOf(device));
});

test('defect 3: of one batch each person has a result of their own', async () => {
  const of = await shop('d3');
  await makeAtTikTok('d3_all');
  const all = await of.audience('all');
  strike({
    path: mappingPath,
    hash: sha256('bad@example.com'),
    effect: { kind: 'code', code: 40002, message: 'Invalid id' },
  });
  const people = ['one', 'two', 'bad', 'three'].map((name) => enter(all, name, { email: `${name}@example.com` }));
  await of.send(enter(all, 'nobody', { email: 'no address' }), ...people);
  const delivery = await of.settled();
  expect(delivery).toMatchObject({ members: 5, onTikTok: 3, parked: 1, skipped: 1, owed: 0 });
  expect(Object.keys(delivery.skippedByReason)).toEqual([expect.stringContaining('e-mail not an e-mail address')]);
  expect(held(all.key)).toEqual(hashesOf('one@example.com', 'two@example.com', 'three@example.com'));
  const parked = await usher.rest.get(`/destinations/${of.destinationId}/parked`);
  expect(parked).toMatchObject([{ action: 'add', code: 40002, message: 'Invalid id' }]);
});

test('defect 4: an answer with HTTP 200 and an error code delivers nobody, nor does an error without a code', async () => {
  const of = await shop('d4');
  const all = await of.audience('all');
  strike({ path: mappingPath, effect: { kind: 'code', code: 50000, message: 'System error' } });
  await of.send(enter(all, 'ana', { email: 'ana@example.com' }));
  await until(of.requests, (all) => all.some((one) => one.code === 50000), 'a call with code 50000');
  expect(await of.delivery()).toMatchObject({ onTikTok: 0, owed: 1, parked: 0, settled: false });
  usher.sandbox.clearFaults();
  strike({ path: mappingPath, times: 1, effect: { kind: 'http', status: 502 } });
  expect(await of.settled()).toMatchObject({ onTikTok: 1, owed: 0 });
  expect(held(all.key)).toEqual(hashesOf('ana@example.com'));
  const calls = (await of.requests()).filter((one) => one.action === 'add');
  expect(calls.map((one) => one.outcome)).toEqual(expect.arrayContaining(['retry', 'unknown', 'ok']));
});

test('defect 5: throttled, failed and half accepted calls are sent again until all are in', async () => {
  const of = await shop('d5');
  const all = await of.audience('all');
  strike({ path: mappingPath, times: 1, effect: { kind: 'code', code: 40100, message: 'Too many requests' } });
  strike({ path: mappingPath, times: 1, effect: { kind: 'code', code: 50002, message: 'Try again' } });
  strike({ path: mappingPath, times: 1, effect: { kind: 'partial', share: 0.5 } });
  const emails = Array.from({ length: 10 }, (_, i) => `half${i}@example.com`);
  await of.send(...emails.map((email) => enter(all, email, { email })));
  expect(await of.settled()).toMatchObject({ members: 10, onTikTok: 10, parked: 0 });
  expect(held(all.key)).toEqual(hashesOf(...emails));
  const outcomes = (await of.requests()).filter((one) => one.action === 'add').map((one) => one.outcome);
  expect(outcomes).toEqual(expect.arrayContaining(['throttled', 'retry', 'partial', 'ok']));
});

test('defect 6: a revoked token pauses the destination, keeps what is owed, and a new consent sends it', async () => {
  const of = await shop('d6');
  const all = await of.audience('all');
  await of.send(enter(all, 'ana', { email: 'ana@example.com' }));
  await of.settled();
  usher.sandbox.revokeAll();
  await of.send(exit(all, 'ana', { email: 'ana@example.com' }), enter(all, 'ben', { email: 'ben@example.com' }));
  const paused = await until(of.delivery, (one) => one.paused !== null, 'a pause');
  expect(paused.paused?.reason).toContain('connect TikTok again');
  expect(paused).toMatchObject({ members: 1, owed: 1, parked: 0 });
  expect(held(all.key)).toEqual(hashesOf('ana@example.com'));
  await of.connect();
  expect(await of.settled()).toMatchObject({ members: 1, onTikTok: 1, paused: null });
  expect(held(all.key)).toEqual(hashesOf('ben@example.com'));
});

test('defect 7: with two audiences on one destination nobody lands in the wrong one', async () => {
  const of = await shop('d7');
  const [a, b] = [await of.audience('a'), await of.audience('b')];
  await of.send(
    enter(a, 'ana', { email: 'ana@example.com' }),
    enter(b, 'ben', { email: 'ben@example.com' }),
    enter(a, 'both', { email: 'both@example.com' }),
    enter(b, 'both', { email: 'both@example.com' }),
  );
  await of.settled();
  expect(held(a.key)).toEqual(hashesOf('ana@example.com', 'both@example.com'));
  expect(held(b.key)).toEqual(hashesOf('ben@example.com', 'both@example.com'));
  await of.send(exit(a, 'both', { email: 'both@example.com' }));
  const { series } = await of.settled();
  expect(held(a.key)).toEqual(hashesOf('ana@example.com'));
  expect(held(b.key)).toEqual(hashesOf('ben@example.com', 'both@example.com'));
  // The other audience's mapping passes it over: an event counts once, and one that is nobody's mistake is no error.
  expect(new Set(series.map((one) => one.outcome))).toEqual(new Set(['mapped', 'added', 'removed']));
  const mapped = series.filter((one) => one.outcome === 'mapped').reduce((sum, one) => sum + one.count, 0);
  expect(mapped).toBe(5);
  // Each of the two mappings has added two people.
  const added = new Map<string | null, number>();
  for (const { outcome, mappingId, count } of series)
    if (outcome === 'added') added.set(mappingId, (added.get(mappingId) ?? 0) + count);
  expect([...added.values()]).toEqual([2, 2]);
});

test('defect 8: only the chosen ad account is touched, whatever else the token may reach', async () => {
  const of = await shop('d8');
  const all = await of.audience('all', { advertiserId: eu });
  await of.send(enter(all, 'ana', { email: 'ana@example.com' }));
  await of.settled();
  expect(held(all.key, eu)).toEqual(hashesOf('ana@example.com'));
  expect(usher.sandbox.members(us, all.key)).toBeUndefined();
  expect(told().map((body) => body.advertiser_ids)).toEqual([[eu]]);
});

test('defect 15: nobody is sent to an audience that is not there; they wait for it', async () => {
  const of = await shop('d15', { createAudiences: false });
  const all = await of.audience('all');
  await of.send(enter(all, 'ana', { email: 'ana@example.com' }));
  const blocked = await until(of.delivery, (one) => one.targets[0]?.state === 'blocked', 'the target to be blocked');
  expect(blocked.targets[0]?.reason).toContain(`no audience named "${all.key}"`);
  expect(blocked).toMatchObject({ onTikTok: 0, owed: 1, parked: 0 });
  expect(told()).toEqual([]);
  await makeAtTikTok(all.key);
  await of.connect(); // a new consent looks at once, otherwise it takes up to ten minutes
  expect(await of.settled()).toMatchObject({ onTikTok: 1, owed: 0 });
  expect(held(all.key)).toEqual(hashesOf('ana@example.com'));
});

test('defect 17: whatever was ever sent of a person is removed, not what the exit event says', async () => {
  const of = await shop('d17');
  const all = await of.audience('all');
  await of.send(enter(all, 'ana', { email: 'old@example.com', phone: '+15555550103' }));
  await of.send(enter(all, 'ana', { email: 'new@example.com' }), enter(all, 'ben', { email: 'ben@example.com' }));
  await of.settled();
  expect(held(all.key)).toEqual(hashesOf('old@example.com', 'new@example.com', '+15555550103', 'ben@example.com'));
  await of.send(exit(all, 'ana', { email: 'newest@example.com' }));
  await of.settled();
  expect(held(all.key)).toEqual(hashesOf('ben@example.com'));
});

test('defect 18: the last word on a person counts, in any order, in one batch and over late calls', async () => {
  const of = await shop('d18');
  const all = await of.audience('all');
  const now = Date.now();
  const at = (ms: number) => ({ timestamp: new Date(now - 10_000 + ms).toISOString() });
  const word = (name: string, says: 'in' | 'out', ms: number) =>
    (says === 'in' ? enter : exit)(all, name, { email: `${name}@example.com` }, at(ms));
  await of.send(
    ...['in', 'out', 'in'].map((says, i) => word('stays', says as 'in' | 'out', i)),
    ...['in', 'out', 'in', 'out'].map((says, i) => word('leaves', says as 'in' | 'out', i)),
    word('late', 'out', 2),
    word('late', 'in', 1),
  );
  await of.settled();
  expect(held(all.key)).toEqual(hashesOf('stays@example.com'));
  // TikTok answers nothing, and applies the add after the removal that comes next.
  strike({ path: mappingPath, action: 'add', times: 1, effect: { kind: 'applyLate', ms: 2_000 } });
  await of.send(word('slow', 'in', 5_000));
  await until(
    () => journal(mappingPath),
    (lines) => lines.some((line) => line.fault === 'applyLate'),
    'the late call',
  );
  await of.send(word('slow', 'out', 6_000));
  await of.settled();
  const [late] = lines('late', mappingPath);
  expect(late).toMatchObject({ added: 1 });
  const removals = journal(mappingPath).filter((line) => line.action === 'delete' && line.code === 0);
  expect(removals.at(-1)?.seq).toBeGreaterThan(late?.seq ?? Number.POSITIVE_INFINITY);
  expect(held(all.key)).toEqual(hashesOf('stays@example.com'));
});

test('defect 19: one batch for audiences of two ad accounts reaches each at its own', async () => {
  const of = await shop('d19');
  await of.mapping('addToAudience', {});
  await of.mapping('removeFromAudience', {});
  const a = await of.audience('a', { native: true });
  const b = await of.audience('b', { native: true, advertiserId: eu });
  await of.send(enter(a, 'ana', { email: 'ana@example.com' }), enter(b, 'ben', { email: 'ben@example.com' }));
  await of.settled();
  expect([held(a.key, us), held(b.key, eu)]).toEqual([hashesOf('ana@example.com'), hashesOf('ben@example.com')]);
  expect([held(a.key, eu), held(b.key, us)]).toEqual([[], []]);
});

test('defect 20: an audience is made once, also when the answer is lost, and is waited for until it is ready', async () => {
  usher.sandbox.setSettings({ audienceReadyMs: 7_000 });
  const of = await shop('d20');
  strike({ path: createPath, times: 1, effect: { kind: 'applyThenReset' } });
  const all = await of.audience('all');
  await of.send(enter(all, 'ana', { email: 'ana@example.com' }));
  expect(await of.settled()).toMatchObject({ onTikTok: 1, parked: 0 });
  expect(held(all.key)).toEqual(hashesOf('ana@example.com'));
  expect(journal(createPath)).toHaveLength(1);
  expect(told().length).toBeGreaterThan(1); // refused while it was not ready
});

test('defect 21: the audience is looked up once, not with every batch', async () => {
  const of = await shop('d21');
  const all = await of.audience('all');
  for (const name of ['one', 'two', 'three']) {
    await of.send(enter(all, name, { email: `${name}@example.com` }));
    await of.settled();
  }
  expect(told().length).toBe(3);
  expect(journal(listPath)).toHaveLength(1);
});

test("defect 22: a picker that TikTok refuses shows TikTok's words", async () => {
  const of = await shop('d22');
  const choices = (field: string, payload: Record<string, Json> = {}) =>
    usher.rest.post(`/destinations/${of.destinationId}/fields/${field}/choices`, { payload });
  strike({ path: '/advertiser/info/', times: 1, effect: { kind: 'code', code: 40001, message: 'No permission' } });
  expect(await choices('selected_advertiser_id')).toMatchObject({
    choices: expect.arrayContaining([{ label: us, value: us }]),
    error: { code: '40001', message: expect.stringContaining('No permission') },
  });
  strike({ path: listPath, times: 1, effect: { kind: 'resetAfterRead' } });
  expect(await choices('audience_id', { selected_advertiser_id: us })).toMatchObject({
    choices: [],
    error: { code: 'NO_ANSWER', message: expect.stringMatching(/\w/) },
  });
  expect(await choices('audience_id')).toMatchObject({ error: { code: 'FIELD_NOT_SELECTED' } });
  const working = await choices('selected_advertiser_id');
  expect(working).toMatchObject({ choices: expect.arrayContaining([{ label: 'Sandbox Shop US', value: us }]) });
});

test('defect 23: an audience that ends takes its people off TikTok, by what was sent of them', async () => {
  const of = await shop('d23');
  const all = await of.audience('all');
  await of.send(enter(all, 'ana', { email: 'old@example.com' }));
  await of.send(enter(all, 'ana', { email: 'new@example.com', phone: '+15555550104' }));
  await of.settled();
  expect(held(all.key)).toHaveLength(3);
  expect(await remove(`/spaces/${of.spaceId}/audiences/${all.id}?people=remove`)).toBe(202);
  await of.settled();
  expect(held(all.key)).toEqual([]);
});

test('defect 26: nothing that is shown of delivery holds an e-mail, a phone or a device id', async () => {
  const of = await shop('d26');
  await makeAtTikTok('d26_all');
  const all = await of.audience('all');
  strike({
    path: mappingPath,
    hash: sha256('refused@example.com'),
    effect: { kind: 'code', code: 40002, message: 'Invalid id' },
  });
  const device = { advertisingId: '38400000-8cf0-11bd-b23e-10b96e40000e', type: 'ios' };
  await of.send(
    enter(all, 'ana', { email: 'ana@example.com', phone: '+15555550105', device }),
    enter(all, 'ben', { email: 'refused@example.com' }),
    enter(all, 'cem', { email: 'blank example.com', phone: '+1555' }),
  );
  expect(await of.settled()).toMatchObject({ onTikTok: 1, parked: 1, skipped: 1 });
  const path = `/destinations/${of.destinationId}`;
  const [last] = await of.requests();
  const pages = ['/delivery', '/delivery/samples', '/requests', `/requests/${last?.id}`, '/parked', '/targets'];
  const texts = await Promise.all(pages.map(async (page) => JSON.stringify(await usher.rest.get(path + page))));
  const shown = texts.join('\n').toLowerCase();
  expect(shown).toContain('e-mail not an e-mail address');
  for (const plain of ['@example', 'example.com', '5555550105', '+1555', device.advertisingId]) {
    expect(shown).not.toContain(plain);
  }
});

test("defect 27: an audience that TikTok will not make is shown as refused, with TikTok's words", async () => {
  const of = await shop('d27');
  strike({ path: createPath, effect: { kind: 'code', code: 40001, message: 'No permission to operate advertiser' } });
  const all = await of.audience('all');
  await of.send(enter(all, 'ana', { email: 'ana@example.com' }));
  const blocked = await until(of.delivery, (one) => one.targets[0]?.state === 'blocked', 'the target to be blocked');
  expect(blocked.targets[0]?.reason).toContain('No permission to operate advertiser');
  expect(blocked).toMatchObject({ onTikTok: 0, owed: 1 });
  // The newest first: it was looked for by name before it was to be made.
  const asked = (await of.requests()).filter(({ action }) => action === 'create' || action === 'list');
  expect(asked).toMatchObject([
    { action: 'create', outcome: 'forbidden', code: 40001 },
    { action: 'list', outcome: 'ok', code: 0 },
  ]);
});

test('defect 30: a removal whose only hash another member holds makes no call', async () => {
  const of = await shop('d30');
  const all = await of.audience('all');
  const phone = '+15555550106';
  await of.send(enter(all, 'ana', { phone }), enter(all, 'ben', { phone }));
  await of.settled();
  const calls = told().length;
  await of.send(exit(all, 'ana', { phone }));
  expect(await of.settled()).toMatchObject({ members: 1, onTikTok: 1 });
  expect(held(all.key)).toEqual(hashesOf(phone));
  expect(told()).toHaveLength(calls);
  await of.send(exit(all, 'ben', { phone }));
  await of.settled();
  expect(held(all.key)).toEqual([]);
});
