import { expect, test } from 'vitest';
import { days, millis } from '../server/kernel/clock.ts';
import { foreignShop, mapping, md5, rowsOf, sha256, shopEu, shopUs, startClient } from './test-client.ts';

const path = '/segment/mapping/';

test('adds and deletes are set operations: said twice they change nothing more', async () => {
  const client = await startClient();
  const vip = await client.create();
  expect(await client.map(vip, 'add', 'ana', 'ben')).toMatchObject({ code: 0, message: 'OK', data: {} });
  expect(await client.map(vip, 'add', 'ana')).toMatchObject({ code: 0 });
  expect(client.emails(vip)).toEqual([sha256('ana'), sha256('ben')]);
  expect(await client.map(vip, 'delete', 'ana')).toMatchObject({ code: 0 });
  expect(await client.map(vip, 'delete', 'ana', 'nobody')).toMatchObject({ code: 0 });
  expect(client.emails(vip)).toEqual([sha256('ben')]);
  const counts = client.sandbox.journal().map(({ added, removed }) => [added, removed]);
  expect(counts).toEqual([
    [0, 0],
    [2, 0],
    [0, 0],
    [0, 1],
    [0, 0],
  ]);
});

test('one call serves several audiences, types in any order and case, and people without some of the ids', async () => {
  const client = await startClient();
  const [vip, all] = [await client.create('vip'), await client.create('all', shopEu)];
  const answer = await client.post(path, {
    advertiser_ids: [shopUs, shopEu],
    id_schema: ['phone_sha256', 'IDFA_MD5', 'EMAIL_SHA256'],
    batch_data: [
      [{ id: sha256('+1'), audience_ids: [vip, all] }, {}, { id: sha256('ana'), audience_ids: [vip] }],
      [{}, { id: md5('device'), audience_ids: [all] }, {}],
    ],
  });
  expect(answer.code).toBe(0);
  const sizes = (advertiser: string, id: string): object =>
    Object.fromEntries(
      [...(client.sandbox.members(advertiser, id) ?? [])]
        .filter(([, of]) => of.size > 0)
        .map(([type, of]) => [type, [...of]]),
    );
  expect(sizes(shopUs, vip)).toEqual({ EMAIL_SHA256: [sha256('ana')], PHONE_SHA256: [sha256('+1')] });
  expect(sizes(shopEu, 'all')).toEqual({ PHONE_SHA256: [sha256('+1')], IDFA_MD5: [md5('device')] });
});

const id = (audience: string, hash = sha256('ana')): object => ({ id: hash, audience_ids: [audience] });
const broken: [name: string, change: (audience: string) => object, message: RegExp][] = [
  ['no advertiser_ids', () => ({ advertiser_ids: undefined }), /Missing required field\(s\): advertiser_ids/],
  ['empty advertiser_ids', () => ({ advertiser_ids: [] }), /^advertiser_ids:/],
  ['another action', () => ({ action: 'remove' }), /^action: Must be one of/],
  ['no id_schema', () => ({ id_schema: undefined }), /Missing required field\(s\): id_schema/],
  ['an empty id_schema', () => ({ id_schema: [], batch_data: [[]] }), /^id_schema:/],
  ['a type of the file route', () => ({ id_schema: ['GAID_SHA256'] }), /^id_schema.0: Must be one of/],
  ['an unknown type', () => ({ id_schema: ['EMAIL_SHA256', 'AAID_MD'] }), /^id_schema.1: Must be one of/],
  ['a type twice', (a) => ({ id_schema: ['EMAIL_SHA256', 'email_sha256'], batch_data: [[id(a), id(a)]] }), /Duplicate/],
  ['no batch_data', () => ({ batch_data: undefined }), /Missing required field\(s\): batch_data/],
  ['no rows', () => ({ batch_data: [] }), /^batch_data:/],
  ['10,001 rows', (a) => ({ batch_data: Array.from({ length: 10_001 }, () => [id(a)]) }), /^batch_data: Longer/],
  ['a row that is no list', (a) => ({ batch_data: [id(a)] }), /^batch_data.0: Not a valid list/],
  ['a row longer than the schema', (a) => ({ batch_data: [[id(a)], [id(a), id(a)]] }), /^batch_data.1: More ids/],
  [
    'a row shorter than the schema',
    (a) => ({ id_schema: ['EMAIL_SHA256', 'PHONE_SHA256'], batch_data: [[id(a)]] }),
    /Fewer ids/,
  ],
  ['a row of only {}', () => ({ batch_data: [[{}]] }), /^batch_data.0: A row needs/],
  ['an object that is none', () => ({ batch_data: [['x']] }), /^batch_data.0.0: Not a valid object/],
  [
    'an id that is no text',
    (a) => ({ batch_data: [[{ id: 5, audience_ids: [a] }]] }),
    /^batch_data.0.0.id: Not a valid string/,
  ],
  ['no audience_ids', () => ({ batch_data: [[{ id: sha256('a') }]] }), /^batch_data.0.0.audience_ids/],
  [
    'empty audience_ids',
    () => ({ batch_data: [[{ id: sha256('a'), audience_ids: [] }]] }),
    /^batch_data.0.0.audience_ids/,
  ],
  ['an upper-case hash', (a) => ({ batch_data: [[id(a, sha256('a').toUpperCase())]] }), /lower-case/],
  ['a hash of the wrong length', (a) => ({ batch_data: [[id(a, md5('a'))]] }), /lower-case/],
  ['a plain identifier', (a) => ({ batch_data: [[id(a, 'ana@example.org')]] }), /lower-case/],
  ['the hash of nothing', (a) => ({ batch_data: [[id(a, sha256(''))]] }), /empty value/],
  ['an unknown audience', () => ({ batch_data: [[id('12345')]] }), /invalid audience ID/],
];

test.each(broken)('refuses a call with %s, and applies none of it', async (_, change, message) => {
  const client = await startClient();
  const vip = await client.create();
  const answer = await client.post(path, mapping(vip, change(vip)));
  expect(answer).toMatchObject({ code: 40002, message: expect.stringMatching(message) });
  expect(client.emails(vip)).toEqual([]);
});

test('one bad row among good ones refuses them all', async () => {
  const client = await startClient();
  const vip = await client.create();
  const rows = [...rowsOf(vip, ['ana', 'ben']), [id(vip, 'x')]];
  expect((await client.post(path, mapping(vip, { batch_data: rows }))).code).toBe(40002);
  expect(client.emails(vip)).toEqual([]);
});

test('without strict mode hashes and short rows pass, longer rows still do not', async () => {
  const client = await startClient({ strict: false });
  const vip = await client.create();
  const two = { id_schema: ['EMAIL_SHA256', 'PHONE_SHA256'] };
  expect((await client.post(path, mapping(vip, { ...two, batch_data: [[id(vip, 'X')]] }))).code).toBe(0);
  expect((await client.post(path, mapping(vip, { batch_data: [[id(vip), id(vip)]] }))).code).toBe(40002);
});

test('an audience of an advertiser that the call does not name is refused with the code that is set', async () => {
  const client = await startClient({ unknownAudienceCode: 40007 });
  const eu = await client.create('eu', shopEu);
  expect((await client.post(path, mapping(eu))).code).toBe(40007);
});

test('advertisers of different businesses do not go into one call', async () => {
  const client = await startClient();
  client.token = client.sandbox.issueToken({ advertiserIds: [shopUs, foreignShop] });
  const vip = await client.create();
  const answer = await client.post(path, mapping(vip, { advertiser_ids: [shopUs, foreignShop] }));
  expect(answer).toMatchObject({ code: 40002, message: expect.stringContaining('same business') });
});

test('a call over the row limit can be told to be too large in the codes that mean "split"', async () => {
  const client = await startClient({ rowsMax: 2, rowsOverCode: 40011 });
  const vip = await client.create();
  expect((await client.map(vip, 'add', 'a', 'b')).code).toBe(0);
  expect((await client.map(vip, 'add', 'a', 'b', 'c')).code).toBe(40011);
});

test('a new audience that is not ready yet, and one that has expired, are not editable', async () => {
  const client = await startClient({ audienceReadyMs: 60_000 });
  const vip = await client.create();
  expect(await client.map(vip, 'add', 'ana')).toMatchObject({
    code: 40002,
    message: expect.stringContaining('not editable'),
  });
  client.sandbox.advanceClock(millis(60_000));
  expect((await client.map(vip, 'add', 'ana')).code).toBe(0);
  client.sandbox.advanceClock(days(366));
  expect(await client.map(vip, 'add', 'ben')).toMatchObject({ message: expect.stringContaining('not editable') });
});

test('with an apply delay a call is answered first and takes effect later, in order', async () => {
  const client = await startClient({ applyDelayMs: 1_000 });
  const vip = await client.create();
  await client.map(vip, 'add', 'ana', 'ben');
  await client.map(vip, 'delete', 'ana');
  expect(client.emails(vip)).toEqual([]);
  client.sandbox.advanceClock(millis(1_000));
  expect(client.emails(vip)).toEqual([sha256('ben')]);
  const late = client.sandbox.journal().filter(({ kind }) => kind === 'late');
  expect(late.map(({ of, added, removed }) => [of, added, removed])).toEqual([
    [2, 2, 0],
    [3, 0, 1],
  ]);
});

test('code 200 and numeric ids, as TikTok’s samples show them', async () => {
  const client = await startClient({ successCode: 200 });
  const made = await client.post('/segment/audience/', {
    advertiser_id: shopUs,
    action: 'create',
    custom_audience_name: 'x',
  });
  expect(made).toMatchObject({ code: 200, data: { audience_id: expect.any(Number) } });
  expect((await client.map(String(made.data.audience_id), 'add', 'ana')).code).toBe(200);
  expect((await client.get('/dmp/custom_audience/list/', { advertiser_id: shopUs })).code).toBe(0);
});
