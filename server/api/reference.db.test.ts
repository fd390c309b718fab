import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { beginSession } from '../auth/sessions.ts';
import { createUser } from '../auth/users.ts';
import { manualClock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const v1 = '/api/v1';

test('the TikTok app is shown without its secret, and the sandbox by its address', async () => {
  const app = { appId: '7000', authUrl: 'https://business-api.tiktok.com/portal/auth' };
  const ask = async (apiUrl: string) => {
    const api = apiUnderTest(database.db, clock, { tiktokApp: { ...app, apiUrl } });
    const token = await api.token(null, 'viewer');
    return (await api.request('GET', `${v1}/tiktok-app`, { token })).json.data;
  };
  expect(await ask('https://business-api.tiktok.com/open_api/v1.3')).toEqual({
    configured: true,
    appId: '7000',
    redirectUri: 'https://usher.example/oauth/tiktok/callback',
    permissions: expect.arrayContaining([expect.stringMatching(/Custom Audiences/)]),
    sandbox: null,
  });
  expect((await ask('http://127.0.0.1:4010/open_api/v1.3')).sandbox).not.toBeNull();
  expect((await ask('https://tiktok.com.evil.example/')).sandbox).not.toBeNull();
});

test('every TikTok code has its meaning, what Usher does and what to do', async () => {
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(null, 'viewer');
  const { data } = (await api.request('GET', `${v1}/catalog/errors`, { token })).json;
  expect(data.length).toBeGreaterThan(60);
  for (const row of data) {
    expect(row.meaning, row.code).toMatch(/\.$/);
    expect(row.usherDoes, row.code).toMatch(/\.$/);
    expect(row.youDo, row.code).toMatch(/\.$/);
  }
  const byCode = new Map(data.map((row: { code: number }) => [row.code, row]));
  expect(byCode.get(40105)).toMatchObject({ class: 'reauth', remedy: 'reconnect' });
  expect(byCode.get(40100)).toMatchObject({ class: 'throttle', remedy: null });
});

test('T1: TikTok’s answer counts only in a browser of the person who asked', async () => {
  const api = apiUnderTest(database.db, clock);
  const spaceId = await api.space('shop');
  const person = (name: string) =>
    database.db.transaction(async (tx) => {
      const account = {
        email: `${name}@example.com`,
        name,
        passwordHash: 'none',
        grants: [{ spaceId, role: 'owner' as const }],
      };
      const user = must(await createUser(tx, clock, account), 'new');
      const from = { address: '', userAgent: '' };
      return (await beginSession(tx, api.parts, { userId: user.id, via: 'password' }, from)).cookie.reveal();
    });
  const [ana, bob] = [await person('ana'), await person('bob')];
  const made = await api.request('POST', `${v1}/destinations`, {
    session: ana,
    body: { spaceId: idToText('space', spaceId), metadataId: 'actions-tiktok-audiences', name: 'TikTok' },
  });
  const begin = async () => {
    const path = `${v1}/destinations/${made.json.data.id}/oauth/authorize`;
    const begun = await api.request('POST', path, { session: ana, body: { returnTo: '/done' } });
    return `/oauth/tiktok/callback?auth_code=abc&state=${new URL(begun.json.data.url).searchParams.get('state')}`;
  };
  for (const stranger of [{}, { session: bob }, { session: 'forged' }]) {
    const refused = await api.request('GET', await begin(), { ...stranger, accept: 'application/json' });
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ type: 'other-person' }] } });
  }
  expect(api.tiktok.calls).toEqual([]);
  expect((await api.request('GET', await begin(), { session: ana })).status).toBe(303);
  expect(api.tiktok.calls).toEqual(['exchange abc']);
});
