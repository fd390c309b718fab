// What the ledger does when something is amiss: a mapping that no longer compiles, two names of one audience, a walk that fails.
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { AudienceId, MappingId, TargetId } from '../contract/ids.ts';
import type { Tx } from '../server/db/port.ts';
import { type Destination, getDestination, withDefaults } from '../server/destinations/destinations.ts';
import { silentLog } from '../server/kernel/log.ts';
import { must } from '../server/kernel/result.ts';
import { beginRelease, beginWalk, moveSiblings, owed, producersOf, sweepAbsentRows } from '../server/ledger/ledger.ts';
import { sendTest } from '../server/send-test.ts';
import { testDatabase } from './support/database.ts';
import { engageEvent } from './support/usher.ts';
import { advertiserId, makeWorld, type World } from './support/world.ts';

const database = testDatabase(import.meta.url);
const person = (n: number) => ({ userId: `u${n}`, email: `p${n}@example.com` });
const ana = person(0);
const ben = person(1);
const seed = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
const named = { advertiser_id: advertiserId, external_audience_id: '', custom_audience_name: 'vip' };

/** The seed's mappings for one audience, connected. */
async function seeded(remove = true): Promise<{ world: World; audienceId: AudienceId }> {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', seed);
  if (remove) await world.mapping('removeUser', seed);
  const audienceId = await world.connect('vip');
  await world.walk();
  return { world, audienceId };
}

const direct = (event: string, who = ana) => ({
  type: 'track',
  event,
  userId: who.userId,
  properties: {},
  context: { traits: { email: who.email } },
});
const optOut = (world: World) => world.mapping('removeFromAudience', named, { trigger: 'event = "Opted Out"' });
const signUp = (world: World) => world.mapping('addToAudience', named, { trigger: 'event = "Signed Up"' });
const levels = async (world: World): Promise<number[]> => (await world.rows()).map((row) => row.level);
const breakMapping = (slug: string) =>
  database.db.query(sql`update mappings set trigger = '((' where action_slug = ${slug}`);

test('a saved mapping that no longer compiles leaves its people as they are', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  await world.settleAll();
  await breakMapping('addUser');
  await world.process(engageEvent('vip', true, ana));
  expect(await world.rows()).toMatchObject([{ level: 1, lane: null }]);
  // Remove Users compiles: who leaves is removed.
  await world.process(engageEvent('vip', false, ana));
  expect(await levels(world)).toEqual([0]);
});

test('while a Remove mapping does not compile nobody who left is removed or kept: that is decided when it is mended', async () => {
  const { world, audienceId } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  await breakMapping('removeUser');
  await world.process(engageEvent('vip', false, ana));
  expect(await levels(world)).toEqual([1]);
  await database.db.query(
    sql`update mappings set trigger = 'event = "Audience Exited"' where action_slug = 'removeUser'`,
  );
  await rewalk(world, audienceId);
  expect(await levels(world)).toEqual([0]);
});

const rewalk = async (world: World, audienceId: AudienceId): Promise<void> => {
  const { spaceId, destinationId } = world;
  const walk = { spaceId, audienceId, destinationId, reason: 'mapping' };
  await database.db.transaction((tx) => beginWalk(tx, { clock: world.clock }, walk));
  await world.walk();
};

test('rule 12: people=keep keeps also those who once left and came back; when they leave again they go', async () => {
  const { world, audienceId } = await seeded();
  await world.process(engageEvent('vip', true, ana), engageEvent('vip', true, ben));
  await world.process(engageEvent('vip', false, ana));
  await world.process(engageEvent('vip', true, ana));
  await world.settleAll();
  const { spaceId, destinationId } = world;
  await database.db.transaction(async (tx) => {
    await beginRelease(tx, world, spaceId, { destinationId, people: 'keep' });
    await tx.query(sql`update mappings set deleted_at = now() where action_slug = 'addUser'`);
  });
  await rewalk(world, audienceId);
  expect(await levels(world)).toEqual([2, 2]);
  await world.process(engageEvent('vip', false, ana));
  expect((await levels(world)).sort()).toEqual([0, 2]);
});

test('rule 13: a test event that shows a member and somebody else to be one levels the one anew', async () => {
  const { world, audienceId } = await seeded();
  await world.process({
    ...direct('Seen', { userId: '', email: 'elder@example.com' }),
    userId: undefined,
    anonymousId: 'a1',
  });
  // A member of whom nothing is known that TikTok takes.
  await world.process(engageEvent('vip', true, { userId: 'younger' }));
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, skipped: 1 });
  const event = direct('Signed Up', { userId: 'younger', email: 'elder@example.com' });
  expect(await testOf(world, await destinationOf(world), event)).toEqual({ sent: true });
  expect(await database.db.query(sql`select count(*) as n from profiles where merged_into is not null`)).toEqual([
    { n: 1 },
  ]);
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, skipped: 1 });
});

test('rule 13: a test event that shows three members to be one levels the one anew once', async () => {
  const { world, audienceId } = await seeded();
  // None of them has anything that TikTok takes; the reason changes when the connection is off.
  const card = [{ id: 'c1', type: 'card', collection: 'users', encoding: 'none' }];
  const entered = engageEvent('vip', true, { userId: 'younger' });
  await world.process(entered);
  await world.process({ ...entered, messageId: 'two', userId: undefined, anonymousId: 'a1' });
  const context = entered['context'] as Record<string, unknown>;
  await world.process({
    ...entered,
    messageId: 'three',
    userId: undefined,
    context: { ...context, externalIds: card },
  });
  expect(await world.counts(audienceId)).toMatchObject({ members: 3, skipped: 3 });
  await database.db.query(sql`update audience_connections set enabled = false`);
  const seen = direct('Signed Up', { userId: 'younger', email: '' });
  const event = { ...seen, anonymousId: 'a1', context: { externalIds: card } };
  // Who they are does not hang on whether its mapping still stands.
  const sent = await testOf(world, await destinationOf(world), event, 99 as MappingId);
  expect(sent).toEqual({ sent: false, reason: 'the mapping was deleted meanwhile' });
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, skipped: 1 });
});

test('rule 12: a test event whose destination or mapping was changed or deleted after it had been read tells nobody', async () => {
  const { world } = await seeded();
  await signUp(world);
  const destination = await destinationOf(world);
  const [stored] = await database.db.query<{ id: MappingId }>(
    sql`select mapping_id as id from mappings where action_slug = 'addToAudience'`,
  );
  const event = direct('Signed Up');
  const changed = { sent: false, reason: 'the mapping or the destination was changed meanwhile: test it again' };
  // Its trigger is another one by now.
  expect(await testOf(world, destination, event, stored?.id)).toEqual(changed);
  const settings = { ...destination.settings, batchRows: destination.settings.batchRows + 1 };
  expect(await testOf(world, { ...destination, settings }, event)).toEqual(changed);
  await database.db.query(sql`update mappings set deleted_at = now() where action_slug = 'addToAudience'`);
  expect(await testOf(world, destination, event, stored?.id)).toEqual({
    sent: false,
    reason: 'the mapping was deleted meanwhile',
  });
  await database.db.query(sql`update destinations set deleted_at = now()`);
  expect(await testOf(world, destination, event)).toEqual({
    sent: false,
    reason: 'the destination was deleted meanwhile',
  });
  expect(await world.rows()).toEqual([]);
});

const destinationOf = async (world: World): Promise<Destination> =>
  must(await getDestination(database.db, world.destinationId), 'the one');

const testOf = (world: World, destination: Destination, event: object, id = 0 as MappingId) =>
  database.db.transaction((tx) => {
    const settings = withDefaults('addToAudience', named);
    const mapping = {
      id,
      name: 'test',
      actionSlug: 'addToAudience',
      trigger: 'type = "track"',
      enabled: true,
      settings,
    };
    const deps = { clock: world.clock, producers: producersOf({ log: silentLog }) };
    return sendTest(tx, deps, { destination, mapping, event: { messageId: 'test', ...event } as never });
  });

// Two names of one audience ----------------------------------------------------------------------------------------------

/** What markReady commits when the world's target turns out to be an audience that another one feeds. */
async function claimedTwice(world: World): Promise<{ from: TargetId; to: TargetId }> {
  const [old] = await database.db.query<{ id: TargetId }>(sql`select target_id as id from targets`);
  const [feeding] = await database.db.query<{ id: TargetId }>(sql`
    insert into targets (space_id, destination_id, advertiser_id, tiktok_id, state, created_at, updated_at)
    values (${world.spaceId}, ${world.destinationId}, ${advertiserId}, '77', 'ready', now(), now()) returning target_id as id`);
  const from = must(old, 'one target').id;
  await database.db.query(sql`update targets set state = 'blocked', tiktok_id = '77' where target_id = ${from}`);
  return { from, to: must(feeding, 'inserted').id };
}

const withWork = async (): Promise<number> =>
  (await owed.destinationsWithWork(database.db, new Date(), { blocked: new Date(0), unseen: new Date(0) })).length;
const move = (world: World) =>
  database.db.transaction((tx) => moveSiblings(tx, { clock: world.clock }, world.destinationId));
const held = () =>
  database.db.query(sql`
    select m.target_id, m.level, exists (select 1 from changes c where c.target_id = m.target_id and c.seq = m.seq) as owed
    from memberships m order by m.target_id, m.origin_id, m.person_id`);

test('rule 12: rows that a crash left at the second name of an audience move, with pointers, by the next run', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  const { from, to } = await claimedTwice(world);
  const hash = Buffer.alloc(32, 7);
  await database.db.transaction((tx) =>
    owed.addDoubts(tx, world.spaceId, [{ targetId: from, type: 0, hash }], new Date()),
  );
  expect(await withWork()).toBe(1);
  expect(await move(world)).toBe(1);
  expect(await held()).toEqual([{ target_id: to, level: 1, owed: true }]);
  expect(await database.db.query(sql`select target_id, hash from doubts`)).toEqual([{ target_id: to, hash }]);
  expect(await database.db.query(sql`select distinct target_id from changes`)).toEqual([{ target_id: to }]);
  expect(await move(world)).toBe(0);
});

test('rule 12: a large audience moves in chunks, and what is left of it without people is looked through once', async () => {
  const { world } = await seeded();
  const many = Array.from({ length: 2_100 }, (_, n) => ({ userId: `u${n}`, email: `p${n}@example.com` }));
  await world.process(...many.map((person) => engageEvent('vip', true, person)));
  const { to } = await claimedTwice(world);
  const looked = { count: 0 };
  const moved: number[] = [];
  // Nobody is counted as owed twice on the way.
  const pointers: number[] = [];
  while (moved.at(-1) !== 0) {
    moved.push(
      await database.db.transaction((tx) => {
        const query: Tx['query'] = (statement) => {
          if (/delete from changes[^;]*not exists/.test(statement.text)) looked.count += 1;
          return tx.query(statement);
        };
        return moveSiblings({ ...tx, query }, { clock: world.clock }, world.destinationId);
      }),
    );
    pointers.push((await database.db.query(sql`select 1 from changes`)).length);
  }
  expect(moved).toEqual([2_000, 100, 0]);
  expect(looked.count).toBe(1);
  expect(pointers).toEqual([2_100, 2_100, 2_100]);
  expect(await database.db.query(sql`select target_id, count(*) as n from changes group by 1`)).toEqual([
    { target_id: to, n: 2_100 },
  ]);
  expect(await withWork()).toBe(1);
});

test('rule 12: a micro-batch that had the old target in its hands when the rows moved is caught up with', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  const { from, to } = await claimedTwice(world);
  await move(world);
  await world.process(engageEvent('vip', true, ben));
  // As if it had committed with the old id only now.
  const late = sql`set target_id = ${from} where target_id = ${to} and person_id = (select max(person_id) from profiles)`;
  await database.db.query(sql`update memberships ${late}`);
  await database.db.query(sql`update changes ${late}`);
  expect(await withWork()).toBe(1);
  expect(await move(world)).toBe(1);
  expect(await held()).toEqual([
    { target_id: to, level: 1, owed: true },
    { target_id: to, level: 1, owed: true },
  ]);
});

test('I2: whoever left while the rows were about to move does not come back with them', async () => {
  const { world } = await seeded();
  await optOut(world);
  await signUp(world);
  await world.process(engageEvent('vip', true, ana), direct('Signed Up', ben));
  const { to } = await claimedTwice(world);
  // Both are told of the feeding target; the old rows still stand at the other one.
  await world.process(engageEvent('vip', false, ana), direct('Opted Out', ben));
  await move(world);
  await world.walk();
  expect((await held()).map((row) => [row['target_id'], row['level']])).toEqual([
    [to, 0],
    [to, 0],
  ]);
});

// Audiences at TikTok ----------------------------------------------------------------------------------------------------

test('a disabled mapping makes no TikTok audience, and still protects the people of one that is there', async () => {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', seed);
  const audienceId = await world.connect('vip');
  await world.process(engageEvent('vip', true, ana));
  await world.mapping('addUser', { ...seed, personas_audience_key: 'other' }, { enabled: false });
  await world.connect('other');
  await world.process(engageEvent('other', true, ana));
  expect(await database.db.query(sql`select named from targets`)).toEqual([{ named: 'vip' }]);
  await database.db.query(sql`update mappings set enabled = false`);
  await rewalk(world, audienceId);
  expect(await levels(world)).toEqual([1]);
});

test('a Remove mapping of people who left long ago makes no TikTok audience in a walk', async () => {
  const world = await makeWorld(database.db);
  await world.mapping('removeUser', seed);
  await world.process(engageEvent('vip', true, ana));
  await world.process(engageEvent('vip', false, ana));
  await world.connect('vip');
  await world.walk();
  expect(await database.db.query(sql`select named from targets`)).toEqual([]);
});

test('a removal that TikTok refuses is not forgotten', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana), engageEvent('vip', true, ben));
  await world.process(engageEvent('vip', false, ana), engageEvent('vip', false, ben));
  await world.settleAll();
  await database.db.query(sql`update memberships set settled_at = '2026-06-01'`);
  await database.db.query(sql`
    insert into parked (space_id, target_id, origin_id, person_id, variant, seq, action, code, message, at)
    select space_id, target_id, origin_id, person_id, variant, seq, 'delete', 40002, 'refused', '2026-06-01' from memberships
    order by person_id limit 1`);
  const sweep = () => database.db.transaction((tx) => sweepAbsentRows(tx, new Date('2026-07-02T00:00:00Z'), 100));
  expect(await sweep()).toBe(1);
  expect(await levels(world)).toEqual([0]);
  await database.db.query(sql`delete from parked`);
  expect(await sweep()).toBe(1);
});

// Counting ---------------------------------------------------------------------------------------------------------------

test('a direct removal of somebody kept does not count as a skipped member', async () => {
  const { world, audienceId } = await seeded(false);
  await optOut(world);
  await world.process(engageEvent('vip', true, ana));
  await world.process(engageEvent('vip', false, ana));
  await world.process(direct('Opted Out'));
  expect(await world.counts(audienceId)).toMatchObject({ members: 0, skipped: 0, onTikTok: 0 });
  expect(await database.db.query(sql`select 1 from skip_reasons`)).toEqual([]);
});

test('a disabled connection does not claim that its new members are on TikTok, nor that those who left are skipped', async () => {
  const { world, audienceId } = await seeded();
  await world.process(engageEvent('vip', true, ana), engageEvent('vip', true, { userId: 'u-nobody' }));
  await world.settleAll();
  await database.db.query(sql`update audience_connections set enabled = false`);
  await world.process(engageEvent('vip', true, ben));
  expect(await world.counts(audienceId)).toMatchObject({ members: 3, onTikTok: 1, skipped: 2, owed: 0 });
  await world.process(engageEvent('vip', false, { userId: 'u-nobody' }), engageEvent('vip', false, ana));
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, onTikTok: 0, skipped: 1, owed: 0 });
});

test('while a walk is under way those behind its cursor are counted as they are, and the rest as owed', async () => {
  const { world, audienceId } = await seeded();
  await world.process(...[0, 1, 2, 3].map((n) => engageEvent('vip', true, person(n))));
  await world.process(engageEvent('vip', true, { userId: 'u-nobody' }));
  await world.settleAll();
  const cursor = sql`(select person_id from audience_members order by person_id offset 1 limit 1)`;
  await database.db.query(sql`update walks set finished_at = null, cursor_person = ${cursor}`);
  expect(await world.counts(audienceId)).toMatchObject({ members: 5, onTikTok: 2, owed: 3, skipped: 0 });
});

// Merges and order -------------------------------------------------------------------------------------------------------

test('rule 13: a direct removal of either of two people ends the older rows of the one they become', async () => {
  const { world } = await seeded();
  await signUp(world);
  await optOut(world);
  await world.process(direct('Signed Up', ana), engageEvent('vip', true, ana));
  await world.process(direct('Opted Out', ben));
  await world.process({ type: 'alias', previousId: ben.userId, userId: ana.userId });
  expect(new Set((await world.rows()).map((row) => row.person)).size).toBe(1);
  expect((await levels(world)).filter((level) => level !== 0)).toEqual([]);
  const audienceId = await world.audience('vip');
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, skipped: 1, onTikTok: 0 });
});

test('I2: an exit that a newer enter has overtaken leaves the same rows as if it had come in time', async () => {
  const old = { ...ana, email: 'old@example.com' };
  const { world } = await seeded();
  await world.process(engageEvent('vip', false, old));
  await world.process(engageEvent('vip', true, ana));
  const expected = (await world.rows()).map(({ level, hashes }) => ({ level, hashes }));
  expect(expected.map(({ level }) => level).sort()).toEqual([0, 1]);
  await database.db.query(sql`delete from changes`);
  await database.db.query(sql`delete from memberships`);
  await database.db.query(sql`delete from audience_members`);
  await world.process(engageEvent('vip', true, ana));
  await world.processLate(30, engageEvent('vip', false, old));
  const rows = (await world.rows()).map(({ level, hashes }) => ({ level, hashes }));
  expect(rows).toEqual(expect.arrayContaining(expected));
  expect(rows).toHaveLength(expected.length);
});

// Walks ------------------------------------------------------------------------------------------------------------------

test('a walk that fails rests, the others go on, and it is tried again later', async () => {
  const { world, audienceId: bad } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  const good = await world.connect('other');
  await database.db.query(sql`update walks set finished_at = null, cursor_person = 0 where audience_id = ${bad}`);
  const [sound] = await database.db.query<{ records: unknown }>(sql`select records from audience_members`);
  await database.db.query(sql`update audience_members set records = '[{"set":"x"}]'::jsonb`);
  await world.walk();
  const unfinished = () =>
    database.db.query(sql`select audience_id, failures from walks where finished_at is null order by audience_id`);
  expect(await unfinished()).toEqual([{ audience_id: bad, failures: 1 }]);
  await world.clock.advance(10_000);
  await world.walk();
  expect(await unfinished()).toEqual([{ audience_id: bad, failures: 2 }]);
  await database.db.query(sql`update audience_members set records = ${JSON.stringify(sound?.records)}::jsonb`);
  await world.clock.advance(10_000);
  await world.walk();
  expect(await unfinished()).toHaveLength(1);
  await world.clock.advance(10_000);
  await world.walk();
  expect(await unfinished()).toEqual([]);
  expect(good).not.toBe(bad);
});
