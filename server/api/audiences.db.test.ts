import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { type ApiUnderTest, apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { engageEvent, makeWorld } from '../../test/support/world.ts';

const database = testDatabase(import.meta.url);
const email = 'canary.person@example.com';

/** A space with a destination and an owner's way to the API. */
async function shop() {
  const world = await makeWorld(database.db);
  const api: ApiUnderTest = apiUnderTest(database.db, world.clock);
  const token = await api.token(world.spaceId, 'owner');
  const audiences = `/api/v1/spaces/${idToText('space', world.spaceId)}/audiences`;
  const destinationId = idToText('destination', world.destinationId);
  const request = (method: string, path: string, body?: unknown) =>
    api.request(method, path, { token, ...(body === undefined ? {} : { body }) });
  const create = async (body: object): Promise<string> => {
    const made = await request('POST', audiences, body);
    expect(made.status, made.text).toBe(201);
    return `${audiences}/${made.json.data.id}`;
  };
  const connect = async (audience: string, fields: object = {}) => {
    const made = await request('POST', `${audience}/destination-connections`, { destinationId, ...fields });
    expect(made.status, made.text).toBe(201);
    return { connection: `${audience}/destination-connections/${destinationId}`, data: made.json.data };
  };
  const walkOf = async (audience: string) =>
    (await request('GET', `${audience}/destination-connections`)).json.data[0].sync.walk;
  return {
    ...world,
    api,
    token,
    audiences,
    destination: `/api/v1/destinations/${destinationId}`,
    destinationId,
    request,
    create,
    connect,
    walkOf,
  };
}

test('an audience gets the key of its name, or the one it is given', async () => {
  const { request, audiences } = await shop();
  const post = (body: object) => request('POST', audiences, body);
  expect((await post({ name: 'Order Completed Last 30 Days' })).json.data).toMatchObject({
    key: 'order_completed_last_30_days',
    kind: 'external',
    description: '',
    size: { count: 0 },
  });
  expect((await post({ name: 'Café', key: 'First_Time' })).json.data.key).toBe('First_Time');
  expect(await post({ name: '顧客' })).toMatchObject({ status: 400, json: { errors: [{ field: 'key' }] } });
  expect(await post({ name: 'x', key: 'with space' })).toMatchObject({
    status: 400,
    json: { errors: [{ field: 'key' }] },
  });
  expect((await request('GET', audiences)).json.pagination).toEqual({ next: null, total: 2 });
});

test('a key is never given twice, not even after its audience was deleted', async () => {
  const { request, audiences, create } = await shop();
  const audience = await create({ name: 'VIP' });
  const again = { name: 'Other', key: 'vip' };
  const taken = { status: 409, json: { errors: [{ type: 'taken', field: 'key' }] } };
  expect(await request('POST', audiences, again)).toMatchObject(taken);
  expect((await request('DELETE', audience)).status).toBe(400);
  expect((await request('DELETE', `${audience}?people=keep`)).status).toBe(204);
  expect((await request('GET', audience)).status).toBe(404);
  expect(await request('POST', audiences, again)).toMatchObject(taken);
});

test('an audience is renamed, but its key stays', async () => {
  const { request, create } = await shop();
  const audience = await create({ name: 'VIP' });
  const renamed = await request('PATCH', audience, { name: 'Best', description: 'who buys', key: 'vip' });
  expect(renamed).toMatchObject({ status: 200, json: { data: { name: 'Best', description: 'who buys', key: 'vip' } } });
  expect(await request('PATCH', audience, { key: 'other' })).toMatchObject({
    status: 400,
    json: { errors: [{ type: 'immutable', field: 'key' }] },
  });
});

test('a new connection sends track events by Segment’s names, and walks who is in the audience already', async () => {
  const { create, connect, process, mapping, walk, walkOf, counts, audience } = await shop();
  await mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  const vip = await create({ name: 'VIP' });
  await process(engageEvent('vip', true, { userId: 'u1', email }), engageEvent('vip', true, { userId: 'u2' }));
  const { data } = await connect(vip);
  expect(data).toMatchObject({
    enabled: true,
    sendTrack: true,
    sendIdentify: false,
    enteredEvent: 'Audience Entered',
    exitedEvent: 'Audience Exited',
    settings: {},
    sync: { walk: { reason: 'connected', walked: 0, total: 2, finishedAt: null }, counts: { members: 2, owed: 2 } },
  });
  await walk();
  expect(await walkOf(vip)).toMatchObject({ walked: 2, total: 2, finishedAt: expect.any(String) });
  expect(await counts(await audience('vip'))).toMatchObject({ members: 2, owed: 1, skipped: 1 });
});

test('what changes the events of a connection is applied to all members; what does not is not', async () => {
  const { create, connect, request, walk, walkOf } = await shop();
  const vip = await create({ name: 'VIP' });
  const { connection } = await connect(vip);
  const patch = async (body: object) => {
    await walk();
    expect((await request('PATCH', connection, body)).status).toBe(200);
    return (await walkOf(vip)).finishedAt === null;
  };
  expect(await patch({ sendIdentify: true })).toBe(true);
  expect(await patch({ sendIdentify: true })).toBe(false);
  expect(await patch({ enteredEvent: 'Joined' })).toBe(true);
  expect(await patch({ settings: { advertiserId: '7001' } })).toBe(true);
  expect(await patch({ enabled: false })).toBe(false);
  expect(await patch({ exitedEvent: 'Left' })).toBe(false);
  expect(await patch({ enabled: true })).toBe(true);
  expect((await request('PATCH', connection, { settings: { audience: 'x' } })).status).toBe(400);
});

test('a changed mapping or setting walks every audience of its destination anew', async () => {
  const { create, connect, request, walk, walkOf, destination } = await shop();
  const vip = await create({ name: 'VIP' });
  await connect(vip);
  const walks = async (method: string, path: string, body?: unknown) => {
    await walk();
    const answer = await request(method, `${destination}${path}`, body);
    expect(answer.status, answer.text).toBeLessThan(300);
    const { finishedAt, reason } = await walkOf(vip);
    return { id: answer.json?.data?.id, begun: finishedAt === null ? reason : null };
  };
  const mapping = { name: 'Add', actionSlug: 'addUser', trigger: 'event = "Audience Entered"', settings: {} };
  const made = await walks('POST', '/subscriptions', {
    ...mapping,
    settings: { selected_advertiser_id: '7001', personas_audience_key: 'vip' },
  });
  expect(made.begun).toBe('mapping');
  const one = `/subscriptions/${made.id}`;
  expect((await walks('PATCH', one, { name: 'New' })).begun).toBeNull();
  expect((await walks('PATCH', one, { enabled: true })).begun).toBe('mapping');
  expect((await walks('PATCH', one, { enabled: false })).begun).toBe('mapping');
  expect((await walks('PATCH', '', { name: 'New' })).begun).toBeNull();
  expect((await walks('PATCH', '', { settings: { emailProfile: 'plain' } })).begun).toBe('settings');
  expect((await walks('DELETE', `${one}?people=keep`)).begun).toBe('mapping');
});

test('an audience is connected to a destination once, in its own space, and not beside a source', async () => {
  const { create, connect, request, api, destinationId, spaceId } = await shop();
  const vip = await create({ name: 'VIP' });
  await connect(vip);
  const post = (id: string) => request('POST', `${vip}/destination-connections`, { destinationId: id });
  expect(await post(destinationId)).toMatchObject({ status: 409, json: { errors: [{ type: 'taken' }] } });
  const theirs = await api.space('theirs');
  const theirToken = await api.token(theirs, 'owner');
  const theirDestination = await api.request('POST', '/api/v1/destinations', {
    token: theirToken,
    body: { spaceId: idToText('space', theirs), metadataId: 'actions-tiktok-audiences', name: 'Theirs' },
  });
  const foreign = await post(theirDestination.json.data.id);
  const unknown = await post('dst_987654321');
  expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
  // Nor for a token of the whole installation.
  const everywhere = await api.token(null, 'owner');
  const body = { destinationId: theirDestination.json.data.id };
  expect((await api.request('POST', `${vip}/destination-connections`, { token: everywhere, body })).status).toBe(404);
  const source = await request('POST', `/api/v1/spaces/${idToText('space', spaceId)}/sources`, {
    slug: 'web',
    name: 'Web',
  });
  const fed = await request('POST', '/api/v1/destinations', {
    sourceId: source.json.data.id,
    metadataId: 'actions-tiktok-audiences',
    name: 'Of a source',
  });
  expect(await post(fed.json.data.id)).toMatchObject({ status: 409, json: { errors: [{ type: 'fed-by-source' }] } });
});

test('a connection ends with its people kept or owed their removal, and can be made again', async () => {
  const { create, connect, request, process, mapping, walk, rows, settleAll } = await shop();
  await mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  const vip = await create({ name: 'VIP' });
  const { connection } = await connect(vip);
  await process(engageEvent('vip', true, { userId: 'u1', email }));
  await walk();
  await settleAll();
  expect((await request('DELETE', connection)).status).toBe(400);
  expect((await request('DELETE', `${connection}?people=keep`)).status).toBe(204);
  expect((await request('DELETE', `${connection}?people=keep`)).status).toBe(404);
  await walk();
  expect(await rows()).toMatchObject([{ level: 2 }]);
  await connect(vip);
  await walk();
  expect(await rows()).toMatchObject([{ level: 1, lane: 1 }]);
  expect((await request('DELETE', `${connection}?people=remove`)).status).toBe(202);
  await walk();
  expect(await rows()).toMatchObject([{ level: 0, lane: 1 }]);
  expect((await request('GET', `${vip}/destination-connections`)).json.data).toEqual([]);
});

test('deleting an audience, or a destination, ends its connections', async () => {
  const { create, connect, request, process, mapping, walk, rows, destination } = await shop();
  await mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  const vip = await create({ name: 'VIP' });
  await connect(vip);
  await process(engageEvent('vip', true, { userId: 'u1', email }));
  expect((await request('DELETE', `${vip}?people=remove`)).status).toBe(202);
  await walk();
  expect(await rows()).toMatchObject([{ level: 0 }]);
  expect((await request('GET', `${destination}/delivery`)).json.data).toMatchObject({ audiences: [], members: 0 });
  const other = await create({ name: 'Other' });
  await connect(other);
  expect((await request('DELETE', `${destination}?people=keep`)).status).toBe(204);
  expect((await request('GET', `${other}/destination-connections`)).json.data).toEqual([]);
});

test('I13: members are shown by types and first characters, page by page', async () => {
  const { create, request, process, api } = await shop();
  const vip = await create({ name: 'VIP' });
  await process(
    engageEvent('vip', true, { userId: 'canary-user', email }),
    engageEvent('vip', true, { userId: 'u2', phone: '+14155550100' }),
    engageEvent('vip', true, { userId: 'u3' }),
    engageEvent('vip', false, { userId: 'u3' }),
  );
  const first = (await request('GET', `${vip}/members?limit=1`)).json;
  expect(first).toMatchObject({
    data: [
      {
        identifiers: [
          { type: 'email', masked: 'c***' },
          { type: 'user_id', masked: 'c***' },
        ],
        records: 1,
        enteredAt: expect.any(String),
      },
    ],
    pagination: { next: expect.any(String), total: 2 },
  });
  const second = (await request('GET', `${vip}/members?limit=1&cursor=${first.pagination.next}`)).json;
  expect(second).toMatchObject({ data: [{ personId: expect.stringMatching(/^use_/) }], pagination: { next: null } });
  expect((await request('GET', vip)).json.data.size).toEqual({ count: 2 });
  for (const said of api.said) expect(said).not.toMatch(/canary|4155550100/);
});
