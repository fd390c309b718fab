import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testDatabase } from './support/database.ts';
import { engageEvent } from './support/usher.ts';
import { advertiserId, makeWorld, type World } from './support/world.ts';

const database = testDatabase(import.meta.url);
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const ana = { userId: 'u-ana', email: 'ana@example.com' };
const ben = { userId: 'u-ben', email: 'ben@example.com' };

/** The seed's two mappings for one audience, connected. */
async function seeded(): Promise<{ world: World; audienceId: Awaited<ReturnType<World['audience']>> }> {
  const world = await makeWorld(database.db);
  const settings = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
  await world.mapping('addUser', settings);
  await world.mapping('removeUser', settings);
  const audienceId = await world.connect('vip');
  await world.walk();
  return { world, audienceId };
}

const levels = async (world: World): Promise<number[]> => (await world.rows()).map((row) => row.level);

test('an enter writes one present row with its hash and owes it on the live lane', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  expect(await world.rows()).toMatchObject([{ level: 1, lane: 0, hashes: [sha('ana@example.com')] }]);
});

test('I5: a repeated enter owes nothing again', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  await world.settleAll();
  await world.process(engageEvent('vip', true, ana));
  expect(await world.rows()).toMatchObject([{ level: 1, lane: null }]);
});

test('an exit owes the removal of what was sent, and a repeated exit writes nothing', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  await world.process(engageEvent('vip', false, ana));
  expect(await world.rows()).toMatchObject([{ level: 0, lane: 0 }]);
  await world.settleAll();
  await world.process(engageEvent('vip', false, ana));
  expect(await world.rows()).toMatchObject([{ level: 0, lane: null }]);
});

test('I10: a changed e-mail adds up until the exit, which removes both, whichever it names', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  await world.process(engageEvent('vip', true, { ...ana, email: 'ana.new@example.com' }));
  expect(await levels(world)).toEqual([1, 1]);
  await world.process(engageEvent('vip', false, { ...ana, email: 'ana.new@example.com' }));
  expect(await levels(world)).toEqual([0, 0]);
});

test('rule 5: an exit is owed even if the enter was never seen', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', false, ana));
  expect(await world.rows()).toMatchObject([{ level: 0, lane: 0, hashes: [sha('ana@example.com')] }]);
});

test('rule 5: without a Remove mapping a person who left is kept', async () => {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' });
  const audienceId = await world.connect('vip');
  await world.process(engageEvent('vip', true, ana));
  await world.process(engageEvent('vip', false, ana));
  expect(await levels(world)).toEqual([2]);
  expect(await world.counts(audienceId)).toMatchObject({ members: 0, kept: 1 });
});

test('a late enter, older than the exit, changes nothing', async () => {
  const { world } = await seeded();
  await world.process(engageEvent('vip', true, ana));
  await world.process(engageEvent('vip', false, ana));
  await world.processLate(30, engageEvent('vip', true, { ...ana, email: 'older@example.com' }));
  expect(await levels(world)).toEqual([0]);
});

test('the initial sync writes one row per member on the backfill lane', async () => {
  const world = await makeWorld(database.db);
  await world.mapping('addUser', { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' });
  await world.process(engageEvent('vip', true, ana), engageEvent('vip', true, ben));
  expect(await world.rows()).toEqual([]);
  const audienceId = await world.connect('vip');
  expect(await world.counts(audienceId)).toMatchObject({ members: 2, owed: 2, onTikTok: 0 });
  await world.walk();
  expect(await world.rows()).toMatchObject([
    { level: 1, lane: 1 },
    { level: 1, lane: 1 },
  ]);
});

test('a member of whom nothing usable can be sent is skipped, with the reason', async () => {
  const { world, audienceId } = await seeded();
  await world.process(engageEvent('vip', true, { userId: 'u-nobody' }), engageEvent('vip', true, ana));
  expect(await world.counts(audienceId)).toMatchObject({ members: 2, owed: 1, skipped: 1, onTikTok: 0 });
  await world.process(engageEvent('vip', false, { userId: 'u-nobody' }));
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, skipped: 0 });
});

test('events of another audience do not fall into the mapping of this one', async () => {
  const { world } = await seeded();
  const other = await world.connect('other');
  await world.walk();
  await world.process(engageEvent('other', true, ana));
  expect(await world.rows()).toEqual([]);
  expect(await world.counts(other)).toMatchObject({ members: 1, skipped: 1 });
});

test('a disabled Add mapping adds nobody', async () => {
  const world = await makeWorld(database.db);
  await world.mapping(
    'addUser',
    { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' },
    { enabled: false },
  );
  await world.connect('vip');
  await world.process(engageEvent('vip', true, ana));
  expect(await world.rows()).toEqual([]);
});

test('a direct event adds at origin 0; a direct removal ends older rows of every origin', async () => {
  const { world, audienceId } = await seeded();
  const direct = (name: string) => ({
    type: 'track',
    event: name,
    userId: ana.userId,
    properties: {},
    context: { traits: { email: ana.email } },
  });
  const settings = { advertiser_id: advertiserId, external_audience_id: '', custom_audience_name: 'vip' };
  await world.mapping('addToAudience', settings, { trigger: 'event = "Signed Up"' });
  await world.mapping('removeFromAudience', settings, { trigger: 'event = "Opted Out"' });
  await world.process(engageEvent('vip', true, ana), direct('Signed Up'));
  expect((await world.rows()).map((row) => [row.origin === 0, row.level])).toEqual([
    [true, 1],
    [false, 1],
  ]);
  await world.process(direct('Opted Out'));
  expect(await levels(world)).toEqual([0, 0]);
  expect(await world.counts(audienceId)).toMatchObject({ members: 1, skipped: 1, onTikTok: 0 });
  await world.process(engageEvent('vip', true, ana));
  expect((await world.rows()).map((row) => [row.origin === 0, row.level])).toEqual([
    [true, 0],
    [false, 1],
  ]);
});

test('rule 4: an event with audience context from a browser source is no membership', async () => {
  const world = await makeWorld(database.db, 'website');
  await world.mapping('addUser', { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' });
  const audienceId = await world.connect('vip');
  const { context, ...event } = engageEvent('vip', true, ana);
  await world.process({ ...event, context: { ...(context as object), personas: undefined } });
  expect(await world.counts(audienceId)).toMatchObject({ members: 0 });
});

test('rule 4: nobody with a public write key gets people into an audience by an action that belongs to its key', async () => {
  const world = await makeWorld(database.db, 'website');
  const settings = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip', custom_audience_name: 'vip' };
  await world.mapping('addUser', settings);
  await world.process({
    type: 'track',
    event: 'Audience Entered',
    userId: ana.userId,
    context: { traits: { email: ana.email } },
  });
  expect(await world.rows()).toEqual([]);
});

test('rule 13: an alias makes two people one, with everything they hold', async () => {
  const { world, audienceId } = await seeded();
  await world.process(engageEvent('vip', true, ana), engageEvent('vip', true, ben));
  await world.settleAll();
  expect(await world.counts(audienceId)).toMatchObject({ members: 2, onTikTok: 2 });
  await world.process({ type: 'alias', previousId: 'anon-9', userId: ana.userId });
  await world.process({ type: 'identify', userId: 'u-third', traits: { email: 'third@example.com' } });
  await world.process({ type: 'alias', previousId: ben.email, userId: ana.userId });
  const people = new Set((await world.rows()).map((row) => row.person));
  const { members, onTikTok, owed, parked, skipped } = await world.counts(audienceId);
  expect(members).toBe(people.size);
  expect(onTikTok + owed + parked + skipped).toBe(members);
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant('event' as const),
    entered: fc.boolean(),
    person: fc.integer({ min: 0, max: 3 }),
    mail: fc.integer({ min: 0, max: 1 }),
    late: fc.constantFrom(0, 0, 2, 5),
  }),
  fc.record({ kind: fc.constant('settle' as const) }),
  fc.record({ kind: fc.constant('walk' as const) }),
  fc.record({ kind: fc.constant('out' as const), person: fc.integer({ min: 0, max: 3 }) }),
);

test('members = on TikTok + owed + parked + skipped after every step', async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { world, audienceId } = await seeded();
        await world.mapping(
          'removeFromAudience',
          { advertiser_id: advertiserId, custom_audience_name: 'vip' },
          { trigger: 'event = "Opted Out"' },
        );
        for (const one of steps) {
          if (one.kind === 'settle') await world.settleAll();
          else if (one.kind === 'walk') await world.walk();
          else {
            const person = {
              userId: `p${one.person}`,
              ...(one.person === 3 ? {} : { email: `p${one.person}.${'mail' in one ? one.mail : 0}@example.com` }),
            };
            if (one.kind === 'out')
              await world.process({
                type: 'track',
                event: 'Opted Out',
                userId: person.userId,
                context: { traits: person },
              });
            else await world.processLate(one.late, engageEvent('vip', one.entered, person));
          }
          const { members, onTikTok, owed, parked, skipped } = await world.counts(audienceId);
          expect(onTikTok).toBeGreaterThanOrEqual(0);
          expect(onTikTok + owed + parked + skipped).toBe(members);
          const holding = new Set(
            (await world.rows()).filter((r) => r.origin === audienceId && r.level === 1).map((r) => r.person),
          );
          expect(holding.size).toBe(members - skipped);
        }
      })
      .beforeEach(async () => {
        await clear();
      }),
    { numRuns: 15 },
  );
}, 120_000);

async function clear(): Promise<void> {
  const { default: sql } = await import('sql-template-tag');
  for (const statement of [
    sql`delete from walks`,
    sql`delete from changes`,
    sql`delete from memberships`,
    sql`delete from direct_exits`,
    sql`delete from skip_reasons`,
    sql`delete from audience_members`,
    sql`delete from audience_connections`,
    sql`delete from audiences`,
    sql`delete from profile_identifiers`,
    sql`delete from profiles`,
    sql`delete from targets`,
    sql`delete from mappings`,
    sql`delete from destinations`,
    sql`delete from write_keys`,
    sql`delete from sources`,
    sql`delete from delivery_counts`,
    sql`delete from ingest_counts`,
    sql`delete from spaces`,
  ])
    await database.db.query(statement);
}
