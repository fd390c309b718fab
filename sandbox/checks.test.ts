import { expect, test } from 'vitest';
import { instant, millis } from '../server/kernel/clock.ts';
import { foreignShop, mapping, shopUs, startClient } from './test-client.ts';

const list = '/dmp/custom_audience/list/';

test('a path without its last slash, or an unknown one, is a plain 404', async () => {
  const { raw } = await startClient();
  for (const path of ['/user/info', '/nowhere/']) {
    const response = await raw(`/open_api/v1.3${path}`);
    expect([response.status, await response.text()]).toEqual([404, '404 page not found']);
  }
});

test('the last slash can be made optional', async () => {
  const client = await startClient({ trailingSlash: false });
  expect((await client.get('/user/info')).code).toBe(0);
});

test('the wrong method is a plain 405', async () => {
  const { raw } = await startClient();
  expect((await raw('/open_api/v1.3/segment/mapping/')).status).toBe(405);
});

test('no token, an unknown and a revoked one are told apart as TikTok does', async () => {
  const client = await startClient();
  client.sandbox.revokeAll();
  expect((await client.get('/user/info/')).code).toBe(40105);
  client.token = 'f'.repeat(40);
  expect((await client.get('/user/info/')).code).toBe(40105);
  client.token = '';
  expect(await client.get('/user/info/')).toMatchObject({
    code: 40104,
    message: 'Access token is null, you should set it in http header with key Access-Token.',
    data: {},
  });
});

test('broken JSON is told before a missing token, a missing field after a bad one', async () => {
  const client = await startClient();
  client.token = '';
  expect((await client.post('/segment/mapping/', '{"advertiser_ids":')).code).toBe(40002);
  expect((await client.post('/segment/mapping/', '[]')).code).toBe(40002);
  expect((await client.post('/segment/mapping/', {})).code).toBe(40104);
});

test('fields come before the advertiser, the advertiser before the permission, the permission before the allowlist', async () => {
  const client = await startClient({
    apps: [{ appId: '1', secret: 's', streamingAllowlisted: false }],
  });
  client.token = client.sandbox.issueToken({ advertiserIds: [shopUs], scope: [30] });
  const create = (advertiser_id: string): object => ({ advertiser_id, action: 'create', custom_audience_name: 'x' });
  const path = '/segment/audience/';
  expect((await client.post(path, { advertiser_id: foreignShop, action: 'create' })).code).toBe(40002);
  expect(await client.post(path, create(foreignShop))).toMatchObject({
    code: 40001,
    message: `No permission to operate advertiser ${foreignShop}.`,
  });
  expect(await client.post(path, create(shopUs))).toMatchObject({
    code: 40001,
    message: 'advertiser does not grant you /segment/audience/:POST permission',
  });
  await client.inspect('POST', '/permissions', { scope: [3] });
  expect((await client.post(path, create(shopUs))).code).toBe(40118);
  expect((await client.get(list, { advertiser_id: shopUs })).code).toBe(0);
});

test('each permission opens its endpoints, a first-level one all below it', async () => {
  const client = await startClient({ rate: { perSecond: null } });
  const codes = async (scope: number[]): Promise<number[]> => {
    client.token = client.sandbox.issueToken({ advertiserIds: [shopUs], scope });
    return [
      (await client.get('/advertiser/info/', { advertiser_ids: [shopUs] })).code,
      (await client.get(list, { advertiser_id: shopUs })).code,
      (await client.post('/segment/audience/', { advertiser_id: shopUs, custom_audience_name: 'x' })).code,
    ];
  };
  expect(await codes([])).toEqual([40001, 40001, 40001]);
  expect(await codes([30])).toEqual([40001, 0, 40001]);
  expect(await codes([31])).toEqual([40001, 40001, 0]);
  expect(await codes([3])).toEqual([40001, 0, 0]);
  for (const account of [1, 10, 100]) expect(await codes([account])).toEqual([0, 40001, 40001]);
});

test('an Analyst reads and changes nothing', async () => {
  const client = await startClient();
  client.token = client.sandbox.issueToken({ advertiserIds: [shopUs], role: 'analyst' });
  expect((await client.get(list, { advertiser_id: shopUs })).code).toBe(0);
  expect(
    await client.post('/segment/audience/', { advertiser_id: shopUs, action: 'create', custom_audience_name: 'x' }),
  ).toMatchObject({ code: 40001, message: `No permission to operate advertiser ${shopUs}.` });
});

test('10 calls a second pass, the 11th is 40100 with HTTP 200, and a second later all is well', async () => {
  const client = await startClient();
  const codes = async (): Promise<number[]> =>
    Promise.all(Array.from({ length: 11 }, async () => (await client.get('/user/info/')).code));
  expect((await codes()).filter((code) => code === 40100)).toHaveLength(1);
  client.sandbox.advanceClock(millis(999));
  expect((await client.get('/user/info/')).code).toBe(40100);
  client.sandbox.advanceClock(millis(1));
  expect((await codes()).filter((code) => code === 0)).toHaveLength(10);
});

test('the minute and the day have windows of their own; all tokens of an app share them', async () => {
  const client = await startClient({ rate: { perSecond: null, perMinute: 3, perDay: 5 } });
  const call = async (): Promise<number> => (await client.get('/user/info/')).code;
  expect([await call(), await call(), await call(), await call()]).toEqual([0, 0, 0, 40100]);
  client.token = client.sandbox.issueToken({ advertiserIds: [shopUs] });
  expect(await call()).toBe(40100);
  client.sandbox.advanceClock(millis(60_000));
  expect([await call(), await call(), await call()]).toEqual([0, 0, 40100]);
  client.sandbox.setClock(instant(Date.parse('2026-08-04T00:00:00Z')));
  expect(await call()).toBe(0);
});

test('the rate is looked at before the body and the token’s rights', async () => {
  const client = await startClient({ rate: { perSecond: 1 } });
  await client.get('/user/info/');
  expect((await client.post('/segment/mapping/', '{')).code).toBe(40100);
});

test('an advertiser can have a limit of its own', async () => {
  const client = await startClient({ advertiserPerSecond: 1 });
  const vip = await client.create();
  expect((await client.post('/segment/mapping/', mapping(vip))).code).toBe(40133);
  client.sandbox.advanceClock(millis(1_000));
  expect((await client.post('/segment/mapping/', mapping(vip))).code).toBe(0);
});

test('every answer carries a request id that starts with the time', async () => {
  const client = await startClient();
  expect((await client.get('/user/info/')).request_id).toMatch(/^20260803162749[0-9A-F]{18}$/);
});

test('a body over the limit is a 413 of the gateway', async () => {
  const client = await startClient({ bodyBytesMax: 100 });
  const response = await client.raw('/open_api/v1.3/segment/mapping/', { method: 'POST', body: 'x'.repeat(101) });
  expect(response.status).toBe(413);
  expect(client.sandbox.journal().at(-1)).toMatchObject({ decision: 'refused', message: 'HTTP 413' });
});
