import { expect, test } from 'vitest';
import { hours } from '../server/kernel/clock.ts';
import { type Client, foreignShop, shopEu, shopUs, startClient } from './test-client.ts';

const app = { app_id: '7000000000000000001', secret: 'sandbox-secret' };
const redirectUri = 'http://localhost:3000/oauth/tiktok/callback?kept=1';

const consentUrl = (changes: Record<string, string> = {}): string =>
  `/portal/auth?${new URLSearchParams({ app_id: app.app_id, state: 's&t', redirect_uri: redirectUri, ...changes })}`;

const answer = (client: Client, fields: [string, string][]): Promise<Response> =>
  client.raw('/portal/auth', {
    method: 'POST',
    body: new URLSearchParams([['app_id', app.app_id], ['redirect_uri', redirectUri], ['state', 's&t'], ...fields]),
  });

const agree: [string, string][] = [
  ['decision', 'confirm'],
  ['role', 'operator'],
  ['advertiser', shopUs],
  ['advertiser', shopEu],
  ['permission', '100'],
  ['permission', '31'],
  ['permission', '32'],
];

async function authCode(client: Client): Promise<string> {
  const response = await answer(client, agree);
  return new URL(response.headers.get('location') ?? '').searchParams.get('auth_code') ?? '';
}

test('the consent page shows the app, the ad accounts and the permissions, and runs no script', async () => {
  const { raw } = await startClient();
  const response = await raw(consentUrl({ state: '"><script>' }));
  const page = await response.text();
  expect(response.status).toBe(200);
  for (const words of [
    'Usher',
    'Sandbox Shop US',
    'Sandbox Outlet',
    'Create and Update Custom Audiences',
    'Confirm',
    'Cancel',
    'Operator',
  ])
    expect(page).toContain(words);
  expect(page).not.toContain('<script');
  expect(page).not.toContain(app.secret);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(response.headers.get('content-security-policy')).toContain("form-action 'self' http://localhost:3000");
});

test('the walk: consent, code, token, what it may, who it is, revoke', async () => {
  const client = await startClient();
  const response = await answer(client, agree);
  const back = new URL(response.headers.get('location') ?? '');
  expect(response.status).toBe(302);
  expect([back.origin, back.pathname, back.searchParams.get('kept')]).toEqual([
    'http://localhost:3000',
    '/oauth/tiktok/callback',
    '1',
  ]);
  expect(back.searchParams.get('state')).toBe('s&t');
  const auth_code = back.searchParams.get('auth_code');
  expect(back.searchParams.get('code')).toBe(auth_code);

  client.token = '';
  const { code, data } = await client.post('/oauth2/access_token/', { ...app, auth_code });
  expect(code).toBe(0);
  // Less than the app asks for is granted when unticked, more never: 32 was not asked for.
  expect(data).toEqual({
    access_token: expect.stringMatching(/^[0-9a-f]{40}$/),
    advertiser_ids: [shopUs, shopEu],
    scope: [100, 31],
  });

  client.token = data.access_token;
  expect((await client.get('/user/info/')).data).toMatchObject({ display_name: 'Sandbox Operator' });
  expect((await client.get('/oauth2/advertiser/get/', app)).data.list).toEqual([
    { advertiser_id: shopUs, advertiser_name: 'Sandbox Shop US' },
    { advertiser_id: shopEu, advertiser_name: 'Sandbox Shop EU' },
  ]);
  expect(
    (await client.get('/advertiser/info/', { advertiser_ids: [shopUs], fields: ['advertiser_id', 'name'] })).data.list,
  ).toEqual([{ advertiser_id: shopUs, name: 'Sandbox Shop US' }]);

  const revoked = await client.post('/oauth2/revoke_token/', { ...app, access_token: client.token });
  expect(revoked.data).toEqual({ app_id: app.app_id, advertiser_ids: [shopUs, shopEu] });
  expect((await client.get('/user/info/')).code).toBe(40105);
});

test('a person who cancels comes back with the state and nothing else', async () => {
  const client = await startClient();
  const back = new URL((await answer(client, [['decision', 'cancel']])).headers.get('location') ?? '');
  expect(Object.fromEntries(back.searchParams)).toEqual({ kept: '1', state: 's&t' });
});

test('no ad account, an unknown app and an unregistered redirect do not lead back', async () => {
  const client = await startClient();
  expect(
    (
      await answer(client, [
        ['decision', 'confirm'],
        ['advertiser', '1'],
      ])
    ).status,
  ).toBe(422);
  expect((await client.raw(consentUrl({ app_id: '1' }))).status).toBe(400);
  for (const redirect_uri of ['https://evil.example/cb', 'javascript:alert(1)', 'x', 'http://localhost.evil.example/'])
    expect((await client.raw(consentUrl({ redirect_uri }))).status).toBe(400);
});

test('a registered redirect elsewhere is taken, and consent can answer for itself', async () => {
  const url = 'https://usher.example/cb';
  const client = await startClient({
    consent: 'approve',
    apps: [{ appId: app.app_id, secret: app.secret, redirectUris: [url] }],
  });
  const approved = await client.raw(consentUrl({ redirect_uri: url }));
  expect(approved.headers.get('location')).toMatch(/^https:\/\/usher\.example\/cb\?auth_code=[0-9a-f]{40}&code=/);
  client.sandbox.setSettings({ consent: 'deny' });
  expect((await client.raw(consentUrl({ redirect_uri: url }))).headers.get('location')).toBe(`${url}?state=s%26t`);
});

test('a code works once and for one hour', async () => {
  const client = await startClient();
  const exchange = (auth_code: string): Promise<{ code: number }> =>
    client.post('/oauth2/access_token/', { ...app, auth_code });
  const code = await authCode(client);
  expect((await exchange(code)).code).toBe(0);
  expect((await exchange(code)).code).toBe(40110);
  const old = await authCode(client);
  client.sandbox.advanceClock(hours(1));
  expect((await exchange(old)).code).toBe(40110);
  expect((await exchange('invented')).code).toBe(40101);
});

test('wrong app values are refused, the list of accounts can be left out, missing fields are named', async () => {
  const client = await startClient();
  const path = '/oauth2/access_token/';
  const auth_code = await authCode(client);
  expect((await client.post(path, { ...app, secret: 'x', auth_code })).code).toBe(40101);
  expect((await client.post(path, { ...app, app_id: '1', auth_code })).code).toBe(40101);
  expect(await client.post(path, { ...app })).toMatchObject({
    code: 40002,
    message: 'Missing required field(s): auth_code.',
  });
  expect((await client.post(path, { ...app, auth_code, return_advertiser_ids: false })).data.advertiser_ids).toEqual(
    [],
  );
  expect((await client.get('/oauth2/advertiser/get/', { ...app, secret: 'x' })).code).toBe(40113);
  expect((await client.post('/oauth2/revoke_token/', { ...app, access_token: 'x' })).code).toBe(40105);
});

test('accounts that the token does not reach, and lists that are none', async () => {
  const client = await startClient();
  const info = (advertiser_ids: unknown): Promise<{ code: number }> =>
    client.get('/advertiser/info/', { advertiser_ids });
  expect((await info([foreignShop])).code).toBe(40001);
  expect((await info('not json')).code).toBe(40002);
  expect((await info([])).code).toBe(40002);
  expect((await info(Array.from({ length: 101 }, () => shopUs))).code).toBe(40011);
});
