import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText, type SpaceId } from '../../contract/ids.ts';
import { type ApiUnderTest, apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { answerOf } from '../../test/support/fake-tiktok.ts';
import { manualClock } from '../kernel/clock.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const start = (change = {}): ApiUnderTest => apiUnderTest(database.db, clock, change);
const v1 = '/api/v1';
const metadataId = 'actions-tiktok-audiences';

/** A space with an owner's token and a destination. */
async function shop(api: ApiUnderTest, slug = 'shop') {
  const spaceId = await api.space(slug);
  const token = await api.token(spaceId, 'owner');
  const body = { spaceId: idToText('space', spaceId), metadataId, name: 'TikTok' };
  const made = await api.request('POST', `${v1}/destinations`, { token, body });
  expect(made.status).toBe(201);
  return { spaceId, token, destination: `${v1}/destinations/${made.json.data.id}`, id: made.json.data.id as string };
}

const auditOf = async (spaceId: SpaceId | null) =>
  (
    await database.db.query<{ action: string; subject: string; actor: string }>(
      sql`select action, subject, actor from audit_log where space_id = ${spaceId} order by entry_id`,
    )
  ).map(({ action }) => action);

test('the whole document is OpenAPI 3.1, and every operation names its role', async () => {
  const { json } = await start().request('GET', `${v1}/openapi.json`);
  expect(json.openapi).toBe('3.1.0');
  for (const [path, operations] of Object.entries<Record<string, Record<string, unknown>>>(json.paths)) {
    expect(path).toMatch(/^\/api\/v1\//);
    for (const operation of Object.values(operations)) {
      const role = operation['x-role'];
      expect(role).toMatch(/^(viewer|editor|owner|person|anyone)$/);
      const either = [{ token: [] }, { session: [] }];
      const security = role === 'anyone' ? [] : role === 'person' ? [{ session: [] }] : either;
      expect(operation['security']).toEqual(security);
    }
  }
});

test('a destination is made, read, listed, changed and deleted', async () => {
  const api = start();
  const { destination, token, spaceId, id } = await shop(api);
  expect((await api.request('GET', destination, { token })).json.data).toMatchObject({
    id,
    spaceId: idToText('space', spaceId),
    sourceId: null,
    enabled: false,
    settings: { emailProfile: 'api_doc' },
    connection: { connected: false, missingPermissions: [] },
    paused: null,
  });
  const patched = await api.request('PATCH', destination, {
    token,
    body: { enabled: true, settings: { batchRows: 5 } },
  });
  expect(patched).toMatchObject({
    status: 200,
    json: { data: { enabled: true, name: 'TikTok', settings: { batchRows: 5 } } },
  });
  const list = await api.request('GET', `${v1}/destinations?limit=1`, { token });
  expect(list.json).toMatchObject({ data: [{ id }], pagination: { next: null, total: 1 } });
  expect((await api.request('DELETE', destination, { token })).status).toBe(400);
  // It brought nobody to TikTok, so nobody is to be removed.
  expect((await api.request('DELETE', `${destination}?people=remove`, { token })).status).toBe(204);
  expect((await api.request('GET', destination, { token })).status).toBe(404);
});

test('pages follow each other without gaps', async () => {
  const api = start();
  const { token, spaceId } = await shop(api);
  const body = { spaceId: idToText('space', spaceId), metadataId, name: 'again' };
  for (let i = 0; i < 4; i += 1) await api.request('POST', `${v1}/destinations`, { token, body });
  const seen: string[] = [];
  let cursor = '';
  do {
    const { json } = await api.request('GET', `${v1}/destinations?limit=2${cursor}`, { token });
    expect(json.pagination.total).toBe(5);
    seen.push(...json.data.map((one: { id: string }) => one.id));
    cursor = json.pagination.next === null ? '' : `&cursor=${json.pagination.next}`;
  } while (cursor !== '');
  expect(new Set(seen).size).toBe(5);
  expect(seen).toHaveLength(5);
});

test('what is wrong with a request is said field by field', async () => {
  const api = start();
  const { token, destination, spaceId } = await shop(api);
  const post = (body: unknown) => api.request('POST', `${v1}/destinations`, { token, body });
  const space = idToText('space', spaceId);
  expect((await post({ spaceId: space, metadataId, name: '' })).json.errors).toMatchObject([
    { type: 'too_small', field: 'name' },
  ]);
  expect((await post({ metadataId, name: 'x' })).json.errors).toMatchObject([{ field: 'spaceId' }]);
  expect((await post({ spaceId: 'aud_1', metadataId, name: 'x' })).status).toBe(400);
  expect(await post({ spaceId: space, metadataId: 'other', name: 'x' })).toMatchObject({
    status: 422,
    json: { errors: [{ field: 'metadataId' }] },
  });
  const wrong = await api.request('PATCH', destination, { token, body: { settings: { emailProfile: 'none' } } });
  expect(wrong).toMatchObject({ status: 422, json: { errors: [{ type: 'invalid', field: 'settings.emailProfile' }] } });
  expect((await api.request('PATCH', destination, { token, body: { unheardOf: 1 } })).status).toBe(400);
});

test('bodies must be JSON, and not too large', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  const { createApi } = await import('./api.ts');
  const app = createApi(api.parts);
  const send = (headers: Record<string, string>, body: string) =>
    app.request(destination, { method: 'PATCH', headers: { authorization: `Bearer ${token}`, ...headers }, body });
  expect((await send({ 'content-type': 'text/plain' }, '{}')).status).toBe(415);
  expect((await send({ 'content-type': 'application/json' }, '{')).status).toBe(400);
  const long = JSON.stringify({ name: 'x'.repeat(1_000_001) });
  expect((await send({ 'content-type': 'application/json' }, long)).status).toBe(413);
  expect((await send({ 'content-type': 'application/json', 'content-length': '2000000' }, '{}')).status).toBe(413);
});

test('an unknown path is a JSON 404, and everything says how not to be used', async () => {
  const api = start();
  const token = await api.token(null, 'viewer');
  const answer = await api.request('GET', `${v1}/unheard-of`, { token });
  expect(answer).toMatchObject({ status: 404, json: { errors: [{ type: 'not-found' }] } });
  for (const path of [`${v1}/unheard-of`, `${v1}/spaces`, `${v1}/openapi.json`, '/oauth/tiktok/callback']) {
    const { headers } = await api.request('GET', path, { token });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  }
});

test('a failure of ours is a 500 without a word about it', async () => {
  const api = start({
    changed: () => {
      throw new Error('secret detail');
    },
  });
  const spaceId = await api.space('shop');
  const token = await api.token(spaceId, 'owner');
  const body = { spaceId: idToText('space', spaceId), metadataId, name: 'TikTok' };
  const answer = await api.request('POST', `${v1}/destinations`, { token, body });
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain('secret detail');
});

test('spaces and tokens of the whole installation need a token of the whole installation', async () => {
  const api = start();
  const all = await api.token(null, 'owner');
  const body = { slug: 'new', name: 'New' };
  const made = await api.request('POST', `${v1}/spaces`, { token: all, body });
  expect(made).toMatchObject({ status: 201, json: { data: { slug: 'new' } } });
  expect((await api.request('POST', `${v1}/spaces`, { token: all, body })).status).toBe(409);
  const { token, spaceId } = await shop(api);
  expect((await api.request('POST', `${v1}/spaces`, { token, body: { slug: 'x', name: 'x' } })).status).toBe(404);
  const make = (of: string, space: string | null) =>
    api.request('POST', `${v1}/tokens`, { token: of, body: { name: 't', role: 'viewer', spaceId: space } });
  expect((await make(token, null)).status).toBe(404);
  const child = await make(token, idToText('space', spaceId));
  expect(child.json.data.token).toMatch(/^ush_/);
  expect((await api.request('GET', `${v1}/tokens`, { token })).json.pagination.total).toBe(2);
  expect((await api.request('DELETE', `${v1}/tokens/${child.json.data.id}`, { token })).status).toBe(204);
  expect((await api.request('GET', `${v1}/spaces`, { token: child.json.data.token })).status).toBe(401);
});

test('T19: each change writes one line into the audit log, each reading none', async () => {
  const api = start();
  const { token, destination, spaceId } = await shop(api);
  await api.request('PATCH', destination, { token, body: { name: 'New' } });
  await api.request('PATCH', destination, { token, body: { settings: { emailProfile: 'none' } } });
  await api.request('GET', destination, { token });
  await api.request('PATCH', `${v1}/spaces/${idToText('space', spaceId)}`, { token, body: { name: 'New' } });
  await api.request('POST', `${destination}/oauth/authorize`, { token, body: {} });
  await api.request('DELETE', `${destination}?people=keep`, { token });
  expect(await auditOf(spaceId)).toEqual([
    'destination.create',
    'destination.update',
    'space.update',
    'destination.authorize',
    'destination.delete',
  ]);
  const { json } = await api.request('GET', `${v1}/spaces/${idToText('space', spaceId)}/audit-events?limit=1`, {
    token,
  });
  expect(json).toMatchObject({
    data: [{ action: 'destination.delete', details: { people: 'keep' } }],
    pagination: { total: 5 },
  });
});

test('TikTok is connected by the way there and back, by API alone', async () => {
  const api = start();
  const { token, destination, id, spaceId } = await shop(api);
  const begun = await api.request('POST', `${destination}/oauth/authorize`, { token, body: { returnTo: '/done' } });
  expect(begun.status).toBe(201);
  const url = new URL(begun.json.data.url);
  expect(url.searchParams.get('redirect_uri')).toBe('https://usher.example/oauth/tiktok/callback');
  const back = `/oauth/tiktok/callback?state=${url.searchParams.get('state')}&auth_code=abc&code=def`;
  const browser = await api.request('GET', back);
  expect(browser).toMatchObject({ status: 303 });
  expect(browser.headers.get('location')).toBe('/done?oauth=connected');
  expect(api.tiktok.calls).toEqual(['exchange abc']);
  expect((await api.request('GET', destination, { token })).json.data.connection).toMatchObject({
    connected: true,
    advertiserIds: ['7001', '7002'],
    missingPermissions: [],
  });
  expect((await api.request('GET', back, { accept: 'application/json' })).json.errors).toMatchObject([
    { type: 'used-state' },
  ]);
  const revoked = await api.request('POST', `${destination}/oauth/revoke`, { token });
  expect(revoked).toMatchObject({ status: 200, json: { data: { atTikTok: true } } });
  expect((await api.request('POST', `${destination}/oauth/revoke`, { token })).status).toBe(409);
  expect(await auditOf(spaceId)).toEqual([
    'destination.create',
    'destination.authorize',
    'destination.connect',
    'destination.revoke',
  ]);
  expect(id).toMatch(/^dst_/);
});

test('the page after TikTok shows what TikTok says as text, never as markup', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  api.tiktok.next.exchange = [answerOf<never>('refused', undefined, '<script>alert(1)</script>')];
  const begun = await api.request('POST', `${destination}/oauth/authorize`, { token, body: {} });
  const state = new URL(begun.json.data.url).searchParams.get('state');
  const page = await api.request('GET', `/oauth/tiktok/callback?state=${state}&auth_code=abc`);
  expect(page.status).toBe(400);
  expect(page.text).toContain('&lt;script&gt;');
  expect(page.text).not.toContain('<script>');
});

test('whoever comes back from TikTok without a permission is on the page that asked, with what was typed there', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  const returnTo = '/spaces/spa_1/settings?draft=%7B%22name%22%3A%22TikTok+Shop%22%7D#top';
  const comeBack = async (query: string): Promise<string | null> => {
    const begun = await api.request('POST', `${destination}/oauth/authorize`, { token, body: { returnTo } });
    const state = new URL(begun.json.data.url).searchParams.get('state');
    const back = await api.request('GET', `/oauth/tiktok/callback?state=${state}${query}`);
    expect(back.status).toBe(303);
    return back.headers.get('location');
  };
  const place = '/spaces/spa_1/settings?draft=%7B%22name%22%3A%22TikTok+Shop%22%7D&oauth';
  expect(await comeBack('')).toBe(`${place}=declined#top`);
  api.tiktok.next.exchange = [{ ...answerOf<never>('refused', undefined, 'code used'), code: 40110 }];
  expect(await comeBack('&auth_code=abc')).toBe(`${place}=not-exchanged-40110#top`);
});

test('without a TikTok app, authorize names the two variables', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  Object.assign(api.tiktok, { configured: false });
  const answer = await api.request('POST', `${destination}/oauth/authorize`, { token, body: {} });
  expect(answer.status).toBe(409);
  expect(answer.json.errors[0].message).toMatch(/TIKTOK_APP_ID and TIKTOK_APP_SECRET/);
});

test('T3: no token, state or code is ever answered again or logged', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  const begun = await api.request('POST', `${destination}/oauth/authorize`, { token, body: {} });
  const state = new URL(begun.json.data.url).searchParams.get('state') ?? '?';
  api.said.length = 0;
  await api.request('GET', `/oauth/tiktok/callback?state=${state}&auth_code=canary-code`, {
    accept: 'application/json',
  });
  await api.request('GET', `/oauth/tiktok/callback?state=${state}&auth_code=canary-code`);
  for (const path of ['', '/subscriptions', '/oauth/unheard-of'])
    await api.request('GET', destination + path, { token });
  await api.request('POST', `${destination}/fields/selected_advertiser_id/choices`, { token, body: {} });
  await api.request('POST', `${destination}/oauth/revoke`, { token });
  for (const path of ['/destinations', '/tokens', '/catalog/destinations', '/spaces']) {
    await api.request('GET', v1 + path, { token });
  }
  for (const secret of [api.tiktok.grant.token, state, 'canary-code', token]) {
    expect(api.said.filter((text) => text.includes(secret))).toEqual([]);
  }
});

test('live choices come from TikTok; a field without choices is not there', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  const ask = (field: string) => api.request('POST', `${destination}/fields/${field}/choices`, { token, body: {} });
  expect(await ask('selected_advertiser_id')).toMatchObject({
    status: 200,
    json: { data: { choices: [], error: { code: 'NOT_CONNECTED' } } },
  });
  expect((await ask('email')).status).toBe(404);
});

test('every question to TikTok leaves a row in the list of calls, and no token or code stands in one (I13)', async () => {
  const api = start();
  const { token, destination } = await shop(api);
  const begun = await api.request('POST', `${destination}/oauth/authorize`, { token, body: {} });
  const state = new URL(begun.json.data.url).searchParams.get('state') ?? '?';
  const refusal = `TikTok does not like ${api.tiktok.grant.token}`;
  api.tiktok.next.exchange = [answerOf<never>('refused', undefined, 'auth_code canary-code was used')];
  const back = async (of: string, code: string) =>
    api.request('GET', `/oauth/tiktok/callback?state=${of}&auth_code=${code}`, { accept: 'application/json' });
  await back(state, 'canary-code');
  const again = await api.request('POST', `${destination}/oauth/authorize`, { token, body: {} });
  await back(new URL(again.json.data.url).searchParams.get('state') ?? '?', 'canary-code-2');
  const choices = (field: string, payload = {}) =>
    api.request('POST', `${destination}/fields/${field}/choices`, { token, body: { payload } });
  api.tiktok.next.advertisers = [answerOf<never>('refused', undefined, refusal)];
  await choices('selected_advertiser_id');
  await choices('audience_id', { selected_advertiser_id: '7001' });
  await api.request('GET', `${destination}/tiktok-account`, { token });
  await api.request('POST', `${destination}/oauth/revoke`, { token });
  const { json, text } = await api.request('GET', `${destination}/requests`, { token });
  const rows: { action: string; advertiserId: string | null; outcome: string }[] = json.data;
  const told = rows.map(({ action, advertiserId, outcome }) => `${action} ${advertiserId ?? '-'} ${outcome}`);
  expect(told.reverse().slice(0, 4)).toEqual(['token - refused', 'token - ok', 'accounts - refused', 'list 7001 ok']);
  expect(told.slice(4, -1).sort()).toEqual(['accounts - ok', 'list 7001 ok', 'list 7002 ok', 'user - ok']);
  expect(told.at(-1)).toBe('revoke - ok');
  expect(text).toContain('TikTok does not like ***');
  const stored = JSON.stringify(await database.db.query(sql`select * from requests`));
  for (const secret of [api.tiktok.grant.token, 'canary-code']) expect(stored).not.toContain(secret);
});

test('the catalog says what can be configured', async () => {
  const api = start();
  const token = await api.token(await api.space('shop'), 'viewer');
  const list = await api.request('GET', `${v1}/catalog/destinations`, { token });
  expect(list.json.data[0].actions.map((action: { slug: string }) => action.slug)).toContain('addUser');
  expect((await api.request('GET', `${v1}/catalog/destinations/${metadataId}`, { token })).status).toBe(200);
  expect((await api.request('GET', `${v1}/catalog/destinations/other`, { token })).status).toBe(404);
});
