import { expect, test } from 'vitest';
import { sha256, shopEu, shopUs, start, startClient } from './test-client.ts';

test('the journal tells what was asked and what became of it, and holds no token or secret', async () => {
  const client = await startClient();
  const vip = await client.create('VIP');
  await client.map(vip, 'add', 'ana', 'ben');
  await client.map('1', 'add', 'ana');
  await client.get('/oauth2/advertiser/get/', { app_id: '7000000000000000001', secret: 'sandbox-secret' });
  await client.post('/oauth2/access_token/', {
    app_id: '7000000000000000001',
    secret: 'sandbox-secret',
    auth_code: 'codecodecode',
  });
  const { body } = await client.inspect('GET', '/journal?since=1');
  expect(body).toMatchObject({
    data: [
      {
        seq: 2,
        path: '/segment/mapping/',
        action: 'add',
        rows: 2,
        advertiserIds: [shopUs],
        audienceIds: [vip],
        decision: 'served',
        code: 0,
        added: 2,
        time: start,
        body: { batch_data: [[{ id: sha256('ana') }], [{ id: sha256('ben') }]] },
      },
      { seq: 3, decision: 'refused', code: 40002, added: 0, message: expect.stringContaining('invalid audience ID') },
      { seq: 4, path: '/oauth2/advertiser/get/', decision: 'served' },
      { seq: 5, path: '/oauth2/access_token/', decision: 'refused', code: 40101 },
    ],
  });
  const text = JSON.stringify(client.sandbox.journal());
  for (const secret of [client.token, 'sandbox-secret', 'codecodecode']) expect(text).not.toContain(secret);
});

test('the journal keeps every line but the bodies of the newest calls only; emptied, its numbers go on', async () => {
  const client = await startClient({ journalBodies: 2 });
  const vip = await client.create();
  for (const person of ['a', 'b', 'c']) await client.map(vip, 'add', person);
  expect(client.sandbox.journal().map(({ body }) => body !== undefined)).toEqual([false, false, true, true]);
  client.sandbox.setSettings({ journalBytes: 0 });
  await client.map(vip, 'add', 'd');
  expect(client.sandbox.journal().filter(({ body }) => body !== undefined)).toEqual([]);
  await client.inspect('DELETE', '/journal');
  await client.map(vip, 'add', 'e');
  expect(client.sandbox.journal().map(({ seq }) => seq)).toEqual([6]);
});

test('audiences and members can be read from another process', async () => {
  const client = await startClient();
  const vip = await client.create('VIP');
  await client.map(vip, 'add', 'ana');
  expect((await client.inspect('GET', '/audiences')).body).toMatchObject({
    data: [{ id: vip, name: 'VIP', advertiserId: shopUs, ids: 1, counts: { EMAIL_SHA256: 1 } }],
  });
  const members = await client.inspect('GET', `/audiences/${vip}/members?type=email_sha256`);
  expect(members.body).toMatchObject({ members: { EMAIL_SHA256: [sha256('ana')] } });
  expect((await client.inspect('GET', '/audiences/1/members')).status).toBe(404);
});

test('a name that two audiences carry finds neither', async () => {
  const client = await startClient();
  await client.create('twin');
  expect(client.sandbox.members(shopUs, 'twin')).toBeDefined();
  expect(client.sandbox.members(shopEu, 'twin')).toBeUndefined();
  await client.create('twin');
  expect(client.sandbox.members(shopUs, 'twin')).toBeUndefined();
});

test('the clock can be set, moved and given back', async () => {
  const client = await startClient();
  expect((await client.inspect('PUT', '/clock', { now: '2030-01-01T00:00:00Z' })).body).toMatchObject({
    at: '2030-01-01T00:00:00.000Z',
    takenOver: true,
  });
  expect((await client.inspect('PUT', '/clock', { advanceMs: 1_000 })).body).toMatchObject({
    at: '2030-01-01T00:00:01.000Z',
  });
  expect((await client.inspect('PUT', '/clock', { real: true })).body).toMatchObject({ takenOver: false });
  expect((await client.inspect('PUT', '/clock', { later: 1 })).status).toBe(400);
});

test('faults are armed, listed and taken away', async () => {
  const client = await startClient();
  expect(
    await client.inspect('POST', '/faults', { path: '/user/info/', effect: { kind: 'code', code: 50000 } }),
  ).toEqual({ status: 201, body: { id: 1 } });
  expect((await client.get('/user/info/')).code).toBe(50000);
  expect((await client.inspect('GET', '/faults')).body).toMatchObject({
    data: [{ id: 1, struck: 1, effect: { kind: 'code' } }],
  });
  expect((await client.inspect('DELETE', '/faults/1')).status).toBe(200);
  expect((await client.get('/user/info/')).code).toBe(0);
  expect((await client.inspect('POST', '/faults', { effect: { kind: 'nonsense' } })).status).toBe(400);
});

test('settings change while it runs; unknown names are refused; secrets stay unseen', async () => {
  const client = await startClient();
  expect((await client.inspect('PUT', '/settings', { successCode: 200 })).status).toBe(200);
  expect((await client.inspect('PUT', '/settings', { nonsense: 1 })).status).toBe(400);
  const { body } = await client.inspect('GET', '/settings');
  expect(body).toMatchObject({ successCode: 200, rate: { perSecond: 10, perMinute: 600, perDay: 864_000 } });
  expect(JSON.stringify(body)).not.toContain('sandbox-secret');
});

test('tokens are minted, listed without their values, and revoked one by one or all', async () => {
  const client = await startClient();
  const minted = await client.inspect('POST', '/tokens', { advertiserIds: [shopUs], scope: [30] });
  expect(minted.body).toMatchObject({ id: 'tok_2', token: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(JSON.stringify((await client.inspect('GET', '/tokens')).body)).not.toContain(client.token);
  await client.inspect('POST', '/tokens/tok_1/revoke');
  expect((await client.get('/user/info/')).code).toBe(40105);
  client.token = String(Reflect.get(minted.body as object, 'token'));
  expect((await client.get('/user/info/')).code).toBe(0);
  await client.inspect('POST', '/tokens/revoke-all');
  expect((await client.get('/user/info/')).code).toBe(40105);
});

test('an audience deleted in Ads Manager is gone for the API, and the journal says who did it', async () => {
  const client = await startClient();
  const vip = await client.create();
  expect((await client.inspect('POST', `/audiences/${vip}/delete`)).status).toBe(200);
  expect((await client.map(vip, 'add', 'ana')).code).toBe(40002);
  expect(client.sandbox.journal()[1]).toMatchObject({ kind: 'control', action: 'delete', audienceIds: [vip] });
});

test('reset forgets everything, and the same ids come again', async () => {
  const client = await startClient();
  const vip = await client.create();
  await client.inspect('POST', '/reset');
  expect((await client.inspect('GET', '/audiences')).body).toEqual({ data: [] });
  expect((await client.get('/user/info/')).code).toBe(40105);
  client.token = client.sandbox.issueToken({ advertiserIds: [shopUs] });
  expect(await client.create()).toBe(vip);
});

test('a page elsewhere cannot drive the sandbox', async () => {
  const { raw } = await startClient();
  const response = await raw('/__sandbox/reset', { method: 'POST', headers: { origin: 'https://evil.example' } });
  expect(response.status).toBe(403);
});
