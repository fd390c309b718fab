import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { TargetId } from '../contract/ids.ts';
import type { Db } from '../server/db/port.ts';
import { createDelivery, deliveryReads, retryParked } from '../server/delivery/delivery.ts';
import { targetsOf } from '../server/destinations/destinations.ts';
import { type Clock, minutes, seconds, systemClock } from '../server/kernel/clock.ts';
import { noCrash } from '../server/kernel/crash-point.ts';
import { silentLog } from '../server/kernel/log.ts';
import { seededRandom } from '../server/kernel/random.ts';
import { must } from '../server/kernel/result.ts';
import { vault as makeVault, Secret } from '../server/kernel/secret.ts';
import { beginResync, resyncStep } from '../server/ledger/ledger.ts';
import type { MappingBatch } from '../server/tiktok/tiktok.ts';
import { emailHash } from './support/at-tiktok.ts';
import { testDatabase } from './support/database.ts';
import { answerOf, audienceView, fakeTikTok } from './support/fake-tiktok.ts';
import { engageEvent, until } from './support/usher.ts';
import { advertiserId, makeWorld, type World } from './support/world.ts';

const database = testDatabase(import.meta.url);
const person = (n: number) => ({ userId: `u${n}`, email: `p${n}@example.com` });
const mappingOf = (key: string) => ({ selected_advertiser_id: advertiserId, personas_audience_key: key });
type Reply = ReturnType<typeof answerOf<null>>;

/** A delivery whose TikTok answers mapping calls as the test says. */
async function sender(
  world: World,
  mapping: (batch: MappingBatch) => Promise<Reply> | Reply,
  { db = database.db, clock = systemClock }: { db?: Db; clock?: Clock } = {},
) {
  const tiktok = { ...fakeTikTok(), mapping: async (_: unknown, batch: MappingBatch) => mapping(batch) };
  const random = seededRandom(7);
  const vault = makeVault(Buffer.alloc(32, 1), random);
  const token = vault.seal(`destinations|${world.destinationId}|access_token`, new Secret('invented'));
  await database.db.query(sql`
    update destinations set enabled = true, access_token = ${token}, connected_at = now()
    where destination_id = ${world.destinationId}`);
  const delivery = createDelivery({
    db,
    clock,
    random,
    log: silentLog,
    vault,
    tiktok,
    reached: noCrash,
    nodeId: 'n1',
    virtualNow: () => null,
    cut: () => {},
    settings: {
      lease: seconds(30),
      doubtWindow: minutes(15),
      callTimeout: seconds(5),
      parallelCalls: 2,
      batchBytes: 1e6,
    },
  });
  return { tiktok, delivery };
}

/** Two audiences of one ad account, both owed one person, already found at TikTok. */
async function twoAudiences() {
  const world = await makeWorld(database.db);
  for (const key of ['vip', 'other']) {
    await world.mapping('addUser', mappingOf(key));
    await world.connect(key);
  }
  await world.walk();
  await world.process(engageEvent('vip', true, person(0)), engageEvent('other', true, person(1)));
  await database.db.query(sql`update targets set state = 'ready', tiktok_id = '9' || named`);
  return world;
}

test('I6: an audience that is gone costs no further calls and does not hold up another one of its advertiser', async () => {
  const world = await twoAudiences();
  const told: string[] = [];
  let calls = 0;
  const { tiktok, delivery } = await sender(world, (batch) => {
    calls += 1;
    const ids = batch.rows.flatMap((row) => row.audienceIds);
    if (ids.includes('9vip')) return answerOf<null>('gone');
    told.push(...ids);
    return answerOf<null>('ok', null);
  });
  tiktok.audiences.set(advertiserId, [audienceView('9other', 'other')]);
  await until(
    async () => {
      await delivery.step();
      await delivery.settled();
      return told.length;
    },
    (n) => n > 0,
    'the other audience',
  );
  for (let more = 0; more < 5; more += 1) {
    await delivery.step();
    await delivery.settled();
  }
  await delivery.stop();
  expect(told).toEqual(['9other']);
  expect(calls).toBeLessThan(5);
});

test('I6: an audience that is deleted while a call to it is in doubt is found out, and holds up no other one', async () => {
  const world = await twoAudiences();
  await database.db.query(sql`
    insert into doubts (space_id, target_id, type, hash, not_before)
    select space_id, target_id, 0, ${Buffer.from(emailHash('p0@example.com'), 'hex')}, now() - interval '1 minute' from targets
    where named = 'vip'`);
  const told: string[] = [];
  const { tiktok, delivery } = await sender(world, (batch) => {
    const ids = batch.rows.flatMap((row) => row.audienceIds);
    if (ids.includes('9vip')) return answerOf<null>('gone');
    told.push(...ids);
    return answerOf<null>('ok', null);
  });
  tiktok.audiences.set(advertiserId, [audienceView('9other', 'other')]);
  await delivery.step();
  await delivery.settled();
  await delivery.stop();
  expect(await database.db.query(sql`select named, state, problem from targets order by named`)).toEqual([
    { named: 'other', state: 'ready', problem: null },
    { named: 'vip', state: 'blocked', problem: 'gone' },
  ]);
  expect(told).toEqual(['9other']);
  // The call about the doubt is found by its audience too, like every call that tells people.
  const [vip] = await database.db.query<{ target_id: TargetId }>(
    sql`select target_id from targets where named = 'vip'`,
  );
  const calls = await deliveryReads.selectRequests(
    database.db,
    world.destinationId,
    { before: 1e9, limit: 10 },
    { targetId: must(vip, 'a target').target_id },
  );
  expect(calls.map(({ kind, rows, outcome }) => ({ kind, rows, outcome }))).toContainEqual({
    kind: 'add',
    rows: 1,
    outcome: 'gone',
  });
});

test('switching a destination off ends the calls of a run under way', async () => {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', mappingOf('vip'));
  await world.connect('vip');
  await world.walk();
  await database.db.query(sql`update destinations set settings = settings || '{"batchRows": 1}'::jsonb`);
  await world.process(...Array.from({ length: 60 }, (_, i) => engageEvent('vip', true, person(i))));
  await database.db.query(sql`update targets set state = 'ready', tiktok_id = '9'`);
  let calls = 0;
  const { delivery } = await sender(world, async () => {
    calls += 1;
    await database.db.query(sql`update destinations set enabled = false`);
    return answerOf<null>('ok', null);
  });
  await delivery.step();
  await delivery.settled();
  await delivery.stop();
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThan(10);
});

test('an audience that appears while another one keeps the sender busy is served all the same', async () => {
  const world = await makeWorld(database.db);
  for (const key of ['vip', 'other']) {
    await world.mapping('addUser', mappingOf(key));
    await world.connect(key);
  }
  await world.walk();
  await world.process(engageEvent('vip', true, person(500)));
  await database.db.query(sql`update targets set state = 'ready', tiktok_id = '9' where named = 'vip'`);
  const told = new Set<string>();
  let n = 0;
  const { tiktok, delivery } = await sender(world, async (batch) => {
    for (const id of batch.rows.flatMap((row) => row.audienceIds)) told.add(id);
    n += 1;
    if (n === 1) await world.process(engageEvent('other', true, person(1)));
    // As long as the other audience waits, there is always something owed to the first.
    if (!told.has('10')) await world.process(engageEvent('vip', true, person(1_000 + n)));
    return answerOf<null>('ok', null);
  });
  tiktok.audiences.set(advertiserId, [audienceView('9', 'vip'), audienceView('10', 'other')]);
  await until(
    async () => {
      await delivery.step();
      return [...told];
    },
    (ids) => ids.includes('10'),
    'the new audience',
  );
  await delivery.stop();
  expect(told).toEqual(new Set(['9', '10']));
  // Every call leaves a row, looking for the audience too.
  const kinds = await database.db.query<{ kind: string }>(sql`select distinct kind from requests order by kind`);
  expect(kinds.map((row) => row.kind)).toEqual(['add', 'list']);
});

test('rows of a call that TikTok accepted in part are sent once more and then taken for done', async () => {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', mappingOf('vip'));
  await world.connect('vip');
  await world.walk();
  await world.process(engageEvent('vip', true, person(0)));
  await database.db.query(sql`update targets set state = 'ready', tiktok_id = '9'`);
  let calls = 0;
  const { delivery } = await sender(world, () => {
    calls += 1;
    return answerOf<null>('partial', null);
  });
  await until(
    async () => {
      await delivery.step();
      await delivery.settled();
      const [row] = await database.db.query<{ n: number }>(sql`select count(*) as n from changes`);
      return row?.n;
    },
    (n) => n === 0,
    'the pointer to be settled',
  );
  await delivery.stop();
  expect(calls).toBe(2);
});

test('I2: a sender that was stopped between announcing a call and making it makes it no more; a doubt is left of it', async () => {
  const world = await twoAudiences();
  const { db } = database;
  let stoppedFor = 0;
  const requests = async (): Promise<number> => (await db.query(sql`select 1 from requests`)).length;
  const stalling: Db = {
    ...db,
    async transaction(work, options) {
      const result = await db.transaction(work, options);
      if (stoppedFor === 0 && (await requests()) > 0) stoppedFor = minutes(20);
      return result;
    },
  };
  const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + stoppedFor };
  let calls = 0;
  const reply = () => {
    calls += 1;
    return answerOf<null>('ok', null);
  };
  const { delivery } = await sender(world, reply, { db: stalling, clock });
  await delivery.step();
  await delivery.settled();
  expect(await requests()).toBe(1);
  expect(calls).toBe(0);
  await until(
    async () => {
      await delivery.step();
      await delivery.settled();
      return calls;
    },
    (n) => n > 0,
    'the successor to call',
  );
  await delivery.stop();
  expect((await db.query(sql`select 1 from doubts`)).length).toBeGreaterThan(0);
});

/** A destination that has told its first person, and a TikTok that refuses one e-mail until it is mended. */
async function oneRefused(refused: string) {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', mappingOf('vip'));
  await world.connect('vip');
  await world.walk();
  await world.process(engageEvent('vip', true, person(0)));
  await database.db.query(sql`update targets set state = 'ready', tiktok_id = '9'`);
  const tiktokSide = { mended: false, told: [] as string[] };
  const { tiktok, delivery } = await sender(world, ({ rows }) => {
    const hashes = rows.flatMap((row) => row.hashes.flatMap((hash) => (hash ? [hash.toString('hex')] : [])));
    tiktokSide.told.push(...hashes);
    return !tiktokSide.mended && hashes.includes(emailHash(refused))
      ? answerOf<null>('refused')
      : answerOf<null>('ok', null);
  });
  tiktok.audiences.set(advertiserId, [audienceView('9', 'vip')]);
  const send = async (): Promise<void> => {
    await delivery.step();
    await delivery.settled();
  };
  await send();
  return {
    world,
    delivery,
    send,
    tiktokSide,
    parked: () => deliveryReads.countParked(database.db, world.destinationId),
  };
}

test('I1: a refused e-mail stays parked when the same person gets another one, and a retry tells it', async () => {
  const { world, delivery, send, tiktokSide, parked } = await oneRefused('p1@example.com');
  await world.process(engageEvent('vip', true, person(1)));
  await send();
  expect(await parked()).toBe(1);
  await world.process(engageEvent('vip', true, { userId: 'u1', email: 'other1@example.com' }));
  await send();
  expect(tiktokSide.told).toContain(emailHash('other1@example.com'));
  expect(await parked()).toBe(1);
  Object.assign(tiktokSide, { mended: true, told: [] });
  await database.db.transaction((tx) => retryParked(tx, world.destinationId));
  await send();
  await delivery.stop();
  expect(tiktokSide.told).toEqual([emailHash('p1@example.com')]);
  expect(await parked()).toBe(0);
});

test('I7: a resync of the other e-mail of a person does not tell the one that TikTok refused', async () => {
  const { world, delivery, send, tiktokSide, parked } = await oneRefused('p1@example.com');
  await world.process(
    engageEvent('vip', true, person(1)),
    engageEvent('vip', true, { userId: 'u1', email: 'other1@example.com' }),
  );
  await send();
  expect(await parked()).toBe(1);
  tiktokSide.told = [];
  const [target] = await targetsOf(database.db, world.destinationId);
  await database.db.transaction((tx) => beginResync(tx, world.clock, must(target, 'the target')));
  await world.clock.advance(minutes(3));
  while ((await resyncStep({ db: database.db, clock: world.clock, log: silentLog })) === 'more') await send();
  await delivery.stop();
  expect(tiktokSide.told.sort()).toEqual([emailHash('p0@example.com'), emailHash('other1@example.com')].sort());
  expect(await parked()).toBe(1);
});
