// Issue "changed objects": 10,000 people synced, then one object after the other is changed. After each change TikTok's
// sets equal a recomputation from the people themselves, and the dry run had said the numbers.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { must } from '../../server/kernel/result.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

const count = 10_000;
const key = 'first_time_shopper';
const otherAdvertiser = '7100000000000000002';

// E-mails that TikTok's two pages normalise differently (tiktok-api.md 8.1, 8.3), and phones of an area of their own.
const people = Array.from({ length: count }, (_, n) => ({
  userId: `u${n}`,
  email: `Person.${n}+shop@Example.com`,
  phone: `+1212555${String(n).padStart(4, '0')}`,
}));
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const hashed = (plain: (person: (typeof people)[number]) => string): Set<string> =>
  new Set(people.map((p) => sha(plain(p))));
const withoutDots = hashed((p) => p.email.toLowerCase().replace('.', '').replace('+shop', ''));
const asWritten = hashed((p) => p.email.toLowerCase());
const phones = hashed((p) => p.phone);
const nobody = new Set<string>();

let usher: Usher;
let shop: Prepared;
let since = 0;

beforeAll(async () => {
  usher = await startUsher({
    env: {
      USHER_TIKTOK_CALLS_PER_SECOND: '100',
      USHER_TIKTOK_CALLS_PER_MINUTE: '6000',
      // Numbers are compared to the row: no call of a busy machine may run into its limit and be repeated.
      USHER_LEASE: '60s',
      USHER_TIKTOK_TIMEOUT: '40s',
    },
    sandbox: { rate: { perSecond: null, perMinute: null, perDay: null } },
  });
  shop = await usher.prepare();
  const events = people.map((person) => engageEvent(key, true, person));
  for (let i = 0; i < count; i += 500) await usher.send(shop.writeKey, events.slice(i, i + 500));
  await quiet();
}, 120_000);
afterAll(() => usher?.close());

const connection = (): string =>
  `/spaces/${shop.spaceId}/audiences/${shop.audienceId}/destination-connections/${shop.destinationId}`;
const subscriptions = (): string => `/destinations/${shop.destinationId}/subscriptions`;

/** Nothing is being walked and nothing is owed. */
async function quiet(): Promise<void> {
  await until(
    async () => (await usher.ask('GET', connection())).json,
    ({ data }) => data === undefined || (data.sync.walk?.finishedAt ?? null) !== null,
    'the walk to end',
  );
  await usher.settled(shop.destinationId);
}

interface Sets {
  readonly emails: ReadonlySet<string>;
  readonly phones: ReadonlySet<string>;
}

function expectSets(wanted: Sets, advertiserId = shop.advertiserId): void {
  const sets = usher.sandbox.members(advertiserId, key);
  // Compared as a whole and told as sizes: a difference of thousands of hashes helps nobody.
  const told = (type: 'EMAIL_SHA256' | 'PHONE_SHA256', expected: ReadonlySet<string>) => {
    const got = sets?.get(type) ?? nobody;
    return { size: got.size, missing: [...expected].filter((hash) => !got.has(hash)).length };
  };
  expect({ emails: told('EMAIL_SHA256', wanted.emails), phones: told('PHONE_SHA256', wanted.phones) }).toEqual({
    emails: { size: wanted.emails.size, missing: 0 },
    phones: { size: wanted.phones.size, missing: 0 },
  });
}

/** What TikTok was told since the last time: rows by action, and calls. */
async function told(): Promise<{ adds: number; removes: number; calls: number }> {
  const requests = (await usher.ask('GET', `/destinations/${shop.destinationId}/requests?limit=1000`)).json.data as {
    id: string;
    action: string;
    rows: number;
    outcome: string;
  }[];
  const fresh = requests.filter((one) => numberOf(one.id) > since && ['add', 'delete'].includes(one.action));
  since = Math.max(since, ...requests.map((one) => numberOf(one.id)));
  const rows = (action: string) => fresh.filter((one) => one.action === action).reduce((sum, one) => sum + one.rows, 0);
  const failed = fresh.filter(({ outcome }) => outcome !== 'ok').map(({ action, outcome }) => `${action} ${outcome}`);
  expect(failed).toEqual([]);
  return { adds: rows('add'), removes: rows('delete'), calls: fresh.length };
}
const numberOf = (id: string): number => Number(id.replace(/\D/g, ''));

/** Asks what a change would do, does it, and holds one against the other. */
async function changeAsSaid(
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { body, query = {} }: { body?: object; query?: Record<string, string> },
): Promise<{ adds: number; removes: number; calls: number }> {
  await told();
  const address = (more: Record<string, string>) => `${path}?${new URLSearchParams({ ...query, ...more })}`;
  const before = usher.sandbox.journal({ bodies: false }).length;
  const said = await usher.ask(method, address({ dryRun: 'true' }), body);
  expect(said).toMatchObject({ status: 200 });
  expect(usher.sandbox.journal({ bodies: false }).length).toBe(before);
  const done = await usher.ask(method, address({}), body);
  expect(done.status).toBeLessThan(300);
  await quiet();
  const happened = await told();
  const { adds, removes, calls, seconds } = said.json.data;
  expect({ adds, removes }).toEqual({ adds: happened.adds, removes: happened.removes });
  // Two more per target: what is left of a window when a walk pauses for breath.
  const bound = Math.ceil(adds / 1_000) + Math.ceil(removes / 1_000);
  expect(calls).toBe(bound);
  expect(happened.calls).toBeLessThanOrEqual(Math.ceil((adds + removes) / 1_000) + 2 * said.json.data.targets.length);
  expect(seconds).toBe(Math.ceil(calls / 100));
  return happened;
}

async function mappings(): Promise<{ id: string; actionSlug: string; settings: Record<string, unknown> }[]> {
  return (await usher.ask('GET', subscriptions())).json.data;
}
const adding = async () =>
  must(
    (await mappings()).find(({ actionSlug }) => actionSlug === 'addUser'),
    'Add Users',
  );

test('10,000 people are synced with e-mail and phone', () => {
  expectSets({ emails: withoutDots, phones });
});

test('switching phones off takes the phones out and nothing else, switching them on puts them back', async () => {
  const { id, settings } = await adding();
  const path = `${subscriptions()}/${id}`;
  const off = await changeAsSaid('PATCH', path, { body: { settings: { ...settings, send_phone: false } } });
  expect(off).toMatchObject({ adds: count, removes: count });
  expectSets({ emails: withoutDots, phones: nobody });
  const on = await changeAsSaid('PATCH', path, { body: { settings: { ...settings, send_phone: true } } });
  expect(on).toMatchObject({ adds: count, removes: 0 });
  expectSets({ emails: withoutDots, phones });
});

test('I10: another way to write e-mails takes the old hashes out and puts the new ones in', async () => {
  const path = `/destinations/${shop.destinationId}`;
  await changeAsSaid('PATCH', path, { body: { settings: { emailProfile: 'plain' } } });
  expectSets({ emails: asWritten, phones });
  await changeAsSaid('PATCH', path, { body: { settings: { emailProfile: 'api_doc' } } });
  expectSets({ emails: withoutDots, phones });
});

test('another ad account asks what becomes of the people, and a mass removal for its number', async () => {
  const { id, settings } = await adding();
  const path = `${subscriptions()}/${id}`;
  const body = { settings: { ...settings, selected_advertiser_id: otherAdvertiser } };
  const unasked = await usher.ask('PATCH', path, body);
  expect(unasked).toMatchObject({ status: 422, json: { errors: [{ type: 'people-required', field: 'people' }] } });
  expect(unasked.json.errors[0].details).toMatchObject({
    people: count,
    keep: { adds: count, removes: 0 },
    remove: { adds: count, removes: count },
  });
  const gated = await usher.ask('PATCH', `${path}?people=remove`, body);
  expect(gated).toMatchObject({ status: 409, json: { errors: [{ type: 'mass-removal' }] } });
  expect((await adding()).settings).toMatchObject({ selected_advertiser_id: shop.advertiserId });
  await changeAsSaid('PATCH', path, { body, query: { people: 'remove', confirmRemovals: String(count) } });
  expectSets({ emails: nobody, phones: nobody });
  expectSets({ emails: withoutDots, phones }, otherAdvertiser);
});

test('a connection deleted with keep and made again sends its people once more and loses nobody', async () => {
  const deleted = await changeAsSaid('DELETE', connection(), { query: { people: 'keep' } });
  expect(deleted).toEqual({ adds: 0, removes: 0, calls: 0 });
  expectSets({ emails: withoutDots, phones }, otherAdvertiser);
  const kept = await usher.ask('GET', `/destinations/${shop.destinationId}/kept`);
  expect(kept.json.data).toMatchObject([{ audience: key, audienceId: shop.audienceId, people: count }]);
  const list = connection().replace(/\/[^/]*$/, '');
  const made = await changeAsSaid('POST', list, { body: { destinationId: shop.destinationId } });
  expect(made).toMatchObject({ adds: count, removes: 0 });
  expectSets({ emails: withoutDots, phones }, otherAdvertiser);
});

test('an audience deleted at TikTok is made again when somebody says so, with everybody in it', async () => {
  const ready = async () => {
    const { data } = (await usher.ask('GET', `/destinations/${shop.destinationId}/targets`)).json;
    return data.filter((target: { advertiserId: string }) => target.advertiserId === otherAdvertiser);
  };
  const [target] = (await ready()).filter((one: { state: string }) => one.state === 'ready');
  usher.sandbox.deleteAudience(target.tiktokId);
  await told();
  await usher.ask('POST', `/destinations/${shop.destinationId}/targets/${target.id}/check`, {});
  await until(
    ready,
    (all) => all.some((one: { state: string }) => one.state === 'blocked'),
    'the target to be blocked',
  );
  const resolved = await usher.ask('POST', `/destinations/${shop.destinationId}/targets/${target.id}/resolve`, {
    create: true,
  });
  expect(resolved.status).toBe(200);
  await until(ready, (all) => all.some((one: { state: string }) => one.state === 'ready'), 'the new audience');
  await until(
    () => usher.sandbox.members(otherAdvertiser, key)?.get('PHONE_SHA256')?.size ?? 0,
    (size) => size === count,
    'everybody to be there again',
  );
  await quiet();
  expectSets({ emails: withoutDots, phones }, otherAdvertiser);
  expect((await told()).calls).toBeLessThanOrEqual(Math.ceil(count / 1_000) + 2);
});
