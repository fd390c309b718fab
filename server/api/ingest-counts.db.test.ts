import { expect, test } from 'vitest';
import { idToText, type SourceId, type SpaceId } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { pause } from '../destinations/destinations.ts';
import { writeNotes } from '../ingest/tally.ts';
import { type Instant, manualClock, minutes } from '../kernel/clock.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock('2026-03-10T12:00:30Z');

async function shop() {
  const api = apiUnderTest(database.db, clock);
  const spaceId = await api.space('shop');
  const token = await api.token(spaceId, 'owner');
  const space = `/api/v1/spaces/${idToText('space', spaceId)}`;
  const body = { slug: 'web', name: 'Web', kind: 'server' };
  const made = await api.request('POST', `${space}/sources`, { token, body });
  const source: string = made.json.data.id;
  const sourceId = Number(source.slice(4)) as SourceId;
  const get = (path: string, as = token) => api.request('GET', path, { token: as });
  return { api, spaceId, token, space, source, sourceId, get };
}

type Place = { spaceId: SpaceId; sourceId: SourceId };
type Noted = readonly [outcome: 'received' | 'failed', reason: string, count: number];

const note = (place: Place, ago: number, ...noted: readonly Noted[]) =>
  database.db.transaction((tx) =>
    writeNotes(
      tx,
      {
        tallies: noted.map(([outcome, reason, count]) => ({ ...place, outcome, reason, count })),
        samples: noted
          .filter(([outcome]) => outcome === 'failed')
          .map(([, reason]) => ({ ...place, reason, detail: 'no id', event: { email: '[string 9]' } })),
      },
      { at: (clock.now() - ago) as Instant, firstSlot: 0 },
    ),
  );

const hour = minutes(60);

test('what came in is counted per source, outcome and reason over a range, the last day unless asked otherwise', async () => {
  const { api, spaceId, space, source, sourceId, get } = await shop();
  const web = { spaceId, sourceId };
  await note(web, 0, ['failed', 'no_user_anon_id', 2]);
  await note(web, minutes(5), ['received', '', 5]);
  await note(web, hour, ['received', '', 7]);
  await note(web, 30 * hour, ['received', '', 100]);
  await note({ spaceId: await api.space('theirs'), sourceId }, 0, ['received', '', 1_000]);
  const counts = async (query = '') => (await get(`${space}/ingest${query}`)).json.data.sources[0].counts;
  expect((await get(`${space}/ingest`)).json.data.sources).toEqual([
    {
      sourceId: source,
      name: 'Web',
      counts: [
        { outcome: 'received', reason: '', count: 12 },
        { outcome: 'failed', reason: 'no_user_anon_id', count: 2 },
      ],
      lastReceived: '2026-03-10T11:55:00.000Z',
      failedSamples: [
        {
          reason: 'no_user_anon_id',
          at: '2026-03-10T12:00:30.000Z',
          sample: { detail: 'no id', event: { email: '[string 9]' } },
        },
      ],
    },
  ]);
  const at = (ago: number) => new Date(clock.now() - ago).toISOString();
  expect(await counts(`?from=${at(2 * hour)}&to=${at(hour / 2)}`)).toEqual([
    { outcome: 'received', reason: '', count: 7 },
  ]);
  expect(await counts(`?from=${at(40 * hour)}`)).toMatchObject([{ count: 112 }, { count: 2 }]);
  expect((await get(`${space}/ingest?from=${at(0)}&to=${at(hour)}`)).status).toBe(400);
  expect((await get(`${space}/ingest?from=${at(15 * 24 * hour)}`)).status).toBe(400);
});

test('a deleted source keeps its counts without a name', async () => {
  const { api, token, spaceId, space, source, sourceId, get } = await shop();
  await note({ spaceId, sourceId }, 0, ['received', '', 5]);
  await api.request('DELETE', `/api/v1/sources/${source}`, { token });
  expect((await get(`${space}/ingest`)).json.data.sources).toMatchObject([{ sourceId: source, name: null }]);
});

test('events with an unknown write key are shown to owners of the whole installation only', async () => {
  const { api, token, get } = await shop();
  await note({ spaceId: 0 as SpaceId, sourceId: 0 as SourceId }, 0, ['failed', 'unknown_source', 4]);
  const path = '/api/v1/ingest/unknown-keys';
  expect((await get(path, token)).status).toBe(404);
  expect((await get(path, await api.token(null, 'editor'))).status).toBe(403);
  expect((await get(path, await api.token(null, 'owner'))).json.data).toMatchObject({
    from: '2026-03-09T12:01:00.000Z',
    counts: [{ outcome: 'failed', reason: 'unknown_source', count: 4 }],
  });
});

test('I8: resuming ends a pause, and says so in the audit log', async () => {
  const { api, token, space, spaceId, get } = await shop();
  const body = { spaceId: idToText('space', spaceId), metadataId: 'actions-tiktok-audiences', name: 'TikTok' };
  const { id } = (await api.request('POST', '/api/v1/destinations', { token, body })).json.data;
  const number = Number(id.slice(4)) as Parameters<typeof pause>[2]['id'];
  const why = { reason: 'the app is wrong', code: 40000 };
  await database.db.transaction((tx) => pause(tx, clock, { id: number, connectedAt: null }, why));
  const path = `/api/v1/destinations/${id}`;
  expect((await get(path)).json.data.paused).toMatchObject(why);
  const resumed = await api.request('POST', `${path}/resume`, { token });
  expect(resumed).toMatchObject({ status: 200, json: { data: { id, paused: null } } });
  expect((await get(`${space}/audit-events`)).json.data[0]).toMatchObject({
    action: 'destination.resume',
    subject: id,
    details: { wasPaused: true },
  });
});
