// What a person can do about a blocked target (E7, E8 and the others), and about one that leaves.
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { answerOf, audienceView } from '../../test/support/fake-tiktok.ts';
import { engageEvent, makeWorld } from '../../test/support/world.ts';
import { block, markLeaving, type TargetProblem, targetsOf } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';

const database = testDatabase(import.meta.url);

/** A destination that TikTok is connected to, with one target and one person owed to it. */
async function shop() {
  const world = await makeWorld(database.db);
  const { spaceId, destinationId, clock } = world;
  const api = apiUnderTest(database.db, clock);
  const tokens = { owner: await api.token(spaceId, 'owner'), editor: await api.token(spaceId, 'editor') };
  const sealed = api.parts.vault.seal(`destinations|${destinationId}|access_token`, new Secret('invented'));
  await database.db.query(sql`update destinations set access_token = ${sealed}, connected_at = now()`);
  await world.mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  await world.connect('vip');
  await world.walk();
  await world.process(engageEvent('vip', true, { userId: 'u1', email: 'p1@example.com' }));
  const target = async () => must((await targetsOf(database.db, destinationId))[0], 'the target of the mapping');
  const { id } = await target();
  const destination = `/api/v1/destinations/${idToText('destination', destinationId)}`;
  const post = (action: string, body?: unknown, token = tokens.owner) =>
    api.request('POST', `${destination}/targets/${idToText('target', id)}/${action}`, {
      token,
      ...(body === undefined ? {} : { body }),
    });
  const get = async (path: string) => (await api.request('GET', destination + path, { token: tokens.owner })).json;
  const blocked = (problem: TargetProblem) =>
    database.db.transaction((tx) => block(tx, clock, id, { problem, reason: `because of ${problem}` }));
  const found = (tiktokId: string) =>
    database.db.query(sql`update targets set state = 'ready', tiktok_id = ${tiktokId}, looked_at = now()`);
  return { ...world, api, tokens, target, id, post, get, blocked, found };
}

test('E7: one of several audiences is chosen, and only one that TikTok has and that can be fed', async () => {
  const { api, post, blocked, get } = await shop();
  api.tiktok.audiences.set('7001', [
    audienceView('900', 'vip'),
    audienceView('7', 'file', { type: 'Lookalike Audience' }),
  ]);
  expect(await post('resolve', { audienceId: '900' })).toMatchObject({
    status: 409,
    json: { errors: [{ type: 'not-blocked' }] },
  });
  await blocked('several');
  expect((await get('/targets')).data).toMatchObject([{ state: 'blocked', problem: 'several', owed: 1 }]);
  expect(await post('resolve', { audienceId: '1' })).toMatchObject({
    status: 422,
    json: { errors: [{ type: 'no-audience' }] },
  });
  expect(await post('resolve', { audienceId: '7' })).toMatchObject({
    status: 422,
    json: { errors: [{ type: 'not-feedable' }] },
  });
  expect((await post('resolve', { create: true })).json.errors).toMatchObject([{ type: 'not-missing' }]);
  api.tiktok.next.get = [answerOf<never>('throttled', undefined, 'slower')];
  expect((await post('resolve', { audienceId: '900' })).status).toBe(503);
  expect(await post('resolve', { audienceId: '900' })).toMatchObject({
    status: 200,
    json: { data: { tiktokId: '900', state: 'unresolved', problem: null, reason: null } },
  });
});

test('E8: none of that name, and creating is off: it is created once when somebody asks', async () => {
  const { post, blocked, target } = await shop();
  await blocked('none');
  expect(await post('resolve', { create: true })).toMatchObject({
    status: 200,
    json: { data: { state: 'unresolved' } },
  });
  expect((await target()).createOnce).toBe(true);
});

test('deleted at TikTok: created again or another one chosen, the people go to a new target', async () => {
  for (const how of ['create', 'choose'] as const) {
    await database.db.query(sql`truncate spaces cascade`);
    const { api, post, blocked, found, id, destinationId } = await shop();
    await found('800');
    await blocked('gone');
    api.tiktok.audiences.set('7001', [audienceView('900', 'other')]);
    const answer = await post('resolve', how === 'create' ? { create: true } : { audienceId: '900' });
    expect(answer).toMatchObject({
      status: 200,
      json: { data: { name: 'vip', state: 'unresolved', tiktokId: how === 'create' ? null : '900' } },
    });
    const old = (await targetsOf(database.db, destinationId)).find((one) => one.id === id);
    expect(old).toMatchObject({ state: 'gone', replacedBy: expect.any(Number) });
    expect((await post('resolve', { create: true })).json.errors).toMatchObject([{ type: 'not-blocked' }]);
  }
});

test('an audience that TikTok still has is not left behind like that, whatever blocks it', async () => {
  const { api, post, blocked, found, target } = await shop();
  await found('800');
  await blocked('forbidden');
  api.tiktok.audiences.set('7001', [audienceView('900', 'other')]);
  expect((await post('resolve', { audienceId: '900' })).json.errors).toMatchObject([{ type: 'still-there' }]);
  expect(await target()).toMatchObject({ state: 'blocked', tiktokId: '800' });
});

test('TikTok’s view is read when asked, at most once a minute, and what is not there is said', async () => {
  const { api, post, get, found, clock, blocked } = await shop();
  await found('800');
  api.tiktok.audiences.set('7001', [audienceView('800', 'vip', { coverNum: 77 })]);
  expect((await post('check')).json.data).toMatchObject({ state: 'ready', seen: { coverNum: 77 } });
  expect((await get('/requests')).data).toMatchObject([{ action: 'get', outcome: 'ok' }]);
  const again = await post('check');
  expect(again.status).toBe(429);
  expect(again.headers.get('retry-after')).toBe('60');
  await clock.advance(60_000);
  api.tiktok.audiences.set('7001', []);
  expect((await post('check')).json.data).toMatchObject({ state: 'blocked', problem: 'gone' });
  await clock.advance(60_000);
  await blocked('refused');
  expect((await post('check')).status).toBe(200);
});

test('what leaves is listed with what it is owed; only an owner gives it up, and is told how many stay', async () => {
  const { post, get, found, tokens, id, clock, settleAll } = await shop();
  await found('800');
  await settleAll();
  expect((await post('give-up', {})).json.errors).toMatchObject([{ type: 'not-leaving' }]);
  await database.db.query(sql`update memberships set level = 0`);
  await database.db.query(sql`
    insert into changes (space_id, target_id, lane, seq, origin_id, person_id)
    select space_id, target_id, 1, seq, origin_id, person_id from memberships`);
  await database.db.transaction((tx) => markLeaving(tx, clock, [id]));
  expect((await get('/leaving')).data).toMatchObject([
    {
      target: { id: idToText('target', id), state: 'leaving' },
      since: expect.any(String),
      owed: 1,
      doubts: 0,
      kept: 0,
    },
  ]);
  expect((await post('give-up', {}, tokens.editor)).status).toBe(403);
  expect((await post('give-up', {})).json).toEqual({ data: { stayed: 1 } });
  expect((await get('/leaving')).data).toMatchObject([{ owed: 0, kept: 1 }]);
});
