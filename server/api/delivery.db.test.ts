import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText, type PersonId, type TargetId } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { engageEvent, makeWorld } from '../../test/support/world.ts';
import { countLevels } from '../delivery/delivery.ts';
import { packRows } from '../delivery/payload.ts';
import { finishRequest, insertRequest, upsertParked } from '../delivery/requests.sql.ts';
import { block, targetsOf } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';

const database = testDatabase(import.meta.url);
const email = 'canary.person@example.com';

/** A connected audience with a member on its way to TikTok and one of whom nothing can be sent. */
async function shop() {
  const world = await makeWorld(database.db);
  const { spaceId, destinationId, clock } = world;
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(spaceId, 'owner');
  await world.mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  const audienceId = await world.connect('vip');
  await world.process(engageEvent('vip', true, { userId: 'u1', email }), engageEvent('vip', true, { userId: 'u2' }));
  const destination = `/api/v1/destinations/${idToText('destination', destinationId)}`;
  const space = `/api/v1/spaces/${idToText('space', spaceId)}`;
  const request = (method: string, path: string, body?: unknown) =>
    api.request(method, path, { token, ...(body === undefined ? {} : { body }) });
  const delivery = async (query = '') => (await request('GET', `${destination}/delivery${query}`)).json.data;
  const target = async () => must((await targetsOf(database.db, destinationId))[0], 'the target of the mapping');
  return { ...world, api, token, audienceId, destination, space, request, delivery, target };
}

/** TikTok refuses everybody who is present, alone. */
async function parkAll(world: { spaceId: number; clock: { now(): number } }): Promise<void> {
  const rows = await database.db.query<{
    target_id: TargetId;
    origin_id: number;
    person_id: PersonId;
    variant: Buffer;
    seq: number;
  }>(
    sql`select target_id, origin_id, person_id, variant, seq from memberships where space_id = ${world.spaceId} and level = 1`,
  );
  for (const row of rows) {
    const { target_id: targetId, origin_id: originId, person_id: personId, variant, seq } = row;
    const place = { spaceId: world.spaceId as never, targetId, originId, personId, variant, seq };
    const why = {
      action: 'add',
      code: 40002,
      message: 'id is wrong',
      requestId: 't1',
      at: new Date(world.clock.now()),
    } as const;
    await database.db.transaction((tx) => upsertParked(tx, { ...place, ...why }));
  }
}

test('the numbers of a destination add up at every step, and it is settled only when nothing is left to do', async () => {
  const { delivery, walk, settleAll, audienceId } = await shop();
  const before = await delivery();
  expect(before).toMatchObject({ members: 2, owed: 2, settled: false, pointers: 1, enabled: true, paused: null });
  await walk();
  const owed = await delivery();
  expect(owed).toMatchObject({ members: 2, owed: 1, skipped: 1, onTikTok: 0, settled: false });
  const [reason] = Object.keys(owed.skippedByReason);
  expect(reason).toContain('no usable identifier');
  expect(owed.skippedByReason).toEqual({ [String(reason)]: 1 });
  expect(owed.skips).toEqual([{ audienceId: idToText('audience', audienceId), reason, count: 1 }]);
  await settleAll();
  expect(await delivery()).toMatchObject({ members: 2, owed: 0, skipped: 1, onTikTok: 1, settled: true, pointers: 0 });
});

test('a doubt, or a walk under way, keeps a destination from being settled', async () => {
  const { delivery, walk, settleAll, target, spaceId, clock } = await shop();
  await settleAll();
  expect(await delivery()).toMatchObject({ settled: false, pointers: 0, doubts: 0 });
  await walk();
  await settleAll();
  expect((await delivery()).settled).toBe(true);
  const { id } = await target();
  await database.db.query(sql`
    insert into doubts (space_id, target_id, type, hash, not_before)
    values (${spaceId}, ${id}, 0, ${Buffer.alloc(32, 1)}, ${new Date(clock.now())})`);
  expect(await delivery()).toMatchObject({ settled: false, doubts: 1 });
});

test('what happened is drawn over time and listed by reason, within limits', async () => {
  const { delivery, request, destination, spaceId, destinationId, clock } = await shop();
  const place = { spaceId, destinationId, mappingId: 0 } as const;
  const count = (at: number) =>
    database.db.transaction((tx) =>
      countLevels(tx, [{ ...place, outcome: 'filtered', reason: 'audience key differs' }], new Date(at)),
    );
  await count(clock.now());
  await count(clock.now() - 5 * 3_600_000);
  const ours = (row: { code: string }) => row.code === 'audience key differs';
  expect((await delivery()).series.filter(ours)).toMatchObject([
    { outcome: 'filtered', mappingId: null, count: 1, time: expect.stringContaining('T19:00:00.000Z') },
    { count: 1, time: expect.stringContaining('T00:00:00.000Z') },
  ]);
  expect((await delivery('?granularity=MINUTE')).series.filter(ours)).toHaveLength(1);
  const samples = (await request('GET', `${destination}/delivery/samples`)).json.data;
  expect(samples.find((sample: { reason: string }) => sample.reason === 'audience key differs')).toMatchObject({
    outcome: 'filtered',
    count: 2,
  });
  const range = '?granularity=MINUTE&from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z';
  expect((await request('GET', `${destination}/delivery${range}`)).json.errors).toMatchObject([{ field: 'from' }]);
});

test('each call is listed with what TikTok meant, and tells its hashes when asked for alone', async () => {
  const { request, destination, spaceId, destinationId, clock, target } = await shop();
  const { id: targetId } = await target();
  const hash = Buffer.alloc(32, 0xab);
  const numbers = await database.db.transaction(async (tx) => {
    const call = {
      spaceId,
      destinationId,
      fence: 1,
      kind: 'add',
      advertiserId: '7001',
      rows: 1,
      targets: [],
    } as const;
    const payload = packRows([{ targetId, hashes: [hash, null, null, null] }]);
    const startedAt = new Date(clock.now());
    const first = await insertRequest(tx, { ...call, payload, startedAt });
    const end = { outcome: 'refused', httpStatus: 200, code: 40002, message: 'bad', requestId: '2026', durationMs: 12 };
    await finishRequest(tx, first, end, startedAt);
    return [first, await insertRequest(tx, { ...call, payload: null, startedAt })];
  });
  const page = (await request('GET', `${destination}/requests?limit=1`)).json;
  expect(page).toMatchObject({
    data: [{ id: `req_${numbers[1]}`, outcome: null, meaning: null }],
    pagination: { total: 2 },
  });
  const rest = (await request('GET', `${destination}/requests?limit=1&cursor=${page.pagination.next}`)).json;
  expect(rest.pagination.next).toBeNull();
  expect(rest.data[0]).toMatchObject({
    id: `req_${numbers[0]}`,
    action: 'add',
    code: 40002,
    meaning: 'A parameter is wrong; the message names it.',
    advice: expect.stringContaining('message'),
    tiktokRequestId: '2026',
    durationMs: 12,
  });
  expect(rest.data[0].told).toBeUndefined();
  const found = async (query: string) =>
    (await request('GET', `${destination}/requests?${query}`)).json.data.map(({ id }: { id: string }) => id);
  expect(await found('answer=other')).toEqual([`req_${numbers[0]}`]);
  expect(await found('answer=none')).toEqual([`req_${numbers[1]}`]);
  expect(await found('answer=accepted')).toEqual([]);
  expect(await found('tiktokRequestId=2026&answer=other')).toEqual([`req_${numbers[0]}`]);
  expect(await found(`targetId=${idToText('target', targetId)}`)).toEqual([]);
  const one = await request('GET', `${destination}/requests/req_${numbers[0]}`);
  const told = {
    targetId: idToText('target', targetId),
    email: hash.toString('hex'),
    phone: null,
    idfa: null,
    aaid: null,
  };
  expect(one.json.data.told).toEqual([told]);
  expect((await request('GET', `${destination}/requests/req_987654321`)).status).toBe(404);
});

test('whom TikTok refused alone is shown with the reason, and owed again by one click', async () => {
  const world = await shop();
  const { request, destination, delivery, walk, settleAll, audienceId } = world;
  await walk();
  await settleAll();
  await parkAll(world);
  expect(await delivery()).toMatchObject({
    members: 2,
    parked: 1,
    skipped: 1,
    onTikTok: 0,
    parkedRows: 1,
    settled: true,
  });
  const list = (await request('GET', `${destination}/parked`)).json;
  expect(list).toMatchObject({
    data: [{ audienceId: idToText('audience', audienceId), action: 'add', code: 40002, message: 'id is wrong' }],
    pagination: { total: 1 },
  });
  expect((await request('POST', `${destination}/parked/retry`)).json).toEqual({ data: { retried: 1 } });
  expect(await delivery()).toMatchObject({ parked: 0, owed: 1, settled: false });
  expect((await request('POST', `${destination}/parked/retry`)).json).toEqual({ data: { retried: 0 } });
});

test('I13: somebody is found by an identifier in the body, and comes back masked', async () => {
  const { request, space, api } = await shop();
  const found = await request('POST', `${space}/people/search`, { type: 'email', value: 'Canary.Person@Example.com ' });
  expect(found).toMatchObject({
    status: 200,
    json: {
      data: [
        {
          id: expect.stringMatching(/^use_/),
          identifiers: [
            { type: 'email', masked: 'c***' },
            { type: 'user_id', masked: 'u***' },
          ],
          audiences: [{ key: 'vip', member: true, lateEvents: 0, records: 1 }],
        },
      ],
    },
  });
  const nobody = await request('POST', `${space}/people/search`, { type: 'email', value: 'canary.nobody@example.com' });
  expect(nobody.json).toEqual({ data: [], pagination: { next: null, total: 0 } });
  for (const said of api.said) expect(said.toLowerCase()).not.toContain('canary');
});

test('why somebody is, or is not, on TikTok is said in plain words', async () => {
  const world = await shop();
  const { request, space, walk, settleAll, process, clock, target, audienceId, mapping } = world;
  await mapping('removeUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  const personOf = async (value: string) =>
    (await request('POST', `${space}/people/search`, { type: 'user_id', value })).json.data[0].id;
  const member = await personOf('u1');
  const explain = async (person = member) => {
    const query = `?audience=${idToText('audience', audienceId)}`;
    const [audience] = (await request('GET', `${space}/people/${person}/explain${query}`)).json.data.audiences;
    return { about: audience.sentences as string[], ...audience.destinations[0] };
  };
  expect((await explain()).sentences).toContainEqual(expect.stringMatching(/^Not looked at yet: 0 of 0 people/));
  await walk();
  const owed = await explain();
  expect(owed.about).toEqual([expect.stringMatching(/^In "vip" since 2026-06-01T00:00:01/)]);
  expect(owed.rows).toMatchObject([
    { level: 'present', origin: 'audience', owed: true, hashes: { email: expect.stringMatching(/^[0-9a-f]{8}$/) } },
  ]);
  expect(owed.sentences.join(' ')).toMatch(
    /To be added to the TikTok audience "vip" of ad account 7001: email [0-9a-f]{8}…/,
  );
  expect(owed.sentences.join(' ')).toContain('has not been found or made at TikTok yet');
  const { id } = await target();
  await database.db.transaction((tx) => block(tx, clock, id, { problem: 'refused', reason: 'no permission' }));
  await settleAll();
  const held = await explain();
  expect(held.sentences.join(' ')).toContain('On TikTok in the TikTok audience "vip"');
  expect(held.sentences.join(' ')).toContain('is blocked: no permission.');
  await parkAll(world);
  expect((await explain()).sentences.join(' ')).toContain('TikTok refused email');
  const skipped = await explain(await personOf('u2'));
  expect(skipped.sentences).toContainEqual(
    expect.stringMatching(/^Nothing of this member can be sent: no usable identifier/),
  );
  await process(engageEvent('vip', false, { userId: 'u1', email }));
  const left = await explain();
  expect(left.about[0]).toMatch(/^Not in "vip": left at 2026/);
  expect(left.sentences.join(' ')).toContain('To be removed from the TikTok audience "vip"');
});

test('rule 13: a merged person is explained as the one it became', async () => {
  const { request, space, process } = await shop();
  const personOf = async (value: string) =>
    (await request('POST', `${space}/people/search`, { type: 'user_id', value })).json.data[0]?.id;
  const explain = async (person: string) => (await request('GET', `${space}/people/${person}/explain`)).json.data;
  const anonymous = (id: string, more = {}) => ({ type: 'track', event: 'Seen', anonymousId: id, ...more });
  await process(anonymous('a1'), anonymous('a2'));
  const before = await Promise.all(
    ['a1', 'a2'].map(
      async (value) =>
        (await request('POST', `${space}/people/search`, { type: 'anonymous_id', value })).json.data[0].id,
    ),
  );
  await process(anonymous('a1', { userId: 'u1' }), anonymous('a2', { userId: 'u1' }));
  const winner = await personOf('u1');
  expect(before.filter((person) => person !== winner)).not.toEqual([]);
  for (const person of before) expect(await explain(person)).toEqual(await explain(winner));
  expect((await explain(winner)).personId).toBe(winner);
});

test('people and audiences of another space are not there to be explained', async () => {
  const { request, space, api, token } = await shop();
  const mine = await request('POST', `${space}/people/search`, { type: 'user_id', value: 'u1' });
  const person = mine.json.data[0].id;
  const theirs = await api.space('theirs');
  const theirToken = await api.token(theirs, 'owner');
  const path = `/api/v1/spaces/${idToText('space', theirs)}/people`;
  expect((await api.request('GET', `${path}/${person}/explain`, { token: theirToken })).status).toBe(404);
  const body = { type: 'user_id', value: 'u1' };
  expect((await api.request('POST', `${path}/search`, { token: theirToken, body })).json.data).toEqual([]);
  expect((await api.request('GET', `${space}/people/${person}/explain?audience=aud_987654321`, { token })).status).toBe(
    404,
  );
  expect((await api.request('GET', `${space}/people/${person}/explain`, { token })).json.data.audiences).toHaveLength(
    1,
  );
});
