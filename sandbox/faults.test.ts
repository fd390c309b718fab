import { expect, test } from 'vitest';
import { millis } from '../server/kernel/clock.ts';
import type { FaultRuleInput } from './sandbox.ts';
import { type Client, sha256, shopUs, startClient } from './test-client.ts';

const path = '/segment/mapping/';

async function withFault(
  rule: Partial<FaultRuleInput> & Pick<FaultRuleInput, 'effect'>,
): Promise<Client & { vip: string }> {
  const client = await startClient();
  const vip = await client.create();
  client.sandbox.fault({ path, times: 1, ...rule });
  return Object.assign(client, { vip });
}

const lastLine = ({ sandbox }: Client) => sandbox.journal().findLast(({ kind }) => kind === 'request');

test('a code is answered and nothing applied, as often as asked, after letting some pass', async () => {
  const { sandbox, ...client } = await withFault({ effect: { kind: 'code', code: 40100 }, times: 2, skip: 1 });
  const codes = [];
  for (const person of ['a', 'b', 'c', 'd']) codes.push((await client.map(client.vip, 'add', person)).code);
  expect(codes).toEqual([0, 40100, 40100, 0]);
  expect(client.emails(client.vip)).toEqual([sha256('a'), sha256('d')]);
});

test('a code comes with the words given, or with TikTok’s own', async () => {
  const client = await withFault({ effect: { kind: 'code', code: 50000, message: 'Oh.' } });
  expect(await client.map(client.vip, 'add', 'a')).toMatchObject({ code: 50000, message: 'Oh.' });
  client.sandbox.fault({ effect: { kind: 'code', code: 40105 } });
  expect(await client.get('/user/info/')).toMatchObject({ message: 'Access token is incorrect or has been revoked.' });
});

test.each([
  ['html', 502, /<title>502/],
  ['empty', 503, /^$/],
  ['cut-json', 200, /^\{"code":0,[^}]*$/],
  ['huge', 502, /<title>502/],
] as const)('a gateway answers with %s and HTTP %i', async (body, status, text) => {
  const client = await withFault({ effect: { kind: 'http', status, body, retryAfter: 7 } });
  const response = await client.raw(`/open_api/v1.3${path}`, { method: 'POST', body: '{}' });
  expect([response.status, response.headers.get('retry-after')]).toEqual([status, '7']);
  expect(await response.text()).toMatch(text);
  expect(client.emails(client.vip)).toEqual([]);
});

test.each(['resetBeforeRead', 'resetAfterRead'] as const)(
  '%s breaks the connection, nothing is applied',
  async (kind) => {
    const client = await withFault({ effect: { kind } });
    await expect(client.map(client.vip, 'add', 'ana')).rejects.toThrow('fetch failed');
    expect(client.emails(client.vip)).toEqual([]);
    expect(lastLine(client)).toMatchObject({ decision: 'fault', fault: kind, answered: false, code: null });
    expect((await client.map(client.vip, 'add', 'ana')).code).toBe(0);
  },
);

test('resetBeforeRead cannot be matched by what stands in the body', async () => {
  const client = await startClient();
  const { status } = await client.inspect('POST', '/faults', { audienceId: '1', effect: { kind: 'resetBeforeRead' } });
  expect(status).toBe(400);
});

test('a hanging call is never answered and not applied; with applyThenHang it is applied', async () => {
  for (const [kind, people] of [
    ['hang', []],
    ['applyThenHang', [sha256('ana')]],
  ] as const) {
    const client = await withFault({ effect: { kind } });
    const aborting = new AbortController();
    const call = fetch(`${client.sandbox.apiUrl}${path}`, {
      method: 'POST',
      signal: aborting.signal,
      headers: { 'access-token': client.token },
      body: JSON.stringify({
        advertiser_ids: [shopUs],
        id_schema: ['EMAIL_SHA256'],
        batch_data: [[{ id: sha256('ana'), audience_ids: [client.vip] }]],
      }),
    }).then(
      () => 'answered',
      () => 'gone',
    );
    await expect.poll(() => lastLine(client)?.fault).toBe(kind);
    aborting.abort();
    expect(await call).toBe('gone');
    expect(client.emails(client.vip)).toEqual(people);
  }
});

test('applyThenReset, applyThenCode and applyThenHttp apply and then say otherwise', async () => {
  const client = await withFault({ effect: { kind: 'applyThenReset' } });
  await expect(client.map(client.vip, 'add', 'a')).rejects.toThrow();
  client.sandbox.fault({ times: 1, effect: { kind: 'applyThenCode', code: 51010 } });
  expect((await client.map(client.vip, 'add', 'b')).code).toBe(51010);
  client.sandbox.fault({ times: 1, effect: { kind: 'applyThenHttp', status: 504, body: 'empty' } });
  await expect(client.map(client.vip, 'add', 'c')).rejects.toThrow();
  expect(client.emails(client.vip)).toEqual(['a', 'b', 'c'].map(sha256));
  expect(lastLine(client)).toMatchObject({ decision: 'served', fault: 'applyThenHttp', added: 1 });
});

test('a creation whose answer is lost has happened all the same', async () => {
  const client = await startClient();
  client.sandbox.fault({ path: '/segment/audience/', times: 1, effect: { kind: 'applyThenReset' } });
  await expect(client.create('lost')).rejects.toThrow();
  expect((await client.get('/dmp/custom_audience/list/', { advertiser_id: shopUs })).data.list).toMatchObject([
    { name: 'lost' },
  ]);
});

test('applyLate loses the answer and applies later, even over a newer change', async () => {
  const client = await withFault({ effect: { kind: 'applyLate', ms: 60_000 } });
  await expect(client.map(client.vip, 'add', 'ana')).rejects.toThrow();
  expect((await client.map(client.vip, 'delete', 'ana')).code).toBe(0);
  expect(client.emails(client.vip)).toEqual([]);
  client.sandbox.advanceClock(millis(60_000));
  expect(client.emails(client.vip)).toEqual([sha256('ana')]);
  expect(client.sandbox.journal().at(-1)).toMatchObject({ kind: 'late', of: 2, added: 1 });
});

test('reorder answers at once and applies after the next change of the same audience', async () => {
  const client = await withFault({ effect: { kind: 'reorder' } });
  expect((await client.map(client.vip, 'add', 'ana')).code).toBe(0);
  expect(client.emails(client.vip)).toEqual([]);
  await client.map(client.vip, 'delete', 'ana');
  expect(client.emails(client.vip)).toEqual([sha256('ana')]);
});

test('partial answers 20001 and applies the given share of the rows', async () => {
  const client = await withFault({ effect: { kind: 'partial', share: 0.3 } });
  const people = Array.from({ length: 10 }, (_, i) => `p${i}`);
  expect((await client.map(client.vip, 'add', ...people)).code).toBe(20001);
  expect(client.emails(client.vip)).toHaveLength(3);
  expect(lastLine(client)).toMatchObject({ added: 3, rows: 10 });
});

test('a poisoned row refuses every call that holds it, and only those', async () => {
  const client = await startClient();
  const vip = await client.create();
  client.sandbox.fault({
    hash: [sha256('poison')],
    effect: { kind: 'code', code: 40002, message: 'batch_data: bad row' },
  });
  expect((await client.map(vip, 'add', 'ana', 'poison')).code).toBe(40002);
  expect((await client.map(vip, 'add', 'ana')).code).toBe(0);
  expect(client.emails(vip)).toEqual([sha256('ana')]);
});

test('a rule strikes only the advertiser, audience and action it names', async () => {
  const client = await startClient();
  const [vip, all] = [await client.create(), await client.create()];
  client.sandbox.fault({
    audienceId: vip,
    action: 'delete',
    advertiserId: shopUs,
    effect: { kind: 'code', code: 50000 },
  });
  expect((await client.map(vip, 'add', 'a')).code).toBe(0);
  expect((await client.map(all, 'delete', 'a')).code).toBe(0);
  expect((await client.map(vip, 'delete', 'a')).code).toBe(50000);
});

test('chance is seeded: the same calls meet the same faults again', async () => {
  const run = async (): Promise<number[]> => {
    const client = await startClient({ rate: { perSecond: null } });
    client.sandbox.fault({ probability: 0.5, effect: { kind: 'code', code: 50000 } });
    const codes = [];
    for (let i = 0; i < 20; i += 1) codes.push((await client.get('/user/info/')).code);
    return codes;
  };
  const first = await run();
  expect(new Set(first)).toEqual(new Set([0, 50000]));
  expect(await run()).toEqual(first);
});

test('latency and slow drip bring the whole answer late, next to another effect', async () => {
  const client = await withFault({ effect: { kind: 'latency', ms: 5 } });
  client.sandbox.fault({ effect: { kind: 'slowDrip', bytes: 40, everyMs: 1 } });
  client.sandbox.fault({ effect: { kind: 'applyThenCode', code: 50002 } });
  expect((await client.map(client.vip, 'add', 'ana')).code).toBe(50002);
  expect(client.emails(client.vip)).toEqual([sha256('ana')]);
});

test('a fault speaks before the rate and the token are looked at', async () => {
  const client = await startClient({ rate: { perSecond: 1 } });
  client.token = '';
  client.sandbox.fault({ effect: { kind: 'code', code: 60001 } });
  expect([(await client.get('/user/info/')).code, (await client.get('/user/info/')).code]).toEqual([60001, 60001]);
  client.sandbox.clearFaults();
  expect((await client.get('/user/info/')).code).toBe(40104);
});
