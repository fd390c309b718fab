import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';
import { answerOf, audienceView, fakeTikTok } from '../../test/support/fake-tiktok.ts';
import { createSpace } from '../auth/auth.ts';
import { manualClock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import {
  createDestination,
  createMapping,
  type Destination,
  fieldChoices,
  getDestination,
  getMapping,
  leavingDestinations,
  listDestinations,
  listMappings,
  loadDestinations,
  removeDestination,
  removeMapping,
  updateDestination,
  updateMapping,
  withDefaults,
} from './destinations.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock();
const kind = 'actions-tiktok-audiences';

async function destination(slug = 'shop', settings: unknown = {}): Promise<Destination> {
  return database.db.transaction(async (tx) => {
    const space = must(await createSpace(tx, clock, { slug, name: slug }), 'free');
    const input = { spaceId: space.id, sourceId: null, metadataId: kind, name: 'T', enabled: true };
    const made = await createDestination(tx, clock, { ...input, settings });
    if (!made.ok) throw new Error('settings');
    return made.value;
  });
}

const mapping = {
  name: 'Add',
  actionSlug: 'addUser',
  trigger: 'event = "Audience Entered"',
  settings: {},
  enabled: true,
};
const add = (to: Destination, mappingsMax = 50) =>
  database.db.transaction((tx) => createMapping(tx, { clock, mappingsMax }, to.id, mapping));

test('settings are checked, completed with their defaults, and merged field by field', async () => {
  const made = await destination('shop', { phoneDefaultRegion: 'DE' });
  expect(made.settings).toMatchObject({ phoneDefaultRegion: 'DE', emailProfile: 'api_doc' });
  const change = (settings: Record<string, unknown>) =>
    database.db.transaction((tx) => updateDestination(tx, clock, made.id, { settings }));
  expect(await change({ emailProfile: 'plain' })).toMatchObject({
    value: { settings: { emailProfile: 'plain', phoneDefaultRegion: 'DE' } },
  });
  expect(await change({ emailProfile: 'other' })).toMatchObject({ error: [{ field: 'settings.emailProfile' }] });
  expect(await change({ unheardOf: 1 })).toMatchObject({ ok: false });
  expect(await getDestination(database.db, made.id)).toMatchObject({ settings: { emailProfile: 'plain' } });
});

test('only a kind of the catalog can be made', async () => {
  const { spaceId } = await destination();
  const input = { spaceId, sourceId: null, metadataId: 'other', name: 'T', enabled: true, settings: {} };
  const made = await database.db.transaction((tx) => createDestination(tx, clock, input));
  expect(made).toMatchObject({ ok: false, error: [{ field: 'metadataId' }] });
});

test('a destination has as many mappings as allowed, also when they are made at once', async () => {
  const to = await destination();
  const made = await Promise.all([1, 2, 3, 4].map(() => add(to, 3)));
  expect(made.filter((one) => one.ok)).toHaveLength(3);
  expect(made.find((one) => !one.ok)).toEqual({ ok: false, error: { kind: 'too many' } });
  expect(await listMappings(database.db, to.id)).toHaveLength(3);
});

test('a mapping is found in its own destination only, changed, and deleted', async () => {
  const [ours, theirs] = [await destination('ours'), await destination('theirs')];
  const made = await add(ours);
  if (!made.ok) throw new Error('limit');
  const { id } = made.value;
  expect(await getMapping(database.db, theirs.id, id)).toBeUndefined();
  const changed = { ...made.value, name: 'New', settings: { email: null } };
  expect(await database.db.transaction((tx) => updateMapping(tx, clock, changed))).toMatchObject({ name: 'New' });
  expect(await getMapping(database.db, ours.id, id)).toMatchObject({ settings: { email: null } });
  expect(await loadDestinations(database.db)).toMatchObject([{ mappings: [{ id, name: 'New' }] }, { mappings: [] }]);
  expect(await database.db.transaction((tx) => removeMapping(tx, clock, id))).toBe(true);
  expect(await database.db.transaction((tx) => removeMapping(tx, clock, id))).toBe(false);
  expect(await listMappings(database.db, ours.id)).toEqual([]);
});

test('a new mapping starts with the defaults of its action; what is given wins', () => {
  const filled = withDefaults('addUser', { custom_audience_name: 'vip' });
  expect(filled).toMatchObject({
    custom_audience_name: 'vip',
    send_email: true,
    email: { '@path': '$.context.traits.email' },
  });
  expect(withDefaults('unheardOf', { a: 1 })).toEqual({ a: 1 });
});

test('lists go page by page, of one space or of all', async () => {
  const [a, b] = [await destination('a'), await destination('b')];
  expect(await listDestinations(database.db, null, { after: 0, limit: 1 })).toMatchObject({
    items: [{ id: a.id }],
    total: 2,
  });
  expect(await listDestinations(database.db, null, { after: a.id, limit: 1 })).toMatchObject({ items: [{ id: b.id }] });
  expect(await listDestinations(database.db, b.spaceId, { after: 0, limit: 9 })).toMatchObject({
    items: [{ id: b.id }],
    total: 1,
  });
});

test('a deleted destination is gone from every list', async () => {
  const to = await destination();
  await database.db.transaction((tx) => removeDestination(tx, clock, to.id, { keepToken: true }));
  expect(await getDestination(database.db, to.id)).toBeUndefined();
  expect(await loadDestinations(database.db)).toEqual([]);
  expect(await leavingDestinations(database.db)).toEqual([]); // it never had a token
});

test('advertisers are offered by name, and by id with the reason where names cannot be read', async () => {
  const tiktok = fakeTikTok();
  tiktok.names.set('7001', 'Shop US');
  const of = { token: new Secret('t'), advertiserIds: ['7001', '7002'] };
  const bare = [
    { label: '7001', value: '7001' },
    { label: '7002', value: '7002' },
  ];
  expect(await fieldChoices({ tiktok }, of, 'selected_advertiser_id', {})).toEqual({
    choices: [{ label: 'Shop US', value: '7001' }, bare[1]],
  });
  tiktok.next.advertisers = [answerOf<never>('forbidden', undefined, 'No permission')];
  expect(await fieldChoices({ tiktok }, of, 'advertiser_id', {})).toEqual({
    choices: bare,
    error: { code: '40002', message: 'No permission' },
  });
  expect(await fieldChoices({ tiktok }, { ...of, token: undefined }, 'advertiser_id', {})).toMatchObject({
    choices: bare,
    error: { code: 'NOT_CONNECTED' },
  });
});

test('audiences are offered once an advertiser is chosen, and only those that can be fed', async () => {
  const tiktok = fakeTikTok();
  tiktok.audiences.set('7001', [
    audienceView('1', 'vip'),
    audienceView('2', 'file', { type: 'Customer File Audience' }),
  ]);
  const of = { token: new Secret('t'), advertiserIds: ['7001'] };
  expect(await fieldChoices({ tiktok }, of, 'audience_id', {})).toEqual({
    choices: [],
    error: { code: 'FIELD_NOT_SELECTED', message: 'Please select Advertiser ID first to get list of Audience IDs.' },
  });
  expect(await fieldChoices({ tiktok }, of, 'audience_id', { selected_advertiser_id: '7001' })).toEqual({
    choices: [{ label: 'vip', value: '1' }],
  });
  expect(await fieldChoices({ tiktok }, of, 'email', {})).toBeUndefined();
});
