// Rule 12 through the API: what a change would do is said, asked about and stopped before it is done.
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { type AudienceId, type DestinationId, idToText } from '../../contract/ids.ts';
import { type ApiUnderTest, apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { advertiserId, engageEvent, makeWorld, type World } from '../../test/support/world.ts';
import { must } from '../kernel/result.ts';
import { moveSiblings } from '../ledger/ledger.ts';
import type { ApiParts } from './parts.ts';

const database = testDatabase(import.meta.url);
const person = (n: number, phone?: string) => ({
  userId: `u${n}`,
  email: `p${n}@example.com`,
  ...(phone ? { phone } : {}),
});
const seed = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
const elsewhere = '7100000000000000002';

interface Shop {
  readonly world: World;
  readonly api: ApiUnderTest;
  readonly audienceId: AudienceId;
  /** Below the destination, or the whole path where it begins with a slash. */
  ask(method: string, path: string, body?: unknown): ReturnType<ApiUnderTest['request']>;
  mapping(action: string): Promise<{ path: string; settings: Record<string, unknown> }>;
  /** Levels of the rows of an audience, by how often. */
  levels(): Promise<Record<string, number>>;
  connection: string;
}

/** The seed's mappings, connected, with these people in and told. */
async function shop(people: ReturnType<typeof person>[], parts: Partial<ApiParts> = {}, remove = true): Promise<Shop> {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', seed);
  if (remove) await world.mapping('removeUser', seed);
  const audienceId = await world.connect('vip');
  await world.walk();
  await world.process(...people.map((one) => engageEvent('vip', true, one)));
  await world.settleAll();
  const api = apiUnderTest(database.db, world.clock, parts);
  const token = await api.token(world.spaceId, 'owner');
  const base = `/api/v1/destinations/${idToText('destination', world.destinationId as DestinationId)}`;
  const ask: Shop['ask'] = (method, path, body) =>
    api.request(method, path.startsWith('/api') ? path : base + path, {
      token,
      ...(body === undefined ? {} : { body }),
    });
  const space = `/api/v1/spaces/${idToText('space', world.spaceId)}`;
  return {
    world,
    api,
    audienceId,
    ask,
    connection: `${space}/audiences/${idToText('audience', audienceId)}/destination-connections/${base.split('/').at(-1)}`,
    async mapping(action) {
      const { data } = (await ask('GET', '/subscriptions')).json;
      const { id, settings } = must(
        data.find((one: { actionSlug: string }) => one.actionSlug === action),
        action,
      );
      return { path: `/subscriptions/${id}`, settings };
    },
    async levels() {
      const found: Record<string, number> = {};
      for (const { level } of await world.rows()) {
        const name = ['absent', 'present', 'kept'][level] ?? '';
        found[name] = (found[name] ?? 0) + 1;
      }
      return found;
    },
  };
}

/** Rows with a pointer, as delivery would tell them: what nobody else holds of the removed ones. */
async function owed(): Promise<{ adds: number; removes: number }> {
  const [row] = await database.db.query<{ adds: number; removes: number }>(sql`
    with owed as (select m.* from memberships m join changes c on c.target_id = m.target_id and c.seq = m.seq
      and c.origin_id = m.origin_id and c.person_id = m.person_id)
    select count(*) filter (where level = 1) as adds, count(*) filter (where level = 0 and (
      (email is not null and not exists (select 1 from memberships h where h.target_id = o.target_id and h.email = o.email and h.level = 1))
      or (phone is not null and not exists (select 1 from memberships h where h.target_id = o.target_id and h.phone = o.phone and h.level = 1))
    )) as removes from owed o`);
  return must(row, 'one row');
}

const dry = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}dryRun=true`;

test('a dry run says exactly what the walk then owes, and changes nothing', async () => {
  // A phone of two members, and one of a member and of somebody whom a direct event put there.
  const people = [person(1, '+16577770001'), person(2, '+16577770001'), person(3, '+16577770003'), person(4)];
  const { world, ask, mapping, levels } = await shop(people);
  await world.mapping(
    'addToAudience',
    { advertiser_id: advertiserId, external_audience_id: '', custom_audience_name: 'vip', send_email: false },
    { trigger: 'event = "Signed Up"' },
  );
  await world.process({
    type: 'track',
    event: 'Signed Up',
    userId: 'u9',
    properties: {},
    context: { traits: { phone: '+16577770003' } },
  });
  await world.settleAll();
  const { path, settings } = await mapping('addUser');
  const body = { settings: { ...settings, send_phone: false } };
  const before = await world.rows();
  const said = await ask('PATCH', dry(path), body);
  // The phone of the direct event stays: its row has nothing to remove.
  expect(said.json.data).toMatchObject({ adds: 3, removes: 2, calls: 2, seconds: 1 });
  expect(await world.rows()).toEqual(before);
  expect((await mapping('addUser')).settings).toMatchObject({ send_phone: true });
  expect((await ask('PATCH', path, body)).status).toBe(200);
  await world.walk();
  expect(await owed()).toEqual({ adds: 3, removes: 2 });
  expect(await levels()).toMatchObject({ present: 5 });
});

test('rule 12: a mapping that names another TikTok audience is asked about; keep and remove do what they say', async () => {
  const { world, ask, mapping, levels } = await shop([person(1), person(2)]);
  const { path, settings } = await mapping('addUser');
  const body = (advertiser: string) => ({ settings: { ...settings, selected_advertiser_id: advertiser } });
  const refused = await ask('PATCH', path, body(elsewhere));
  expect(refused).toMatchObject({
    status: 422,
    json: { errors: [{ type: 'people-required', field: 'people', details: { people: 2 } }] },
  });
  expect(refused.json.errors[0].message).toMatch(/people=keep .*adds 2, removes 0.*people=remove .*adds 2, removes 2/);
  expect((await ask('PATCH', `${path}?people=keep`, body(elsewhere))).status).toBe(200);
  // Somebody who comes by before the walk is kept as well.
  await world.process(engageEvent('vip', true, person(1)));
  await world.walk();
  expect(await levels()).toEqual({ kept: 2, present: 2 });
  // The next move: whom it leaves now goes, whom it left before stays.
  expect((await ask('PATCH', `${path}?people=remove`, body('7100000000000000003'))).status).toBe(200);
  await world.walk();
  expect(await levels()).toEqual({ kept: 2, absent: 2, present: 2 });
});

test.each([
  ['keep', { kept: 2, present: 2 }],
  ['remove', { absent: 2, present: 2 }],
])(
  'rule 12: what was said of the people at a target (%s) holds where they move before their walk comes',
  async (people, end) => {
    const { world, ask, mapping, levels } = await shop([person(1), person(2)], {}, false);
    const { path, settings } = await mapping('addUser');
    const body = { settings: { ...settings, selected_advertiser_id: elsewhere } };
    expect((await ask('PATCH', `${path}?people=${people}`, body)).status).toBe(200);
    // The audience turns out to be one that another target of the destination feeds already.
    const { clock, spaceId, destinationId } = world;
    const now = new Date(clock.now());
    await database.db.query(sql`update targets set state = 'blocked', tiktok_id = '77'`);
    await database.db.query(sql`
    insert into targets (space_id, destination_id, advertiser_id, tiktok_id, state, created_at, updated_at)
    values (${spaceId}, ${destinationId}, ${advertiserId}, '77', 'ready', ${now}, ${now})`);
    await database.db.transaction((tx) => moveSiblings(tx, { clock }, destinationId));
    expect(await levels()).toEqual({ present: 2 });
    await world.walk();
    expect(await levels()).toEqual(end);
  },
);

test('an edit that leaves no TikTok audience is not asked about', async () => {
  const { world, ask, mapping } = await shop([person(1)]);
  const { path } = await mapping('addUser');
  expect((await ask('PATCH', path, { trigger: 'event = "Something Else"' })).status).toBe(200);
  await world.walk();
  expect(await owed()).toEqual({ adds: 0, removes: 1 });
});

test('rule 5: switched off a mapping protects what it put there; on again nothing is told twice', async () => {
  const { world, ask, mapping, levels } = await shop([person(1), person(2)]);
  const { path } = await mapping('addUser');
  expect((await ask('PATCH', dry(path), { enabled: false })).json.data).toMatchObject({
    adds: 0,
    removes: 0,
    calls: 0,
  });
  await ask('PATCH', path, { enabled: false });
  await world.walk();
  expect(await levels()).toEqual({ present: 2 });
  await world.process(engageEvent('vip', true, person(3)));
  expect((await ask('PATCH', dry(path), { enabled: true })).json.data).toMatchObject({ adds: 1, removes: 0 });
  await ask('PATCH', path, { enabled: true });
  await world.walk();
  expect(await owed()).toEqual({ adds: 1, removes: 0 });
});

test('a mapping deleted with remove takes out whom nothing else puts there', async () => {
  const { world, ask, mapping, levels } = await shop([person(1), person(2)]);
  const named = { advertiser_id: advertiserId, external_audience_id: '', custom_audience_name: 'vip' };
  await world.mapping('addToAudience', {
    ...named,
    email: { '@if': { exists: { '@path': '$.context.traits.vip' }, then: { '@path': '$.context.traits.email' } } },
  });
  const { path } = await mapping('addUser');
  const said = await ask('DELETE', dry(`${path}?people=remove`));
  expect(said.json.data).toMatchObject({ adds: 0, removes: 2 });
  expect((await ask('DELETE', `${path}?people=remove`)).status).toBe(202);
  await world.walk();
  expect(await levels()).toEqual({ absent: 2 });
});

test('two mappings on one TikTok audience: the one that goes takes nobody with it whom the other holds', async () => {
  const { world, ask, mapping, levels } = await shop([person(1), person(2)]);
  await world.mapping('addToAudience', {
    advertiser_id: advertiserId,
    external_audience_id: '',
    custom_audience_name: 'vip',
  });
  const { path } = await mapping('addUser');
  expect((await ask('DELETE', dry(`${path}?people=remove`))).json.data).toMatchObject({ adds: 0, removes: 0 });
  expect((await ask('DELETE', `${path}?people=remove`)).status).toBeLessThan(300);
  await world.walk();
  expect(await levels()).toEqual({ present: 2 });
});

test('the second of two mappings on one TikTok audience holds its people when the first has gone: keep keeps them', async () => {
  const { world, ask, mapping, levels } = await shop([person(1), person(2)]);
  await world.mapping('addToAudience', {
    advertiser_id: advertiserId,
    external_audience_id: '',
    custom_audience_name: 'vip',
  });
  for (const [action, people] of [
    ['addUser', 'remove'],
    ['addToAudience', 'keep'],
  ] as const) {
    const { path } = await mapping(action);
    expect((await ask('DELETE', `${path}?people=${people}`)).status).toBeLessThan(300);
    await world.walk();
  }
  expect(await levels()).toEqual({ kept: 2 });
});

test('two connections on one TikTok audience: who is in both stays when one is cut', async () => {
  const { world, ask, connection } = await shop([person(1), person(2)]);
  await world.mapping('addToAudience', {
    advertiser_id: advertiserId,
    external_audience_id: '',
    custom_audience_name: 'vip',
  });
  await world.connect('other');
  await world.walk();
  await world.process(engageEvent('other', true, person(1)));
  await world.settleAll();
  const said = await ask('DELETE', dry(`${connection}?people=remove`));
  expect(said.json.data).toMatchObject({ adds: 0, removes: 1, targets: [{ peopleRemoved: 1 }] });
  expect((await ask('DELETE', `${connection}?people=remove`)).status).toBe(202);
  await world.walk();
  expect(await owed()).toEqual({ adds: 0, removes: 1 });
});

test('the gate stops what removes more than both limits, until somebody says the number', async () => {
  const people = Array.from({ length: 6 }, (_, n) => person(n));
  const { world, ask, connection, levels } = await shop(people, { removalGate: { people: 5, percent: 20 } });
  const refused = await ask('DELETE', `${connection}?people=remove`);
  expect(refused).toMatchObject({
    status: 409,
    json: { errors: [{ type: 'mass-removal', details: { confirmRemovals: 6, limits: { people: 5, percent: 20 } } }] },
  });
  expect(refused.json.errors[0].message).toContain('6 of 6 people from "vip"');
  expect((await ask('DELETE', `${connection}?people=remove&confirmRemovals=5`)).status).toBe(409);
  expect(await levels()).toEqual({ present: 6 });
  expect((await ask('DELETE', dry(`${connection}?people=remove`))).json.data).toMatchObject({ removes: 6 });
  expect((await ask('DELETE', `${connection}?people=remove&confirmRemovals=6`)).status).toBe(202);
  await world.walk();
  expect(await levels()).toEqual({ absent: 6 });
});

test('the gate counts people, not rows: who only loses a phone is not removed', async () => {
  const people = Array.from({ length: 6 }, (_, n) => person(n, `+1657777000${n}`));
  const { ask, mapping } = await shop(people, { removalGate: { people: 0, percent: 0 } });
  const { path, settings } = await mapping('addUser');
  const off = await ask('PATCH', path, { settings: { ...settings, send_phone: false } });
  expect(off.status).toBe(200);
});

test('kept people are listed, and removed later: by target and audience, dry run and gate included', async () => {
  const { world, ask, connection, levels } = await shop([person(1), person(2)]);
  expect((await ask('DELETE', `${connection}?people=keep`)).status).toBe(204);
  await world.walk();
  const [kept] = (await ask('GET', '/kept')).json.data;
  expect(kept).toMatchObject({ advertiserId, audience: 'vip', people: 2 });
  await world.settleAll();
  const path = `/kept?target=${kept.targetId}&audience=${kept.audienceId}`;
  expect((await ask('DELETE', dry(path))).json.data).toMatchObject({ adds: 0, removes: 2, calls: 1, seconds: 1 });
  expect(await levels()).toEqual({ kept: 2 });
  expect((await ask('DELETE', path)).status).toBe(202);
  await world.walk();
  expect(await owed()).toEqual({ adds: 0, removes: 2 });
  expect((await ask('GET', '/kept')).json.data).toEqual([]);
  expect((await ask('DELETE', path)).status).toBe(204);
});

test('a connection switched on again says what its walk then adds: who came while it was off', async () => {
  const { world, ask, connection } = await shop([person(1)]);
  await ask('PATCH', connection, { enabled: false });
  await world.walk();
  await world.process(engageEvent('vip', true, person(2)), engageEvent('vip', true, person(3)));
  expect((await ask('PATCH', dry(connection), { enabled: true })).json.data).toMatchObject({
    adds: 2,
    removes: 0,
    calls: 1,
  });
  await ask('PATCH', connection, { enabled: true });
  await world.walk();
  expect(await owed()).toEqual({ adds: 2, removes: 0 });
});

test('a destination switched on says what it then tells TikTok: all that is owed since it was switched off', async () => {
  const { world, ask } = await shop([person(1, '+16577770001'), person(2, '+16577770001'), person(3)]);
  await ask('PATCH', '', { enabled: false });
  await world.process(engageEvent('vip', true, person(4)), engageEvent('vip', false, person(1, '+16577770001')));
  // Of the phone that another member has nothing is told; and who comes and goes is told once.
  await world.process(
    engageEvent('vip', false, person(3)),
    engageEvent('vip', true, person(3)),
    engageEvent('vip', false, person(3)),
  );
  const said = (await ask('PATCH', dry(''), { enabled: true })).json.data;
  expect(said).toMatchObject({ adds: 1, removes: 2, calls: 2, targets: [{ audience: 'vip', adds: 1, removes: 2 }] });
  expect(await owed()).toEqual({ adds: 1, removes: 2 });
  expect((await ask('PATCH', dry(''), { enabled: true, name: 'Other' })).json.data).toEqual(said);
  expect((await ask('PATCH', dry(''), { enabled: false })).json.data).toMatchObject({ adds: 0, removes: 0 });
  await ask('PATCH', '', { enabled: true });
  expect((await ask('PATCH', dry(''), { enabled: true })).json.data).toMatchObject({ adds: 0, removes: 0 });
});

test('a connection that is cut with keep and made again takes its people up again', async () => {
  const { world, ask, connection, levels } = await shop([person(1), person(2)]);
  await ask('DELETE', `${connection}?people=keep`);
  await world.settleAll();
  const [list, destinationId] = [connection.replace(/\/[^/]*$/, ''), connection.split('/').at(-1)];
  expect((await ask('POST', dry(list), { destinationId })).json.data).toMatchObject({ adds: 2, removes: 0 });
  expect((await ask('POST', list, { destinationId })).status).toBe(201);
  await world.walk();
  expect(await levels()).toEqual({ present: 2 });
});

test('two editors: who saves over a newer version is told who saved it, and when', async () => {
  const { ask, mapping, api, world } = await shop([person(1)]);
  const { path } = await mapping('addUser');
  const token = await api.token(world.spaceId, 'editor');
  const base = `/api/v1/destinations/${idToText('destination', world.destinationId as DestinationId)}`;
  const etag = must((await ask('GET', path)).headers.get('etag'), 'a version');
  const patch = (name: string, version: string) => {
    const headers = { 'if-match': version };
    return api.request('PATCH', base + path, { token, body: { name }, headers });
  };
  const saved = await patch('Ana’s', etag);
  expect(saved.status).toBe(200);
  const late = await patch('Ben’s', etag);
  expect(late).toMatchObject({ status: 412, json: { errors: [{ type: 'outdated' }] } });
  expect(late.json.errors[0].message).toContain('editor saved this at 20');
  expect((await patch('Ben’s', must(saved.headers.get('etag'), 'a version'))).status).toBe(200);
});
