import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { getDestination, pause } from '../destinations/destinations.ts';
import { manualClock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const v1 = '/api/v1';

test('a destination’s page and Home say the same: what is missing first, then what stopped it', async () => {
  const api = apiUnderTest(database.db, clock);
  const space = await api.space('shop');
  const spaceId = idToText('space', space);
  const token = await api.token(space, 'owner');
  const post = (path: string, body: unknown) => api.request('POST', v1 + path, { token, body });
  const made = await post('/destinations', {
    spaceId,
    metadataId: 'actions-tiktok-audiences',
    name: 'TikTok Shop',
    enabled: true,
  });
  const id: string = made.json.data.id;
  const status = async () => (await api.request('GET', `${v1}/destinations/${id}/status`, { token })).json.data;
  const attention = async () => (await api.request('GET', `${v1}/spaces/${spaceId}/attention`, { token })).json.data;
  expect(await status()).toMatchObject({
    status: 'setup-not-finished',
    counts: { members: 0 },
    sending: { rowsPerCall: 1000, limitedBy: 'nothing', completesAt: null },
  });
  expect(await attention()).toEqual([]);

  await post(`/destinations/${id}/subscriptions`, {
    name: 'Add Users',
    actionSlug: 'addUser',
    trigger: 'event = "Audience Entered"',
    settings: { selected_advertiser_id: '7001', custom_audience_name: 'vip', personas_audience_key: 'vip' },
    enabled: true,
  });
  const begun = await post(`/destinations/${id}/oauth/authorize`, {});
  const state = new URL(begun.json.data.url).searchParams.get('state');
  await api.request('GET', `/oauth/tiktok/callback?state=${state}&auth_code=abc`);
  expect((await status()).message).toBe('Next: connect an audience.');
  const audience = await post(`/spaces/${spaceId}/audiences`, { name: 'vip' });
  await post(`/spaces/${spaceId}/audiences/${audience.json.data.id}/destination-connections`, { destinationId: id });
  await database.db.transaction(async (tx) => {
    const destination = must(
      await getDestination(tx, Number(id.slice(4)) as Parameters<typeof getDestination>[1]),
      'made',
    );
    await pause(tx, clock, destination, { reason: 'TikTok no longer accepts the access token', code: 40105 });
  });
  expect(await status()).toMatchObject({ status: 'needs-you', reason: 'reauth' });
  expect(await attention()).toMatchObject([
    {
      severity: 'needs-you',
      subject: 'TikTok Shop',
      subjectId: id,
      code: 'reauth',
      remedy: { label: 'Reconnect TikTok' },
    },
    { severity: 'working', code: 'connected' },
  ]);
});
