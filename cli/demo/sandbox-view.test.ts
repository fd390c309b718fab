import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { giveConsent } from './consent.ts';
import { type Http, undiciHttp } from './http.ts';
import { sandboxView } from './sandbox-view.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, clock: systemClock, log: silentLog });
});
afterAll(() => sandbox.close());

const server = 'http://127.0.0.1:1';

/** Usher's callback takes what it is given. */
const withCallback: Http = async (question) =>
  question.url.startsWith(server) ? { status: 200, location: undefined, text: '' } : undiciHttp(question);

test("the sandbox's consent page is walked by plain HTTP, up to a code that it exchanges", async () => {
  const query = new URLSearchParams({
    app_id: '7000000000000000001',
    state: 'a state',
    redirect_uri: `${server}/oauth/tiktok/callback`,
  });
  const end = new URL(await giveConsent(withCallback, `${sandbox.authUrl}?${query}`, server));
  expect(end.searchParams.get('state')).toBe('a state');
  const exchange = await undiciHttp({
    method: 'POST',
    url: `${sandbox.apiUrl}/oauth2/access_token/`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      app_id: '7000000000000000001',
      secret: 'sandbox-secret',
      auth_code: end.searchParams.get('auth_code'),
    }),
  });
  expect(JSON.parse(exchange.text)).toMatchObject({ code: 0, data: { scope: [100, 30, 31] } });
});

test('what TikTok holds is read by the name of the audience, and calls are counted', async () => {
  const advertiserId = '7100000000000000001';
  const token = sandbox.issueToken({ advertiserIds: [advertiserId] });
  const call = async (path: string, body: object): Promise<{ data: { audience_id: string } }> => {
    const headers = { 'content-type': 'application/json', 'access-token': token };
    const url = `${sandbox.apiUrl}${path}`;
    return JSON.parse((await undiciHttp({ method: 'POST', url, headers, body: JSON.stringify(body) })).text);
  };
  const view = sandboxView(undiciHttp, sandbox.url);
  const before = await view.calls();
  const made = await call('/segment/audience/', {
    action: 'create',
    advertiser_id: advertiserId,
    custom_audience_name: 'shoppers',
  });
  const hash = 'ab'.repeat(32);
  await call('/segment/mapping/', {
    advertiser_ids: [advertiserId],
    action: 'add',
    id_schema: ['EMAIL_SHA256', 'PHONE_SHA256'],
    batch_data: [[{ id: hash, audience_ids: [made.data.audience_id] }, {}]],
  });
  expect(await view.members('shoppers')).toEqual(new Set([`EMAIL_SHA256:${hash}`]));
  expect(await view.members('nobody')).toEqual(new Set());
  expect((await view.calls()) - before).toBe(2);
});
