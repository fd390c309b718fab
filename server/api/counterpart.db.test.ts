import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { manualClock } from '../kernel/clock.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const v1 = '/api/v1';

async function destination() {
  const api = apiUnderTest(database.db, clock);
  const space = await api.space('shop');
  const token = await api.token(space, 'owner');
  const body = { spaceId: idToText('space', space), metadataId: 'actions-tiktok-audiences', name: 'TikTok' };
  const made = await api.request('POST', `${v1}/destinations`, { token, body });
  const path = `${v1}/destinations/${made.json.data.id}/subscriptions`;
  const add = async (change: Record<string, unknown> = {}) => {
    const settings = { selected_advertiser_id: '7001', custom_audience_name: 'vip', personas_audience_key: 'vip' };
    const mapping = {
      name: 'Add Users: vip',
      actionSlug: 'addUser',
      trigger: 'event = "Audience Entered"',
      settings,
      enabled: true,
      ...change,
    };
    return (await api.request('POST', path, { token, body: mapping })).json.data;
  };
  const turn = (id: string, query = '') => api.request('POST', `${path}/${id}/counterpart${query}`, { token });
  return { add, turn };
}

test('Remove Users is made of Add Users by one click, once, and on leaving instead of entering', async () => {
  const { add, turn } = await destination();
  const made = await add({ trigger: 'type = "track" and event = "Audience Entered" and properties.plan = "gold"' });
  const remove = await turn(made.id);
  expect(remove).toMatchObject({
    status: 201,
    json: {
      data: {
        name: 'Remove Users: vip',
        actionSlug: 'removeUser',
        trigger: 'type = "track" and event = "Audience Exited" and properties.plan = "gold"',
        settings: made.settings,
        enabled: true,
      },
    },
  });
  expect((await turn(made.id)).json.errors[0].type).toBe('taken');
  expect((await turn(remove.json.data.id)).status).toBe(409);
  const rows = await database.db.query<{ action: string }>(sql`select action from audit_log order by entry_id`);
  expect(rows.map(({ action }) => action)).toEqual([
    'destination.create',
    'subscription.create',
    'subscription.create',
  ]);
});

test('a trigger on names of one’s own becomes the default of the other action; an action of both ways has none', async () => {
  const { add, turn } = await destination();
  const made = await add({ trigger: 'event = "VIP Joined"' });
  expect((await turn(made.id)).json.data.trigger).toBe('event = "Audience Exited"');
  const both = await add({ actionSlug: 'syncAudience', settings: {}, name: 'Sync' });
  if (both !== undefined) expect((await turn(both.id)).json.errors[0].type).toBe('no-counterpart');
});
