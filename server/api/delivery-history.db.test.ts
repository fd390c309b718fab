import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { engageEvent, makeWorld } from '../../test/support/world.ts';
import { days, minutes } from '../kernel/clock.ts';
import { recordCounts } from '../ledger/ledger.ts';

const database = testDatabase(import.meta.url);

async function shop() {
  const world = await makeWorld(database.db);
  const { spaceId, destinationId, clock } = world;
  const api = apiUnderTest(database.db, clock);
  const token = await api.token(spaceId, 'owner');
  const destination = `/api/v1/destinations/${idToText('destination', destinationId)}`;
  const get = async (path: string) => (await api.request('GET', path, { token })).json.data;
  await world.mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  const audienceId = await world.connect('vip');
  const sizes = `/api/v1/spaces/${idToText('space', spaceId)}/audiences/${idToText('audience', audienceId)}/sizes`;
  const recording = recordCounts({ db: database.db, clock });
  const record = () => recording(new AbortController().signal);
  return { ...world, api, token, destination, sizes, get, record };
}
const person = (userId: string) => ({ userId, email: `${userId}@shop.example` });

test('what is owed and what TikTok has is written down every five minutes, and every hour after two days', async () => {
  const { process, walk, settleAll, get, record, destination, sizes, clock } = await shop();
  await walk();
  await process(engageEvent('vip', true, person('ana')), engageEvent('vip', true, person('ben')));
  await record();
  await record(); // asked again within the five minutes: nothing
  await settleAll();
  await clock.advance(minutes(5));
  await record();
  const { history } = await get(`${destination}/delivery`);
  const told = history.map(({ onTikTok, owed, leaving }: Record<string, number>) => [onTikTok, owed, leaving]);
  expect(told).toEqual([
    [0, 2, 0],
    [2, 0, 0],
  ]);
  expect((await get(sizes)).onTikTok.map((one: { people: number }) => one.people)).toEqual([0, 2]);
  await clock.advance(days(3));
  await record();
  const month = new Date(clock.now() - days(30)).toISOString();
  const kept = (await get(`${destination}/delivery?granularity=DAY&from=${month}`)).history;
  expect(kept.filter(({ time }: { time: string }) => !time.includes(':00:00.000Z'))).toHaveLength(1);
});

test('a chart of thirty days until now, or of quarters of an hour, is answered whatever a browser takes for now', async () => {
  const { get, destination, clock, process, walk } = await shop();
  await walk();
  await process(engageEvent('vip', true, person('ana')));
  const from = (age: number) => new Date(clock.now() - age - minutes(2)).toISOString();
  expect((await get(`${destination}/delivery?granularity=DAY&from=${from(days(30))}`)).series).not.toEqual([]);
  const quarters = await get(`${destination}/delivery?granularity=QUARTER_HOUR&from=${from(days(1))}`);
  const ofQuarter = (time: string) => Date.parse(time) % minutes(15);
  expect(quarters.series.map(({ time }: { time: string }) => ofQuarter(time))).toEqual(quarters.series.map(() => 0));
  expect(quarters.series).not.toEqual([]);
});

test('every event of a connected audience is mapped or filtered, once, however many mappings there are for others', async () => {
  const world = await shop();
  for (const key of ['news', 'sale'])
    await world.mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: key });
  await world.connect('plain');
  await world.walk();
  await world.process(
    engageEvent('vip', true, person('ana')),
    engageEvent('vip', true, { userId: 'nameless' }),
    engageEvent('plain', true, person('ana')),
    engageEvent('vip', false, person('ben')),
  );
  const { series } = await world.get(`${world.destination}/delivery`);
  const told = series.map(({ outcome, code, count }: Record<string, unknown>) => [outcome, code, count]);
  expect(told).toContainEqual(['mapped', '', 2]);
  expect(told.filter(([outcome]: string[]) => outcome === 'skipped')).toHaveLength(1);
  const filtered = told.filter(([outcome]: string[]) => outcome === 'filtered');
  expect(filtered.map(([, code, count]: unknown[]) => [code, count]).sort()).toEqual([
    ['audience key differs', 1],
    ['no mapping takes this event', 1],
  ]);
});
