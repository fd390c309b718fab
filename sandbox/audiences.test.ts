import { expect, test } from 'vitest';
import { days, hours, millis } from '../server/kernel/clock.ts';
import { shopEu, shopUs, startClient } from './test-client.ts';

const list = '/dmp/custom_audience/list/';
const get = '/dmp/custom_audience/get/';
const segment = '/segment/audience/';
const unlimited = { rate: { perSecond: null, perMinute: null } };

test('a new audience reads back as TikTok shows Partner audiences', async () => {
  const client = await startClient();
  const vip = await client.create('VIP buyers');
  expect(vip).toMatch(/^\d+$/);
  const common = {
    audience_id: vip,
    name: 'VIP buyers',
    calculate_type: 'MULTIPLE_TYPES',
    cover_num: 0,
    is_valid: false,
    is_expiring: false,
    is_creator: true,
    shared: false,
    create_time: '2026-08-03 16:27:49',
    expired_time: '2027-08-03 16:27:49',
  };
  expect((await client.get(list, { advertiser_id: shopUs })).data).toEqual({
    page_info: { page: 1, page_size: 10, total_number: 1, total_page: 1 },
    list: [{ ...common, audience_type: 'Partner' }],
  });
  const [found] = (await client.get(get, { advertiser_id: shopUs, custom_audience_ids: [vip] })).data.list;
  expect(found.audience_details).toMatchObject({
    ...common,
    type: 'Partner',
    audience_sub_type: 'NORMAL',
    owner_id: shopUs,
  });
  expect(found.audience_history).toEqual([
    { action: 'create', action_detail: '0', editor: 'open_api', msg: null, opt_time: '2026-08-03 16:27:49' },
  ]);
});

test('names are not unique, and long ones are cut to 67 characters and three dots', async () => {
  const client = await startClient();
  expect(await client.create('same')).not.toBe(await client.create('same'));
  await client.create('x'.repeat(71));
  await client.create('y'.repeat(70));
  const names = (await client.get(list, { advertiser_id: shopUs })).data.list.map(({ name }: { name: string }) => name);
  expect(names).toEqual(['y'.repeat(70), `${'x'.repeat(67)}...`, 'same', 'same']);
});

test('an empty name, an unknown action and a missing one field are refused; without action it is create', async () => {
  const client = await startClient();
  const post = async (body: object): Promise<number> =>
    (await client.post(segment, { advertiser_id: shopUs, ...body })).code;
  expect(await post({ action: 'create', custom_audience_name: '  ' })).toBe(40002);
  expect(await post({ action: 'create' })).toBe(40002);
  expect(await post({ action: 'update', custom_audience_name: 'x' })).toBe(40002);
  expect(await post({ custom_audience_name: 'x', id_type: 'EMAIL_SHA256' })).toBe(0);
});

test('delete takes delete_audience_id; the common mistake audience_id is refused', async () => {
  const client = await startClient();
  const vip = await client.create();
  const post = async (body: object): Promise<number> =>
    (await client.post(segment, { advertiser_id: shopUs, action: 'delete', ...body })).code;
  expect(await post({ audience_id: vip })).toBe(40002);
  expect(await post({ advertiser_id: shopEu, delete_audience_id: vip })).toBe(40002);
  expect(await post({ delete_audience_id: vip })).toBe(0);
  expect(await post({ delete_audience_id: vip })).toBe(40002);
  expect((await client.map(vip, 'add', 'ana')).code).toBe(40002);
});

test('an ad account holds as many audiences as are set, and another one is not affected', async () => {
  const client = await startClient({ ...unlimited, audiencesMax: 2 });
  await client.create();
  await client.create();
  const third = { advertiser_id: shopUs, action: 'create', custom_audience_name: 'third' };
  expect((await client.post(segment, third)).code).toBe(40002);
  expect((await client.post(segment, { ...third, advertiser_id: shopEu })).code).toBe(0);
});

test('pages of the list: 10 without a size, 100 at most', async () => {
  const client = await startClient(unlimited);
  for (let i = 0; i < 12; i += 1) await client.create(`a${i}`);
  const page = async (query: object) => client.get(list, { advertiser_id: shopUs, ...query });
  expect((await page({})).data.list).toHaveLength(10);
  const second = (await page({ page: 2 })).data;
  expect([second.list.length, second.page_info]).toEqual([
    2,
    { page: 2, page_size: 10, total_number: 12, total_page: 2 },
  ]);
  expect((await page({ page_size: 101 })).code).toBe(40002);
  expect((await page({ page: 0 })).code).toBe(40002);
  expect((await page({ custom_audience_ids: '[' })).code).toBe(40002);
  expect((await page({ custom_audience_ids: [second.list[0].audience_id] })).data.list).toHaveLength(1);
});

test('unknown and foreign ids are left out of get', async () => {
  const client = await startClient();
  const eu = await client.create('eu', shopEu);
  expect(await client.get(get, { advertiser_id: shopUs, custom_audience_ids: [eu, '1'] })).toMatchObject({
    code: 0,
    data: { list: [] },
  });
  expect((await client.get(get, { advertiser_id: shopUs })).code).toBe(40002);
});

test('a new audience may stay out of the list for a while', async () => {
  const client = await startClient({ audienceVisibleMs: 5_000 });
  await client.create();
  expect((await client.get(list, { advertiser_id: shopUs })).data.list).toEqual([]);
  client.sandbox.advanceClock(millis(5_000));
  expect((await client.get(list, { advertiser_id: shopUs })).data.list).toHaveLength(1);
});

test('delete and rename of the general route work on Partner audiences', async () => {
  const client = await startClient();
  const [vip, all] = [await client.create('vip'), await client.create('all')];
  const update = (body: object) =>
    client.post('/dmp/custom_audience/update/', { advertiser_id: shopUs, custom_audience_id: vip, ...body });
  expect((await update({ custom_audience_name: 'VIP' })).code).toBe(0);
  expect((await update({ custom_audience_name: 'x'.repeat(129) })).code).toBe(40002);
  expect((await update({})).code).toBe(40002);
  const remove = (custom_audience_ids: string[]) =>
    client.post('/dmp/custom_audience/delete/', { advertiser_id: shopUs, custom_audience_ids });
  expect((await remove([all, '1'])).code).toBe(40002);
  expect((await remove([all])).data).toEqual({});
  const names = (await client.get(list, { advertiser_id: shopUs })).data.list.map(({ name }: { name: string }) => name);
  expect(names).toEqual(['VIP']);
});

test('the size shows after 24 hours and the audience is valid from 1,000 people on', async () => {
  const client = await startClient(unlimited);
  const vip = await client.create();
  const people = Array.from({ length: 1_000 }, (_, i) => `person ${i}`);
  await client.map(vip, 'add', ...people.slice(1));
  const shown = async () => {
    const [{ cover_num, is_valid }] = (await client.get(list, { advertiser_id: shopUs })).data.list;
    return [cover_num, is_valid];
  };
  client.sandbox.advanceClock(hours(23));
  expect(await shown()).toEqual([0, false]);
  client.sandbox.advanceClock(hours(1));
  expect(await shown()).toEqual([999, false]);
  await client.map(vip, 'add', ...people);
  expect(await shown()).toEqual([999, false]);
  client.sandbox.advanceClock(hours(24));
  expect(await shown()).toEqual([1_000, true]);
});

test('an audience expires a year after its last change, and says so 60 days before', async () => {
  const client = await startClient();
  const vip = await client.create();
  client.sandbox.advanceClock(days(100));
  await client.map(vip, 'add', 'ana');
  const shown = async () => (await client.get(list, { advertiser_id: shopUs })).data.list[0];
  client.sandbox.advanceClock(days(304));
  expect(await shown()).toMatchObject({ is_expiring: false });
  client.sandbox.advanceClock(days(2));
  expect(await shown()).toMatchObject({ is_expiring: true });
});
