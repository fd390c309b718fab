import { expect, test } from 'vitest';
import { type AudienceId, idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { addToSizes, recordSizes } from '../audiences/audiences.ts';
import { days, hours, manualClock, minutes } from '../kernel/clock.ts';

const database = testDatabase(import.meta.url);

test('the size of an audience is written down every quarter of an hour, and every hour after two days', async () => {
  const clock = manualClock('2026-01-01T00:05:00Z');
  const api = apiUnderTest(database.db, clock);
  const space = await api.space('shop');
  const token = await api.token(space, 'editor');
  const spaceId = idToText('space', space);
  const made = await api.request('POST', `/api/v1/spaces/${spaceId}/audiences`, { token, body: { name: 'VIP' } });
  const audienceId = Number(made.json.data.id.slice(4)) as AudienceId;
  const recording = recordSizes({ db: database.db, clock });
  const grow = (by: number) =>
    database.db.transaction((tx) => addToSizes(tx, [{ spaceId: space, audienceId, by, at: null }]));
  const step = () => recording(new AbortController().signal);
  await grow(3);
  for (let i = 0; i < 8; i += 1) {
    await step();
    await step(); // asked again within the quarter: nothing
    await clock.advance(minutes(15));
    await grow(1);
  }
  const path = `/api/v1/spaces/${spaceId}/audiences/${made.json.data.id}/sizes`;
  const sizes = async (query = '') => (await api.request('GET', path + query, { token })).json.data;
  const day = await sizes();
  expect(day.members).toBe(11);
  expect(day.sizes.map((one: { members: number }) => one.members)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  expect(day.sizes[1].time).toBe('2026-01-01T00:15:00.000Z');
  await clock.advance(days(3));
  await step();
  const old = await sizes(`?from=2026-01-01T00:00:00.000Z&to=${new Date(clock.now() - hours(1)).toISOString()}`);
  expect(old.sizes.map((one: { time: string }) => one.time.slice(11, 16))).toEqual(['00:00', '01:00']);
  await clock.advance(days(31));
  await step();
  expect((await sizes('?from=2026-01-06T00:00:00.000Z')).sizes).toHaveLength(1);
  expect((await api.request('GET', `${path}?from=2025-01-01T00:00:00.000Z`, { token })).status).toBe(400);
});
