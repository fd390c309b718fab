import { expect, test } from 'vitest';
import {
  advertiser,
  against,
  batch,
  hash,
  json,
  mapping,
  okBody,
  plainCode,
  plainSecret,
  plainToken,
  token,
} from './playing-server.ts';
import type { MappingBatch } from './tiktok.ts';

// --- What is sent

test('a mapping call has the documented form: slash, token header, lower-case hashes, {} for a missing id', async () => {
  const { tiktok, seen } = await against(json(okBody()));
  const answer = await mapping(tiktok);
  expect(answer).toMatchObject({ outcome: { kind: 'ok' }, data: null, httpStatus: 200, code: 0, requestId: 'req-1' });
  const [call] = seen;
  expect([call?.method, call?.url.pathname]).toEqual(['POST', '/open_api/v1.3/segment/mapping/']);
  expect(call?.headers).toMatchObject({ 'access-token': plainToken, 'content-type': 'application/json' });
  expect(call?.headers).not.toHaveProperty('authorization');
  expect(JSON.parse(call?.body ?? '')).toEqual({
    advertiser_ids: [advertiser],
    action: 'add',
    id_schema: ['EMAIL_SHA256', 'AAID_SHA256'],
    batch_data: [
      [{ id: 'ab'.repeat(32), audience_ids: ['167290896'] }, {}],
      [
        { id: '01'.repeat(32), audience_ids: ['167290896', '167290897'] },
        { id: '02'.repeat(32), audience_ids: ['167290896', '167290897'] },
      ],
    ],
  });
});

test('a row that TikTok would misread is never sent', async () => {
  const { tiktok, seen } = await against(json(okBody()));
  const wrong = (row: MappingBatch['rows'][number]): MappingBatch => ({ ...batch, rows: [row] });
  const audienceIds = ['1'];
  for (const bad of [
    wrong({ audienceIds, hashes: [hash(1)] }),
    wrong({ audienceIds, hashes: [null, null] }),
    wrong({ audienceIds, hashes: [Buffer.from('jane@example.org'), null] }),
    wrong({ audienceIds: [], hashes: [hash(1), null] }),
    { ...batch, rows: [] },
    { ...batch, schema: [0, 0] as const },
  ]) {
    expect(() => tiktok.mapping({ token }, bad)).toThrow(/./);
  }
  expect(seen).toHaveLength(0);
});

test('lists in a query are JSON texts, and a long series is asked in parts of 100', async () => {
  const { tiktok, seen } = await against((one, response, request) => {
    const ids = JSON.parse(one.url.searchParams.get('advertiser_ids') ?? '[]') as string[];
    json(okBody({ list: ids.map((id) => ({ advertiser_id: id, name: `Shop ${id}` })) }))(one, response, request);
  });
  const ids = Array.from({ length: 250 }, (_, i) => String(7178918106775990000n + BigInt(i)));
  const answer = await tiktok.advertisers({ token }, ids);
  expect(answer.data?.map((a) => a.advertiserId)).toEqual(ids);
  expect(seen).toHaveLength(3);
  expect(seen[0]?.url.pathname).toBe('/open_api/v1.3/advertiser/info/');
  expect(await tiktok.advertisers({ token }, [])).toMatchObject({ outcome: { kind: 'ok' }, data: [] });
});

test('consent: the address to go to, the exchange, the accounts, the end', async () => {
  const { tiktok, seen } = await against((one, response, request) => {
    const data = one.url.pathname.includes('access_token')
      ? { access_token: plainToken, advertiser_ids: [advertiser], scope: [4, 30] }
      : { list: [{ advertiser_id: advertiser, advertiser_name: 'Shop US' }], display_name: 'Jane Doe' };
    json(okBody(data))(one, response, request);
  });
  expect(tiktok.authorizeUrl('a b', 'https://app.example/cb')).toBe(
    'https://business-api.tiktok.com/portal/auth?app_id=7000000000000000001&state=a+b&redirect_uri=https%3A%2F%2Fapp.example%2Fcb',
  );
  const { data } = await tiktok.exchange(plainCode);
  expect(data?.token.reveal()).toBe(plainToken);
  expect(data).toMatchObject({ advertiserIds: [advertiser], scopes: [4, 30] });
  expect((await tiktok.reachableAdvertisers({ token })).data).toEqual([{ advertiserId: advertiser, name: 'Shop US' }]);
  expect((await tiktok.userInfo({ token })).data).toEqual({ displayName: 'Jane Doe' });
  expect((await tiktok.revoke({ token })).outcome).toEqual({ kind: 'ok' });
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    app_id: '7000000000000000001',
    secret: plainSecret,
    auth_code: plainCode,
  });
  expect(seen[0]?.headers).not.toHaveProperty('access-token');
});

test('without an app, consent answers that it is not configured', async () => {
  const { tiktok, seen } = await against(json(okBody()), { appId: undefined });
  expect(tiktok.configured).toBe(false);
  expect((await tiktok.exchange(plainCode)).outcome).toEqual({ kind: 'config' });
  expect((await tiktok.revoke({ token })).outcome).toEqual({ kind: 'config' });
  expect(() => tiktok.authorizeUrl('s', 'https://app.example/cb')).toThrow('configured');
  expect(seen).toHaveLength(0);
});

// --- What comes back

test('an id that comes as a number keeps every digit, under code 200 too', async () => {
  const { tiktok } = await against(
    json('{"code":200,"message":"OK","request_id":"r","data":{"audience_id":7178918106775994371}}'),
  );
  const answer = await tiktok.createAudience({ token }, advertiser, 'VIP buyers');
  expect(answer).toMatchObject({ outcome: { kind: 'ok' }, code: 200, data: { audienceId: '7178918106775994371' } });
});

test('a create that says yes without an id is unknown', async () => {
  const { tiktok } = await against(json(okBody()));
  expect((await tiktok.createAudience({ token }, advertiser, 'VIP')).outcome).toEqual({ kind: 'unknown' });
});

test('a name that TikTok would cut or trim is refused before it is sent', async () => {
  const { tiktok, seen } = await against(json(okBody({ audience_id: '1' })));
  for (const name of ['', ' VIP', 'x'.repeat(71)])
    expect((await tiktok.createAudience({ token }, advertiser, name)).outcome).toEqual({ kind: 'refused' });
  expect((await tiktok.createAudience({ token }, advertiser, 'x'.repeat(70))).outcome).toEqual({ kind: 'ok' });
  expect(seen).toHaveLength(1);
});

const listed = (id: string) => ({
  audience_id: id,
  name: `Audience ${id}`,
  audience_type: 'Partner',
  calculate_type: 'MULTIPLE_TYPES',
  cover_num: 12,
  is_valid: false,
  is_expiring: true,
  is_creator: true,
  shared: false,
  create_time: '2026-08-03 16:27:49',
  expired_time: '2027-08-03 16:27:49',
});

test('all pages of a list are read, an audience that moved between pages counts once', async () => {
  const pages = [['1', '2'], ['2', '3'], ['4']];
  const { tiktok, seen } = await against((one, response, request) => {
    const list = (pages[Number(one.url.searchParams.get('page')) - 1] ?? []).map(listed);
    json(okBody({ list, page_info: { page: 1, page_size: 100, total_number: 5, total_page: 3 } }))(
      one,
      response,
      request,
    );
  });
  const answer = await tiktok.listAudiences({ token }, advertiser);
  expect(answer.data?.map((a) => a.audienceId)).toEqual(['1', '2', '3', '4']);
  expect(answer.data?.[0]).toMatchObject({
    type: 'Partner',
    coverNum: 12,
    isExpiring: true,
    createTime: '2026-08-03 16:27:49',
  });
  expect(seen).toHaveLength(3);
});

test('half a list is no list', async () => {
  const { tiktok } = await against((one, response, request) => {
    const page = one.url.searchParams.get('page');
    const data = { list: [listed('1')], page_info: { total_page: 2 } };
    json(page === '1' ? okBody(data) : { code: 50000, message: 'busy', request_id: 'r' })(one, response, request);
  });
  expect(await tiktok.listAudiences({ token }, advertiser)).toMatchObject({
    outcome: { kind: 'retry' },
    data: undefined,
  });
});

test.each([
  ['left out', undefined],
  ['answered with 40007', { code: 40007, message: 'not found', request_id: 'r' }],
  ['answered with 40002', { code: 40002, message: 'invalid audience ID', request_id: 'r' }],
])('an unknown audience is absent when it is %s', async (_, refusal) => {
  const { tiktok } = await against((one, response, request) => {
    const ids = JSON.parse(one.url.searchParams.get('custom_audience_ids') ?? '[]') as string[];
    const known = ids.filter((id) => id !== '13');
    const list = known.map((id) => ({ audience_details: { ...listed(id), type: 'Partner', error_msg: null } }));
    const refused = refusal !== undefined && known.length < ids.length;
    json(refused ? refusal : okBody({ list }))(one, response, request);
  });
  const answer = await tiktok.getAudiences({ token }, advertiser, ['11', '12', '13', '14']);
  expect(answer.outcome).toEqual({ kind: 'ok' });
  expect(answer.data?.map((a) => a.audienceId)).toEqual(['11', '12', '14']);
});
