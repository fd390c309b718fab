// What the ledger does when something is amiss: a mapping that no longer compiles, two names of one audience, a walk that fails.
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { AudienceId, TargetId } from '../contract/ids.ts';
import { must } from '../server/kernel/result.ts';
import { beginWalk, moveSiblings, owed, releaseRows } from '../server/ledger/ledger.ts';
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
    await releaseRows(tx, { spaceId, destinationId }, 'keep');
    await tx.query(sql`update mappings set deleted_at = now() where action_slug = 'addUser'`);
  });
  await rewalk(world, audienceId);
  expect(await levels(world)).toEqual([2, 2]);
  await world.process(engageEvent('vip', false, ana));
  expect((await levels(world)).sort()).toEqual([0, 2]);
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
  (await owed.destinationsWithWork(database.db, new Date(), new Date(0))).length;
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

test('rule 12: a micro-batch that had the old target in its hands when the rows moved is caught up with', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  const { from, to } = await claimedTwice(world);
  await move(world);
  await world.process(engageEvent('vip', true, ben));
  // As if it had committed with the old id only now.
  for (const table of ['memberships', 'changes']) {
    const statement = table === 'changes' ? sql`update changes set` : sql`update memberships set`;
    await database.db.query(
      sql`${statement} target_id = ${from} where target_id = ${to} and person_id = (select max(person_id) from profiles)`,
    );
  }
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
