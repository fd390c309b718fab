// Rule 12 at work: the life of a target against a TikTok whose audiences are deleted, made again, and fed by two.
import { createHash } from 'node:crypto';
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';

import { createDelivery } from '../server/delivery/delivery.ts';
import { findTargets, targetsOf } from '../server/destinations/destinations.ts';
import { hours, type Millis, minutes, seconds } from '../server/kernel/clock.ts';
import { type CrashPoint, noCrash, type ReachCrashPoint } from '../server/kernel/crash-point.ts';
import { silentLog } from '../server/kernel/log.ts';
import { seededRandom } from '../server/kernel/random.ts';
import { must } from '../server/kernel/result.ts';
import { vault as makeVault, Secret } from '../server/kernel/secret.ts';
import {
  beginRelease,
  endTargets,
  giveUp,
  producersOf,
  remakeTarget,
  sweepStalePointers,
} from '../server/ledger/ledger.ts';
import type { MappingBatch } from '../server/tiktok/tiktok.ts';
import { testDatabase } from './support/database.ts';
import { answerOf, audienceView, fakeTikTok } from './support/fake-tiktok.ts';
import { engageEvent } from './support/usher.ts';
import { advertiserId, makeWorld, type World } from './support/world.ts';

const database = testDatabase(import.meta.url);
const person = (n: number) => ({ userId: `u${n}`, email: `p${n}@example.com` });
const enter = (n: number) => engageEvent('vip', true, person(n));
const exit = (n: number) => engageEvent('vip', false, person(n));
const hashOf = (n: number): string => createHash('sha256').update(person(n).email).digest('hex');
const hashesOf = (...numbers: number[]): Set<string> => new Set(numbers.map(hashOf));
const seed = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };

/** A TikTok that keeps a set of hashes for each of its audiences. */
function tiktokWithSets() {
  const fake = fakeTikTok();
  const sets = new Map<string, Set<string>>();
  const exists = (id: string) => (fake.audiences.get(advertiserId) ?? []).some((one) => one.audienceId === id);
  const mapping = async (_: unknown, batch: MappingBatch) => {
    if (!batch.rows.every((row) => row.audienceIds.every(exists)))
      return answerOf<null>('refused', undefined, 'invalid audience ID');
    for (const { audienceIds, hashes } of batch.rows) {
      for (const id of audienceIds) {
        const set = sets.get(id) ?? new Set();
        sets.set(id, set);
        for (const hash of hashes) if (hash) set[batch.action === 'add' ? 'add' : 'delete'](hash.toString('hex'));
      }
    }
    return answerOf<null>('ok', null);
  };
  return {
    fake,
    tiktok: { ...fake, mapping },
    setOf: (id: string) => sets.get(id) ?? new Set<string>(),
    make: (id: string, name = 'vip') =>
      fake.audiences.set(advertiserId, [...(fake.audiences.get(advertiserId) ?? []), audienceView(id, name)]),
    remove: (id: string) =>
      fake.audiences.set(
        advertiserId,
        (fake.audiences.get(advertiserId) ?? []).filter((one) => one.audienceId !== id),
      ),
    count: (kind: string) => fake.calls.filter((call) => call === kind).length,
  };
}

/** The seed's mappings for one audience, connected, with a sender whose time is the world's. */
async function shop(options: { remove?: boolean } = {}) {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', seed);
  if (options.remove !== false) await world.mapping('removeUser', seed);
  const audienceId = await world.connect('vip');
  await world.walk();
  const at = tiktokWithSets();
  const { run, delivery } = await sender(world, at.tiktok);
  const only = async () => must((await targetsOf(database.db, world.destinationId))[0], 'a target');
  return { world, audienceId, ...at, run, delivery, only };
}

async function sender(
  world: World,
  tiktok: ReturnType<typeof tiktokWithSets>['tiktok'],
  reached: ReachCrashPoint = noCrash,
) {
  const { random, vault } = await connectTo(world, world.destinationId);
  const { clock } = world;
  const delivery = createDelivery({
    db: database.db,
    clock,
    random,
    log: silentLog,
    vault,
    tiktok,
    reached,
    nodeId: `n${random.bytes(6).toString('hex')}${clock.now()}`,
    virtualNow: () => new Date(clock.now()),
    cut: () => {},
    settings: {
      lease: seconds(30),
      doubtWindow: minutes(15),
      callTimeout: seconds(5),
      parallelCalls: 2,
      batchBytes: 1e6,
    },
  });
  /** As often as it takes until nothing more is to be done now; `after`: so much later. */
  const run = async (after: Millis = seconds(1)): Promise<void> => {
    await clock.advance(after);
    // A second each: a node that is new calls only when the others have counted it.
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(seconds(1));
      await delivery.step();
      await delivery.settled();
      await world.walk();
    }
  };
  return { delivery, run };
}

async function connectTo(world: World, destinationId: World['destinationId']) {
  const random = seededRandom(7);
  const vault = makeVault(Buffer.alloc(32, 1), random);
  const token = vault.seal(`destinations|${destinationId}|access_token`, new Secret('invented'));
  await database.db.query(sql`
    update destinations set access_token = ${token}, connected_at = ${new Date(world.clock.now())}
    where destination_id = ${destinationId}`);
  return { random, vault };
}

const targets = (world: World) => targetsOf(database.db, world.destinationId);
const life = (world: World) =>
  endTargets({ db: database.db, clock: world.clock, producers: producersOf({ log: silentLog }) });
const owedPointers = async (): Promise<number> =>
  (await database.db.query<{ n: number }>(sql`select count(*) as n from changes`))[0]?.n ?? 0;

test('rule 12: an audience deleted at TikTok blocks its target, is not made again unasked, and keeps what is owed', async () => {
  const { world, run, remove, only, count, audienceId } = await shop();
  await world.process(enter(1), enter(2));
  await run();
  const made = must((await only()).tiktokId, 'found');
  remove(made);
  await world.process(enter(3), exit(1));
  await run();
  expect(await only()).toMatchObject({
    state: 'blocked',
    problem: 'gone',
    reason: expect.stringContaining('was deleted at TikTok'),
  });
  for (let looks = 0; looks < 3; looks += 1) await run(minutes(11));
  expect(count('create')).toBe(1);
  expect(await world.counts(audienceId)).toMatchObject({ members: 2, owed: 1, onTikTok: 1 });
});

test('rule 12: an audience that is made again under the same name is a new target, and everybody present follows', async () => {
  const { world, run, remove, make, only, setOf, audienceId } = await shop();
  await world.process(enter(1), enter(2));
  await run();
  const old = await only();
  remove(must(old.tiktokId, 'found'));
  await world.process(enter(3), exit(1));
  await run();
  make('900');
  await run(minutes(11));
  expect(setOf('900')).toEqual(hashesOf(2, 3));
  const [gone, taken] = await targets(world);
  expect(gone).toMatchObject({ id: old.id, state: 'gone', replacedBy: taken?.id });
  expect(taken).toMatchObject({ state: 'ready', tiktokId: '900', named: 'vip' });
  expect(await world.counts(audienceId)).toMatchObject({ members: 2, owed: 0, onTikTok: 2, leaving: 0 });
  expect(await owedPointers()).toBe(0);
  await world.process(exit(2), enter(4));
  await run();
  expect(setOf('900')).toEqual(hashesOf(3, 4));
});

test('rule 12: who names an audience that was replaced, by its id, is led to the one in its place, in one step', async () => {
  const { world, run, remove, only } = await shop();
  await world.process(enter(1));
  await run();
  const old = await only();
  const led = async () => {
    const id = must(old.tiktokId, 'found');
    return (await findTargets(database.db, world.destinationId, [{ advertiserId, audience: { by: 'id', id } }]))[0];
  };
  expect(await led()).toBe(old.id);
  for (let times = 0; times < 2; times += 1) {
    const standing = must(
      (await targets(world)).find((target) => target.state !== 'gone'),
      'a live target',
    );
    remove(must(standing.tiktokId, 'found'));
    await world.process(enter(10 + times));
    await run();
    const gone = must(
      (await targets(world)).find((target) => target.problem === 'gone'),
      'blocked',
    );
    const replaced = await database.db.transaction((tx) => remakeTarget(tx, world, gone, 'create'));
    expect(replaced).toEqual({ ok: true, value: await led() });
    await run();
  }
});

test('several new audiences of the name are a choice; the deleted one, still listed for a while, is none of them', async () => {
  const { world, run, remove, make, only, fake } = await shop();
  await world.process(enter(1));
  await run();
  const old = must((await only()).tiktokId, 'found');
  remove(old);
  await world.process(enter(2));
  await run();
  make('900');
  make('901');
  make(old);
  fake.next.get = [answerOf('ok', []) as never];
  await run(minutes(11));
  const blocked = await only();
  expect(blocked).toMatchObject({ state: 'blocked', problem: 'gone' });
  expect(blocked.choices.map((choice) => choice.audienceId)).toEqual(['900', '901']);
});

test('an audience that was only out of sight feeds on under its own id', async () => {
  const { world, run, remove, make, only, setOf } = await shop();
  await world.process(enter(1));
  await run();
  const id = must((await only()).tiktokId, 'found');
  remove(id);
  await world.process(enter(2));
  await run();
  expect((await only()).problem).toBe('gone');
  make(id);
  await run(minutes(11));
  expect(setOf(id)).toEqual(hashesOf(1, 2));
  expect(await targets(world)).toHaveLength(1);
});

test.each<CrashPoint>([
  'targets: replaced, nobody moved',
  'targets: people moved in part',
  'delivery: announced, not called',
  'delivery: called, not settled',
])('rule 12: a crash at "%s" loses nobody on the way to the new audience', async (point) => {
  const { world, run, remove, make, only, setOf, tiktok, audienceId, delivery } = await shop();
  await world.process(enter(1), enter(2), enter(3));
  await run();
  remove(must((await only()).tiktokId, 'found'));
  await world.process(exit(1));
  await run();
  await delivery.stop();
  make('900');
  let crashes = 0;
  const dying = await sender(world, tiktok, (reached) => {
    if (reached !== point || crashes > 0) return;
    crashes += 1;
    throw new Error('killed');
  });
  await world.clock.advance(minutes(11));
  for (let round = 0; round < 8 && crashes === 0; round += 1) {
    await world.clock.advance(seconds(1));
    await dying.delivery.step();
    await dying.delivery.settled();
  }
  expect(crashes).toBe(1);
  // While the dead one's lease lasts, events go on.
  await world.process(exit(2), enter(4));
  const next = await sender(world, tiktok);
  await next.run(seconds(31));
  await next.run(minutes(16));
  expect(setOf('900')).toEqual(hashesOf(3, 4));
  expect(await world.counts(audienceId)).toMatchObject({ members: 2, owed: 0, onTikTok: 2 });
  expect(await owedPointers()).toBe(0);
});

test('rule 12: thousands follow in chunks, each told once, while somebody leaves between two of them', async () => {
  const { world, run, remove, only, setOf, tiktok, make, delivery } = await shop();
  const all = Array.from({ length: 2_300 }, (_, n) => n);
  await world.process(...all.map(enter));
  await run();
  remove(must((await only()).tiktokId, 'found'));
  await world.process(exit(0));
  await run();
  await delivery.stop();
  make('900');
  const told: string[] = [];
  const counting = {
    ...tiktok,
    mapping: async (call: unknown, batch: MappingBatch) => {
      if (batch.action === 'add')
        told.push(...batch.rows.flatMap((row) => row.hashes.map((hash) => hash?.toString('hex') ?? '')));
      return tiktok.mapping(call, batch);
    },
  };
  const moving = await sender(world, counting);
  const gone = await only();
  const replaced = await database.db.transaction((tx) => remakeTarget(tx, world, gone, { tiktokId: '900' }));
  expect(replaced.ok).toBe(true);
  // A chunk of the move, and then an exit of somebody who is in another chunk.
  await world.process(exit(2_299));
  await moving.run();
  expect(setOf('900')).toEqual(hashesOf(...all.slice(1, -1)));
  expect(new Set(told).size).toBe(told.length);
});

test('whoever has it created again gets a new audience with everybody in it, made once', async () => {
  const { world, run, remove, only, setOf, count } = await shop();
  await world.process(enter(1), enter(2));
  await run();
  remove(must((await only()).tiktokId, 'found'));
  await world.process(enter(3));
  await run();
  await database.db.query(sql`update destinations set settings = settings || '{"createAudiences": false}'::jsonb`);
  const gone = await only();
  await database.db.transaction((tx) => remakeTarget(tx, world, gone, 'create'));
  await run();
  const taken = must(
    (await targets(world)).find((target) => target.state === 'ready'),
    'a new target',
  );
  expect(setOf(must(taken.tiktokId, 'made'))).toEqual(hashesOf(1, 2, 3));
  expect(count('create')).toBe(2);
});

test('an exit of an audience that TikTok does not have makes none, and owes nothing', async () => {
  const { world, run, only, count, setOf } = await shop();
  await world.process(exit(1));
  await run();
  expect(count('create')).toBe(0);
  expect(count('list')).toBe(1);
  expect(await owedPointers()).toBe(0);
  expect(await only()).toMatchObject({ state: 'unresolved', reason: expect.stringContaining('nothing to remove') });
  await run(hours(1));
  expect(count('list')).toBe(1);
  await world.process(enter(2));
  await run();
  expect(count('create')).toBe(1);
  expect(setOf(must((await only()).tiktokId, 'made'))).toEqual(hashesOf(2));
});

test('an exit of an audience that TikTok has is told, even if nobody was ever seen entering', async () => {
  const { world, run, make, setOf } = await shop();
  make('900');
  setOf('900');
  await world.process(enter(1));
  await run();
  await world.process(exit(1));
  await run();
  expect(setOf('900')).toEqual(new Set());
  expect(await owedPointers()).toBe(0);
});

test('rule 11: a node that stalled while it looked does not block what its successor has found', async () => {
  const { world, tiktok, only, delivery } = await shop();
  await database.db.query(sql`update destinations set settings = settings || '{"createAudiences": false}'::jsonb`);
  await world.process(enter(1));
  let stalls = 0;
  const stalled = await sender(world, {
    ...tiktok,
    listAudiences: async () => {
      stalls += 1;
      // Meanwhile its lease runs out, and another node finds the audience that was just made.
      await database.db.query(sql`update leases set fence = fence + 1, holder = 'another'`);
      await database.db.query(
        sql`update targets set state = 'ready', tiktok_id = '900', looked_at = ${new Date(world.clock.now())}`,
      );
      return answerOf('ok', []);
    },
  });
  await delivery.stop();
  await stalled.run();
  expect(stalls).toBe(1);
  expect(await only()).toMatchObject({ state: 'ready', tiktokId: '900', problem: null });
});

test('what nothing names any more leaves in the background and is gone when nothing is owed', async () => {
  const { world, run, only, setOf } = await shop();
  await world.process(enter(1), enter(2));
  await run();
  const { tiktokId } = await only();
  await life(world);
  expect((await only()).leavingSince).toBeNull();
  await deleteMappings(world, 'remove');
  await life(world);
  expect(await only()).toMatchObject({ state: 'leaving', leavingSince: expect.any(Date) });
  await life(world);
  expect((await only()).state).toBe('leaving');
  await run();
  expect(setOf(must(tiktokId, 'found'))).toEqual(new Set());
  await life(world);
  expect((await only()).state).toBe('gone');
  await life(world);
  expect(await world.rows()).toEqual([]);
});

const deleteMappings = (world: World, people: 'keep' | 'remove') =>
  database.db.transaction(async (tx) => {
    await tx.query(sql`update mappings set deleted_at = now()`);
    await beginRelease(tx, world, world.spaceId, { destinationId: world.destinationId, people });
  });

test('who is kept keeps a target leaving; given up it says how many stay, and forgotten it is gone', async () => {
  const { world, run, only, audienceId } = await shop();
  await world.process(enter(1), enter(2), enter(3));
  await run();
  await deleteMappings(world, 'remove');
  await life(world);
  const place = { spaceId: world.spaceId, destinationId: world.destinationId, targetId: (await only()).id };
  expect(await giveUp(database.db, place, false)).toEqual({ stayed: 3 });
  expect(await owedPointers()).toBe(0);
  expect(await world.counts(audienceId)).toMatchObject({ kept: 3 });
  await life(world);
  expect((await only()).state).toBe('leaving');
  expect(await giveUp(database.db, place, true)).toEqual({ stayed: 3 });
  expect(await world.counts(audienceId)).toMatchObject({ kept: 0 });
  await world.walk();
  await life(world);
  expect((await only()).state).toBe('gone');
});

test('a mapping that names a leaving target again takes it back', async () => {
  const { world, run, only } = await shop();
  await world.process(enter(1));
  await run();
  await deleteMappings(world, 'keep');
  await life(world);
  expect((await only()).state).toBe('leaving');
  await world.mapping('addUser', seed);
  await life(world);
  expect(await only()).toMatchObject({ state: 'ready', leavingSince: null });
});

test('an audience deleted at TikTok while it was leaving is over: nobody is there any more', async () => {
  const { world, run, only, remove } = await shop();
  await world.process(enter(1));
  await run();
  await deleteMappings(world, 'remove');
  await life(world);
  remove(must((await only()).tiktokId, 'found'));
  await run();
  expect(await only()).toMatchObject({ state: 'blocked', problem: 'gone' });
  await life(world);
  expect((await only()).state).toBe('gone');
  await life(world);
  expect(await owedPointers()).toBe(0);
  expect(await world.rows()).toEqual([]);
});

test('TikTok’s own view is read every six hours, one list an ad account, and finds what was deleted', async () => {
  const { world, run, only, remove, fake, count } = await shop();
  await world.process(enter(1));
  await run();
  const id = must((await only()).tiktokId, 'made');
  const lists = count('list');
  await run(hours(5));
  expect(count('list')).toBe(lists);
  fake.audiences.set(advertiserId, [audienceView(id, 'vip', { coverNum: 1_200, isValid: true })]);
  await run(hours(2));
  expect(count('list')).toBe(lists + 1);
  expect((await only()).seen).toMatchObject({ coverNum: 1_200, isValid: true });
  const asked = await database.db.query<{ kind: string }>(
    sql`select kind from requests order by request_no desc limit 1`,
  );
  expect(asked).toEqual([{ kind: 'list' }]);
  remove(id);
  await run(hours(7));
  expect(await only()).toMatchObject({ state: 'blocked', problem: 'gone' });
});

test('growth: pointers that join nothing are swept where nothing is sent, and no others', async () => {
  const { world } = await shop();
  await world.process(enter(1), enter(2));
  for (let flips = 0; flips < 5; flips += 1) {
    await world.process(exit(1));
    await world.process(enter(1));
  }
  expect(await owedPointers()).toBe(12);
  let after: Parameters<typeof sweepStalePointers>[1];
  do {
    const from = after;
    after = await database.db.transaction((tx) => sweepStalePointers(tx, from, 5));
  } while (after);
  expect(await owedPointers()).toBe(2);
});

test('I9: nobody of one destination is told to the audience of another that waits for it, until it is let go', async () => {
  const { world, run, only, setOf } = await shop();
  await world.process(enter(1));
  await run();
  const { id, tiktokId } = await only();
  const other = await secondDestination(world);
  await world.process(enter(2));
  await connectTo(world, other);
  await run();
  const [waiting] = await targetsOf(database.db, other);
  expect(waiting).toMatchObject({
    state: 'blocked',
    problem: 'fed-elsewhere',
    reason: expect.stringContaining('"TikTok"'),
  });
  await run();
  expect(setOf(must(tiktokId, 'made'))).toEqual(hashesOf(1, 2));
  await database.db.transaction(async (tx) => {
    await tx.query(sql`update mappings set deleted_at = now() where destination_id = ${world.destinationId}`);
    await beginRelease(tx, world, world.spaceId, { destinationId: world.destinationId, people: 'remove' });
  });
  await life(world);
  await run();
  expect((await targetsOf(database.db, other))[0]?.state).toBe('blocked');
  await life(world);
  expect((await targetsOf(database.db, world.destinationId)).find((t) => t.id === id)?.state).toBe('gone');
  // At once, not at the next look ten minutes later.
  await run();
  expect((await targetsOf(database.db, other))[0]).toMatchObject({ state: 'ready', tiktokId });
  expect(setOf(must(tiktokId, 'made'))).toEqual(hashesOf(1, 2));
});

/** Another destination of the same space, with the same mappings and audience. */
async function secondDestination(world: World): Promise<World['destinationId']> {
  const [made] = await database.db.query<{ id: World['destinationId'] }>(sql`
    insert into destinations (space_id, metadata_id, name, enabled, created_at, updated_at)
    select space_id, metadata_id, 'Other', true, created_at, updated_at from destinations where destination_id = ${world.destinationId}
    returning destination_id as id`);
  const id = must(made, 'inserted').id;
  await database.db.query(sql`
    insert into mappings (space_id, destination_id, name, action_slug, trigger, settings, enabled, created_at, updated_at)
    select space_id, ${id}, name, action_slug, trigger, settings, enabled, created_at, updated_at from mappings`);
  await database.db.query(sql`
    insert into audience_connections (space_id, audience_id, destination_id, settings, created_at, updated_at)
    select space_id, audience_id, ${id}, settings, created_at, updated_at from audience_connections`);
  await database.db.query(sql`
    insert into walks (space_id, audience_id, destination_id, reason, total, started_at)
    select space_id, audience_id, ${id}, 'connected', 0, now() from audience_connections where destination_id = ${id}`);
  await world.walk();
  return id;
}
