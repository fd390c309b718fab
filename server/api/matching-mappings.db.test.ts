// E9: whether anything listens to what a connection emits is known before it is saved.
import { expect, test } from 'vitest';
import { idToText } from '../../contract/ids.ts';
import { apiUnderTest } from '../../test/support/api-client.ts';
import { testDatabase } from '../../test/support/database.ts';
import { engageEvent, makeWorld } from '../../test/support/world.ts';

const database = testDatabase(import.meta.url);
const usual = {
  sendTrack: true,
  sendIdentify: false,
  enteredEvent: 'Audience Entered',
  exitedEvent: 'Audience Exited',
};

async function shop() {
  const world = await makeWorld(database.db);
  const api = apiUnderTest(database.db, world.clock);
  const token = await api.token(world.spaceId, 'owner');
  await world.process(engageEvent('vip', true, { userId: 'u1', email: 'p1@example.com' }));
  const space = `/api/v1/spaces/${idToText('space', world.spaceId)}`;
  const [audience] = (await api.request('GET', `${space}/audiences`, { token })).json.data;
  const connections = `${space}/audiences/${audience.id}/destination-connections`;
  const destinationId = idToText('destination', world.destinationId);
  const ask = async (settings: object) => {
    const path = `${connections}/${destinationId}/matching-mappings`;
    const { status, json } = await api.request('POST', path, { token, body: { ...usual, ...settings } });
    expect(status).toBe(200);
    return json.data;
  };
  const row = async () => (await api.request('GET', connections, { token })).json.data[0];
  return { ...world, ask, row };
}

test('a pair takes the usual names; of a renamed event nobody is taken, and the other half still is', async () => {
  const { ask, row, mapping, connect } = await shop();
  await mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  await mapping('removeUser', { selected_advertiser_id: '7001', personas_audience_key: 'vip' });
  expect(await ask({})).toMatchObject({
    enter: [{ enabled: true }],
    exit: [{ enabled: true }],
    enabled: 2,
    disabled: 0,
  });
  expect(await ask({ enteredEvent: 'VIP Joined' })).toMatchObject({ enter: [], exit: [{}], enabled: 1 });
  expect(await ask({ sendTrack: false })).toMatchObject({ enter: [], exit: [], enabled: 0 });
  await connect('vip');
  expect((await row()).matchingMappings).toMatchObject({ enter: [{}], exit: [{}], enabled: 2 });
});

test('a mapping of another audience takes nobody', async () => {
  const { ask, mapping } = await shop();
  await mapping('addUser', { selected_advertiser_id: '7001', personas_audience_key: 'loyal' });
  expect(await ask({})).toEqual({ enter: [], exit: [], enabled: 0, disabled: 0 });
});
