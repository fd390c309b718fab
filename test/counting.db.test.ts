import fc from 'fast-check';
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { AudienceId, MappingId, PersonId, TargetId } from '../contract/ids.ts';
import { endConnection, holdConnection, reapply } from '../server/api/feeding.ts';
import { manage } from '../server/audiences/audiences.ts';
import type { Row } from '../server/db/port.ts';
import { retryParked } from '../server/delivery/delivery.ts';
import { forgetParked, upsertParked } from '../server/delivery/requests.sql.ts';
import { updateMapping } from '../server/destinations/destinations.ts';
import { createLog, silentLog } from '../server/kernel/log.ts';
import { must } from '../server/kernel/result.ts';
import { auditAudience } from '../server/ledger/audit.ts';
import { beginWalk, counts, owed, producersOf, releaseStep, walkStep } from '../server/ledger/ledger.ts';
import { testDatabase } from './support/database.ts';
import { advertiserId, engageEvent, makeWorld, type World } from './support/world.ts';

const database = testDatabase(import.meta.url);

// A count without the ledger's statements ---------------------------------------------------------------------------------

interface PresentMember extends Row {
  person: PersonId;
  ahead: boolean;
}
interface RowOf extends Row {
  person: PersonId;
  level: number;
  pointed: boolean;
  refused: boolean;
}

/** Each member looked at alone, as rules.md says it ("Counting"). */
async function naiveCounts({ spaceId, destinationId }: World, audienceId: AudienceId) {
  const members = await database.db.query<PresentMember>(sql`
    select a.person_id as person, exists (select 1 from walks w where w.audience_id = a.audience_id
      and w.destination_id = ${destinationId} and w.finished_at is null and a.person_id > w.cursor_person) as ahead
    from audience_members a where a.space_id = ${spaceId} and a.audience_id = ${audienceId} and a.present`);
  const rows = await database.db.query<RowOf>(sql`
    select m.person_id as person, m.level,
      exists (select 1 from changes c where c.target_id = m.target_id and c.origin_id = m.origin_id and c.person_id = m.person_id
        and c.seq = m.seq) as pointed,
      exists (select 1 from parked p where p.target_id = m.target_id and p.origin_id = m.origin_id and p.person_id = m.person_id
        and p.variant = m.variant and p.seq = m.seq) as refused
    from memberships m join targets t on t.target_id = m.target_id and t.state <> 'gone'
    where m.space_id = ${spaceId} and t.destination_id = ${destinationId} and m.origin_id = ${audienceId}`);
  const of = (person: PersonId, level: number) => rows.filter((row) => row.person === person && row.level === level);
  const sorted = { owed: 0, parked: 0, skipped: 0, onTikTok: 0 };
  for (const { person, ahead } of members) {
    const held = of(person, 1);
    if (ahead || held.some((row) => row.pointed)) sorted.owed += 1;
    else if (held.some((row) => row.refused)) sorted.parked += 1;
    else if (held.length === 0) sorted.skipped += 1;
    else sorted.onTikTok += 1;
  }
  const people = [...new Set(rows.map((row) => row.person))];
  const leaving = people.filter(
    (person) => of(person, 0).some((row) => row.pointed) && !of(person, 1).some((row) => row.pointed),
  );
  const kept = people.filter((person) => of(person, 2).length > 0);
  return { audienceId, members: members.length, ...sorted, leaving: leaving.length, kept: kept.length };
}

// A random history ---------------------------------------------------------------------------------------------------------

const keys = ['vip', 'new'] as const;
const key = fc.constantFrom(...keys);
const person = fc.integer({ min: 0, max: 5 });
const mapping = fc.constantFrom('addUser', 'removeUser', 'addToAudience');
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('event'),
      key,
      entered: fc.boolean(),
      person,
      mail: fc.integer({ min: 0, max: 1 }),
      late: fc.constantFrom(0, 0, 0, 3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send'), most: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('chunk'), most: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('park') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect'), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('disconnect'), key, people: fc.constantFrom('keep', 'remove') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('switch'), key, enabled: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mapping'), mapping, enabled: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge'), person, into: person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('out'), person }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function makeShop() {
  const world = await makeWorld(database.db);
  const settings = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
  await world.mapping('addUser', settings);
  await world.mapping('removeUser', settings);
  const named = { advertiser_id: advertiserId, custom_audience_name: 'everybody' };
  await world.mapping('addToAudience', named);
  await world.mapping('removeFromAudience', named, { trigger: 'event = "Opted Out"' });
  return world;
}

const personOf = (n: number, mail = 0) => ({
  userId: `p${n}`,
  ...(n === 5 ? {} : { email: `p${n}.${mail}@example.com` }), // the sixth has nothing that could be sent
});

/** Does one step as the product does it, through the same functions. */
async function take(world: World, one: Step): Promise<void> {
  const { db } = database;
  const { clock, spaceId, destinationId } = world;
  const deps = { db, clock, log: silentLog, producers: producersOf({ log: silentLog }) };
  switch (one.kind) {
    case 'event':
      return world.processLate(one.late, engageEvent(one.key, one.entered, personOf(one.person, one.mail)));
    case 'out': {
      const { userId, ...traits } = personOf(one.person);
      return world.process({ type: 'track', event: 'Opted Out', userId, context: { traits } });
    }
    case 'merge':
      if (one.person === one.into) return;
      return world.process({ type: 'alias', previousId: `p${one.person}`, userId: `p${one.into}` });
    case 'chunk':
      await releaseStep(deps, one.most);
      await walkStep(deps, one.most);
      return;
    case 'send':
      return send(world, one.most);
    case 'park':
      return park(world);
    case 'retry':
      await db.transaction((tx) => retryParked(tx, destinationId));
      return;
    case 'mapping': {
      const [row] = await db.query<{ id: MappingId }>(
        sql`select mapping_id as id from mappings where destination_id = ${destinationId} and action_slug = ${one.mapping}`,
      );
      const { id } = must(row, 'a mapping of each action');
      await db.transaction(async (tx) => {
        await reapply(tx, { clock }, { id: destinationId, spaceId }, 'mapping');
        const [stored] = await tx.query<{
          name: string;
          trigger: string;
          settings: Record<string, unknown>;
        }>(sql`select name, trigger, settings from mappings where mapping_id = ${id}`);
        await updateMapping(tx, clock, { id, ...must(stored, 'there'), enabled: one.enabled });
      });
      return;
    }
    default:
      return changeConnection(world, one);
  }
}

async function changeConnection(
  world: World,
  one: Extract<Step, { kind: 'connect' | 'disconnect' | 'switch' }>,
): Promise<void> {
  const { clock, spaceId, destinationId } = world;
  const audienceId = await world.audience(one.key);
  const place = { spaceId, audienceId, destinationId };
  const parts = { clock };
  await database.db.transaction(async (tx) => {
    await holdConnection(tx, place);
    const before = (await manage.connectionsOf(tx, audienceId)).find((c) => c.destinationId === destinationId);
    if (one.kind === 'connect' && !before) {
      const fields = { enabled: true, sendTrack: true, sendIdentify: false };
      const names = { enteredEvent: 'Audience Entered', exitedEvent: 'Audience Exited', settings: { advertiserId } };
      await manage.connectAudience(tx, clock, place, { ...fields, ...names });
      await beginWalk(tx, parts, { ...place, reason: 'connected' });
    }
    if (one.kind === 'disconnect' && before) await endConnection(tx, parts, place, one.people as 'keep' | 'remove');
    if (one.kind === 'switch' && before) {
      const after = await manage.changeConnection(tx, clock, before, { enabled: one.enabled });
      if (manage.changesEvents(before, after)) await beginWalk(tx, parts, { ...place, reason: 'connection' });
    }
  });
}

const targetsOf = (world: World) =>
  database.db.query<{ id: TargetId }>(
    sql`select target_id as id from targets where destination_id = ${world.destinationId} order by target_id`,
  );

/** Settles some of what is owed, as delivery does once TikTok has accepted it. */
async function send({ spaceId, clock, ...world }: World, most: number): Promise<void> {
  for (const { id: targetId } of await targetsOf({ spaceId, clock, ...world })) {
    const read = await owed.readOwed(database.db, { spaceId, targetId }, most, []);
    const pointers = read.map(({ pointer }) => pointer);
    await database.db.transaction(async (tx) => {
      await owed.deletePointers(tx, pointers);
      await owed.markSettled(tx, pointers, new Date(clock.now()));
      await forgetParked(tx, pointers);
    });
  }
}

/** TikTok refuses the first row that is owed, alone. */
async function park(world: World): Promise<void> {
  const { spaceId, clock } = world;
  for (const { id: targetId } of await targetsOf(world)) {
    const [first] = await owed.readOwed(database.db, { spaceId, targetId }, 1, []);
    if (!first?.row) continue;
    const { pointer, row } = first;
    await database.db.transaction(async (tx) => {
      await owed.deletePointers(tx, [pointer]);
      await upsertParked(tx, {
        ...pointer,
        variant: row.variant,
        action: row.level === 1 ? 'add' : 'delete',
        code: 40002,
        message: 'id is wrong',
        requestId: null,
        at: new Date(clock.now()),
      });
    });
  }
}

async function addsUp(world: World, audienceIds: readonly AudienceId[], after: string): Promise<void> {
  const into = await manage.connectionsInto(database.db, world.spaceId, world.destinationId);
  const connected = new Set(into.map(({ audienceId }) => audienceId));
  for (const told of await counts.countAudiences(database.db, { ...world, audienceIds })) {
    const naive = await naiveCounts(world, told.audienceId);
    // Nobody says of the members of an audience that is not connected why they have no row.
    if (connected.has(told.audienceId)) expect(told, after).toEqual(naive);
    else
      expect({ members: told.members, kept: told.kept }, after).toMatchObject({
        members: naive.members,
        kept: naive.kept,
      });
    expect(told.onTikTok + told.owed + told.parked + told.skipped, after).toBe(told.members);
  }
}

test('I1: after every step of any history members = on TikTok + owed + parked + skipped, and equal a naive count', async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }), async (steps) => {
        const world = await makeShop();
        const audienceIds = [await world.connect('vip'), await world.connect('new')];
        await world.process(...[0, 1, 2, 3, 5].flatMap((n) => keys.map((one) => engageEvent(one, true, personOf(n)))));
        await world.walk();
        await send(world, 6);
        for (const one of steps) {
          await take(world, one);
          await addsUp(world, audienceIds, JSON.stringify(one));
        }
        const deps = { db: database.db, clock: world.clock, log: silentLog };
        for (const audienceId of audienceIds) {
          for (const { destinationId: _, ...differences } of await auditAudience(deps, { ...world, audienceId }))
            expect(differences).toEqual({ members: 0, skipped: 0, kept: 0, unexplained: 0 });
        }
      })
      .beforeEach(clear),
    { numRuns: 12 },
  );
}, 300_000);

test('the nightly count finds what the maintained numbers lack, says so, and mends it', async () => {
  const world = await makeShop();
  const audienceId = await world.connect('vip');
  await world.process(...[0, 1, 5].map((n) => engageEvent('vip', true, personOf(n))));
  await world.walk();
  await world.settleAll();
  const right = await world.counts(audienceId);
  await database.db.query(sql`update audience_sizes set members = members + 7`);
  await database.db.query(sql`update ledger_counts set skipped = skipped - 2, kept = kept + 1`);
  expect(await world.counts(audienceId)).not.toEqual(right);
  const lines: string[] = [];
  const deps = { db: database.db, clock: world.clock, log: createLog('info', (line) => lines.push(line)) };
  expect(await auditAudience(deps, { ...world, audienceId })).toMatchObject([
    { members: -7, skipped: 2, kept: -1, unexplained: 0 },
  ]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"members":-7');
  expect(await world.counts(audienceId)).toEqual(right);
  expect(await auditAudience(deps, { ...world, audienceId })).toMatchObject([
    { members: 0, skipped: 0, kept: 0, unexplained: 0 },
  ]);
});

test('a member without row and reason is found by the nightly count and levelled by a walk', async () => {
  const world = await makeShop();
  const audienceId = await world.connect('vip');
  await world.process(engageEvent('vip', true, personOf(0)), engageEvent('vip', true, personOf(1)));
  await world.walk();
  await database.db.query(sql`delete from memberships where person_id = (select min(person_id) from memberships)`);
  const deps = { db: database.db, clock: world.clock, log: silentLog };
  expect(await auditAudience(deps, { ...world, audienceId })).toMatchObject([{ unexplained: 1 }]);
  await world.walk();
  expect((await world.rows()).filter((row) => row.level === 1).length).toBeGreaterThanOrEqual(2);
  expect(await auditAudience(deps, { ...world, audienceId })).toMatchObject([{ unexplained: 0 }]);
});

async function clear(): Promise<void> {
  await database.db.query(sql`do $$
    declare name text;
    begin
      set local session_replication_role = replica;
      for name in select tablename from pg_tables where schemaname = current_schema() and tablename <> 'schema_migrations' loop
        execute format('delete from %I', name);
      end loop;
    end $$`);
}
