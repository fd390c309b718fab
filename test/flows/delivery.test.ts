import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { must } from '../../server/kernel/result.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

let usher: Usher;
let spaces = 0;
beforeAll(async () => {
  // Far more calls than TikTok's default, so that a flow takes seconds; the limits themselves are tested in budget.test.ts.
  usher = await startUsher({
    env: { USHER_TIKTOK_CALLS_PER_SECOND: '50', USHER_TIKTOK_CALLS_PER_MINUTE: '3000' },
    sandbox: { rate: { perSecond: null, perMinute: null, perDay: null } },
  });
}, 60_000);
afterAll(() => usher?.close());
beforeEach(() => usher.sandbox.clearFaults());

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const key = 'first_time_shopper';
const emailOf = (n: number, shop = spaces): string => `shop${shop}.person${n}@example.com`;
const person = (n: number) => ({ userId: `s${spaces}-u${n}`, email: emailOf(n).replaceAll('.person', 'person') });
const people = (count: number, from = 0) => Array.from({ length: count }, (_, i) => person(from + i));
const enters = (all: ReturnType<typeof people>) => all.map((p) => engageEvent(key, true, p));
const exits = (all: ReturnType<typeof people>) => all.map((p) => engageEvent(key, false, p));
const hashes = (all: ReturnType<typeof people>) => new Set(all.map((p) => sha(p.email)));

/** A space of its own; its audience is created at TikTok under the name of the key, in an ad account of its own choice. */
async function shop() {
  spaces += 1;
  // One TikTok audience may be fed by one destination only: each space begins without it.
  const audiences = usher.sandbox.journal({ bodies: false }) && (await audiencesNamed());
  for (const id of audiences) usher.sandbox.deleteAudience(id);
  const made = await usher.prepare(`shop-${spaces}`);
  const members = () => usher.sandbox.members(made.advertiserId, key)?.get('EMAIL_SHA256') ?? new Set<string>();
  return { ...made, members };
}

async function audiencesNamed(): Promise<string[]> {
  const { data } = (await (await fetch(`${usher.sandbox.url}/__sandbox/audiences`)).json()) as {
    data: { id: string; name: string }[];
  };
  return data.filter((audience) => audience.name === key).map((audience) => audience.id);
}

const calls = (since: number, action?: string) =>
  usher.sandbox
    .journal({ since, bodies: false })
    .filter(
      (line) =>
        line.kind === 'request' && line.path.endsWith('/segment/mapping/') && (!action || line.action === action),
    );
const lastLine = () => usher.sandbox.journal({ bodies: false }).at(-1)?.seq ?? 0;

test('I5: without faults each net change is told once, and a repeated event is not', async () => {
  const { writeKey, destinationId, members } = await shop();
  const since = lastLine();
  await usher.send(writeKey, enters(people(300)));
  await usher.settled(destinationId);
  await usher.send(writeKey, enters(people(300)));
  await usher.send(writeKey, exits(people(100)));
  const numbers = await usher.settled(destinationId);
  expect(members()).toEqual(hashes(people(200, 100)));
  expect(numbers).toMatchObject({ members: 200, onTikTok: 200, owed: 0 });
  const rows = calls(since).reduce((sum, line) => sum + (line.kind === 'request' ? (line.rows ?? 0) : 0), 0);
  expect(rows).toBe(400);
});

test('I1: lost answers and calls applied late end in the right set once the doubts are asserted', async () => {
  const { writeKey, destinationId, members } = await shop();
  await usher.send(writeKey, enters(people(20)));
  await usher.settled(destinationId);
  usher.sandbox.fault({ path: '/segment/mapping/', times: 2, effect: { kind: 'applyLate', ms: 1_000 } });
  usher.sandbox.fault({ path: '/segment/mapping/', skip: 2, times: 1, effect: { kind: 'applyThenReset' } });
  await usher.send(writeKey, exits(people(10)));
  await usher.send(writeKey, enters(people(10, 100)));
  await until(
    () => usher.numbers(destinationId),
    (n) => n.doubts > 0,
    'a doubt',
  );
  await usher.settled(destinationId);
  await until(members, (set) => equal(set, hashes([...people(10, 10), ...people(10, 100)])), 'the set to be right');
});

test('I7: only the rows that TikTok refuses on their own are parked, and one click sends them again', async () => {
  const { writeKey, destinationId, members } = await shop();
  await usher.send(writeKey, enters(people(5)));
  await usher.settled(destinationId);
  const poison = people(3, 50);
  usher.sandbox.fault({
    path: '/segment/mapping/',
    hash: [...hashes(poison)],
    effect: { kind: 'code', code: 40002, message: 'batch_data: bad row' },
  });
  await usher.send(writeKey, enters(people(400, 10)));
  const numbers = await usher.settled(destinationId);
  expect(numbers).toMatchObject({ members: 405, parked: 3, onTikTok: 402 });
  expect(members().size).toBe(402);
  const says = async () => (await usher.ask('GET', `/destinations/${destinationId}/status`)).json.data.message;
  expect(await says()).toBe('All members with an identifier are on TikTok but 3 whom TikTok refused.');
  usher.sandbox.clearFaults();
  await usher.rest.post(`/destinations/${destinationId}/parked/retry`, {});
  expect(await usher.settled(destinationId)).toMatchObject({ parked: 0, onTikTok: 405 });
  expect(members()).toEqual(hashes([...people(5), ...people(400, 10)]));
  expect(await says()).toBe('All members with an identifier are on TikTok.');
});

test('I7: a cause that concerns the whole batch parks nobody', async () => {
  const { writeKey, destinationId, members } = await shop();
  await usher.send(writeKey, enters(people(1)));
  await usher.settled(destinationId);
  usher.sandbox.fault({
    path: '/segment/mapping/',
    times: 6,
    effect: { kind: 'code', code: 40002, message: 'something is wrong' },
  });
  await usher.send(writeKey, enters(people(50, 1)));
  expect(await usher.settled(destinationId)).toMatchObject({ parked: 0, onTikTok: 51 });
  expect(members().size).toBe(51);
});

test('I8: a revoked token stops the calls, keeps what is owed, and a reconnect sends the level that stands then', async () => {
  const { writeKey, destinationId, members } = await shop();
  await usher.send(writeKey, enters(people(10)));
  await usher.settled(destinationId);
  usher.sandbox.revokeAll();
  await usher.send(writeKey, enters(people(10, 10)));
  await until(
    () => usher.numbers(destinationId),
    (n) => n.paused !== null,
    'the destination to pause',
  );
  const since = lastLine();
  // A thousand flips while TikTok is out of reach cost one call (rule 8).
  for (let round = 0; round < 5; round += 1) {
    await usher.send(writeKey, exits(people(5, 10)));
    await usher.send(writeKey, enters(people(5, 10)));
  }
  await usher.send(writeKey, exits(people(5)));
  expect(calls(since)).toEqual([]);
  const numbers = await usher.numbers(destinationId);
  expect(numbers).toMatchObject({ members: 15, owed: 10, onTikTok: 5 });
  await reconnect(destinationId);
  expect(await usher.settled(destinationId)).toMatchObject({ members: 15, onTikTok: 15, owed: 0, paused: null });
  expect(members()).toEqual(hashes(people(15, 5)));
  expect(calls(since).length).toBeLessThanOrEqual(3);
});

test('I6: a destination that hangs does not hold up another one', async () => {
  const slow = await shop();
  await usher.send(slow.writeKey, enters(people(1)));
  await usher.settled(slow.destinationId);
  usher.sandbox.fault({
    path: '/segment/mapping/',
    audienceId: must((await audiencesNamed())[0], 'the slow shop’s audience'),
    effect: { kind: 'hang' },
  });
  await usher.send(slow.writeKey, enters(people(20, 1)));
  const quick = await otherAccount();
  await usher.send(quick.writeKey, enters(people(20)));
  expect(await usher.settled(quick.destinationId)).toMatchObject({ onTikTok: 20 });
  expect((await usher.numbers(slow.destinationId)).owed).toBe(20);
  usher.sandbox.clearFaults();
  await usher.settled(slow.destinationId);
});

test('a phone that two people share stays until both have left', async () => {
  const { writeKey, destinationId, advertiserId } = await shop();
  const phone = '+12025550123';
  const pair = people(2).map((p) => ({ ...p, phone }));
  const phones = () => usher.sandbox.members(advertiserId, key)?.get('PHONE_SHA256') ?? new Set();
  await usher.send(
    writeKey,
    pair.map((p) => engageEvent(key, true, p)),
  );
  await usher.settled(destinationId);
  await usher.send(writeKey, [engageEvent(key, false, must(pair[0], 'first'))]);
  await usher.settled(destinationId);
  expect(phones()).toEqual(new Set([sha(phone)]));
  await usher.send(writeKey, [engageEvent(key, false, must(pair[1], 'second'))]);
  await usher.settled(destinationId);
  expect(phones()).toEqual(new Set());
});

test('a live change overtakes a running initial sync of 10,000', async () => {
  spaces += 1;
  for (const id of await audiencesNamed()) usher.sandbox.deleteAudience(id);
  const made = await usher.prepare(`shop-${spaces}`);
  const { writeKey, destinationId, spaceId, audienceId } = made;
  await usher.rest.patch(`/destinations/${destinationId}`, { enabled: false, settings: { batchRows: 250 } });
  const connections = `/spaces/${spaceId}/audiences/${audienceId}/destination-connections`;
  await usher.remove(`${connections}/${destinationId}?people=keep`);
  for (let n = 0; n < 10_000; n += 1_000) await usher.send(writeKey, enters(people(1_000, n)));
  usher.sandbox.fault({ path: '/segment/mapping/', effect: { kind: 'latency', ms: 300 } });
  // Connecting walks all members on the backfill lane.
  await usher.rest.post(connections, { destinationId, sendTrack: true });
  const since = lastLine();
  await usher.rest.patch(`/destinations/${destinationId}`, { enabled: true });
  await until(
    () => calls(since).length,
    (n) => n >= 1,
    'the sync to begin',
  );
  const late = person(20_000);
  await usher.send(writeKey, [engageEvent(key, true, late)]);
  const total = await usher.settled(destinationId);
  expect(total.onTikTok).toBe(10_001);
  const told = usher.sandbox
    .journal({ since })
    .filter((line) => line.kind === 'request' && line.path.endsWith('/segment/mapping/'));
  const place = told.findIndex((line) => JSON.stringify(line.body).includes(sha(late.email)));
  expect(place).toBeGreaterThan(0);
  expect(told.length).toBeGreaterThanOrEqual(40);
  expect(place).toBeLessThan(told.length - 10);
});

async function reconnect(destinationId: string): Promise<void> {
  const { giveConsent } = await import('../../cli/demo/consent.ts');
  const { undiciHttp } = await import('../../cli/demo/http.ts');
  const { url } = (await usher.rest.post(`/destinations/${destinationId}/oauth/authorize`, {})) as { url: string };
  await giveConsent(undiciHttp, url, usher.url);
}

/** A second shop whose mappings name another ad account, so that both audiences stand side by side. */
async function otherAccount() {
  spaces += 1;
  const made = await usher.prepare(`shop-${spaces}`);
  const list = (await usher.rest.get(`/destinations/${made.destinationId}/subscriptions`)) as unknown as {
    id: string;
    settings: object;
  }[];
  for (const mapping of list) {
    const settings = { ...mapping.settings, selected_advertiser_id: '7100000000000000002' };
    await usher.rest.patch(`/destinations/${made.destinationId}/subscriptions/${mapping.id}`, { settings });
  }
  return made;
}

const equal = (a: Set<string>, b: Set<string>): boolean => a.size === b.size && [...a].every((x) => b.has(x));
