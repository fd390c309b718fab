import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { PersonId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent } from '../../contract/segment-event.ts';
import { testDatabase, testEngine } from '../../test/support/database.ts';
import { promised } from '../../test/support/promised.ts';
import { manualClock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { findPeople, identifiersOf, lockPeople, type Resolved, resolvePeople, traitsOf } from './profiles.ts';

const database = testDatabase(import.meta.url);
const clock = manualClock('2026-05-01T10:00:00Z');
const space = 1 as SpaceId;
const other = 2 as SpaceId;

function event(fields: Record<string, unknown>, place: Partial<ReceivedEvent> = {}): ReceivedEvent {
  const full = {
    type: 'track',
    event: 'E',
    messageId: 'm',
    timestamp: '',
    originalTimestamp: '',
    receivedAt: '',
    ...fields,
  };
  return {
    spaceId: space,
    sourceId: 1 as SourceId,
    sourceKind: 'server',
    timeUs: 0,
    originalUs: 0,
    event: full as SegmentEvent,
    ...place,
  };
}
const resolve = (...events: ReceivedEvent[]): Promise<Resolved> =>
  database.db.transaction((tx) => resolvePeople(tx, { clock }, events));
const one = async (fields: Record<string, unknown>): Promise<PersonId> =>
  must((await resolve(event(fields))).people[0], 'the event names somebody');
const mail = (email: string) => ({ context: { traits: { email } } });
const texts = async (id: PersonId): Promise<string[]> =>
  must((await identifiersOf(database.db, space, [id])).get(id), 'asked for')
    .map(({ type, value }) => `${type}:${value}`)
    .sort();

test('one person is one however the events arrive: in one batch, in several, in another spelling', async () => {
  const first = await resolve(
    event({ userId: 'u1', ...mail('Ana@Example.com ') }),
    event({ anonymousId: 'a1', userId: 'u1' }),
    event({ anonymousId: 'a2' }),
  );
  expect(first.people[0]).toBe(first.people[1]);
  expect(first.people[2]).not.toBe(first.people[0]);
  expect(await one({ anonymousId: 'a1' })).toBe(first.people[0]);
  expect(await one({ anonymousId: 'a9', ...mail('ana@example.com') })).toBe(first.people[0]);
  expect(await findPeople(database.db, space, { type: 'Email', value: ' ANA@example.com' })).toEqual([first.people[0]]);
});

test('the table of segment-spec.md 3.6: where identifiers are taken from', async () => {
  const id = await one({
    type: 'identify',
    userId: 'u1',
    anonymousId: 'a1',
    traits: { email: 'ana@example.com', phone: '+49 151 2345-678' },
    context: {
      traits: { email: 'second@example.com' },
      device: { type: 'iOS', id: 'dev', token: 'push', advertisingId: 'AD-1', adTrackingEnabled: true },
      externalIds: [
        { id: 'crm-77', type: 'CRM_id', collection: 'users', encoding: 'none' },
        { id: 'x', type: 'y', collection: 'accounts', encoding: 'none' },
        { id: 'x', type: 'y' },
      ],
    },
  });
  expect(await texts(id)).toEqual([
    'anonymous_id:a1',
    'crm_id:crm-77',
    'email:ana@example.com',
    'email:second@example.com',
    'ios.id:dev',
    'ios.idfa:AD-1',
    'ios.push_token:push',
    'phone:+491512345678',
    'user_id:u1',
  ]);
  const quiet = await one({ userId: 'u2', context: { device: { type: 'android', advertisingId: 'AD-2' } } });
  expect(await texts(quiet)).toEqual(['user_id:u2']);
});

test('blocked and overlong values join nobody; an event with nothing else names nobody', async () => {
  const result = await resolve(
    event({ userId: 'null' }),
    event({ anonymousId: '00000000-0000-0000-0000-000000000000' }),
    event({ userId: 'x'.repeat(300) }),
    event({ userId: 'u1', anonymousId: 'anonymous' }),
    event({ userId: 'u2', anonymousId: 'anonymous' }),
  );
  expect(result.people.slice(0, 3)).toEqual([null, null, null]);
  expect(result.people[3]).not.toBe(result.people[4]);
  expect(result.dropped).toEqual({ blocked: 4, tooLong: 1, overLimit: 0 });
});

test('the example of segment-spec.md 3.6: a second user id with a known e-mail is a new person without the e-mail', async () => {
  const ana = await one({ userId: 'abc123', ...mail('jane@example.com') });
  const result = await resolve(event({ userId: 'abc456', ...mail('jane@example.com') }));
  expect(result.people[0]).not.toBe(ana);
  expect(result.dropped.overLimit).toBe(1);
  expect(await texts(must(result.people[0], 'new'))).toEqual(['user_id:abc456']);
  expect(await texts(ana)).toEqual(['email:jane@example.com', 'user_id:abc123']);
});

test("five e-mail addresses are a person's, the sixth is not taken", async () => {
  const id = await one({ userId: 'u1' });
  for (let i = 0; i < 6; i += 1) expect(await one({ userId: 'u1', ...mail(`a${i}@example.com`) })).toBe(id);
  expect((await texts(id)).filter((t) => t.startsWith('email'))).toHaveLength(5);
});

test('rule 13: an event that links two people merges them; the older stays, the other forwards, traits come along', async () => {
  const known = await one({ type: 'identify', userId: 'u1', traits: { city: 'Rome', plan: 'pro' } });
  const visitor = await one({ type: 'identify', anonymousId: 'a1', traits: { city: 'Oslo', colour: 'red' } });
  const result = await resolve(event({ userId: 'u1', anonymousId: 'a1' }));
  expect(result.people).toEqual([known]);
  expect(result.merges).toEqual([{ spaceId: space, winner: known, loser: visitor }]);
  expect(await texts(known)).toEqual(['anonymous_id:a1', 'user_id:u1']);
  expect((await traitsOf(database.db, space, [known])).get(known)).toEqual({
    city: 'Rome',
    plan: 'pro',
    colour: 'red',
  });
  const locked = await database.db.transaction((tx) => lockPeople(tx, space, [visitor, known, 999 as PersonId]));
  expect([...locked]).toEqual([
    [visitor, known],
    [known, known],
  ]);
  expect((await resolve(event({ anonymousId: 'a1' }))).merges).toEqual([]);
});

test('merges of one batch name only who is alive at its end', async () => {
  const ids = [await one({ anonymousId: 'a1' }), await one({ anonymousId: 'a2' }), await one({ anonymousId: 'a3' })];
  const result = await resolve(
    event({ anonymousId: 'a3', ...mail('x@example.com') }),
    event({ anonymousId: 'a2', ...mail('x@example.com') }),
    event({ anonymousId: 'a1', ...mail('x@example.com') }),
  );
  expect(result.people).toEqual([ids[0], ids[0], ids[0]]);
  expect(result.merges).toEqual([
    { spaceId: space, winner: ids[0], loser: ids[2] },
    { spaceId: space, winner: ids[0], loser: ids[1] },
  ]);
});

test('alias joins two users where a server says so; from a browser two user ids stay two', async () => {
  const before = await one({ userId: 'old' });
  const after = await one({ userId: 'new' });
  const alias = { type: 'alias', userId: 'new', previousId: 'old' };
  expect((await resolve(event(alias, { sourceKind: 'website' }))).merges).toEqual([]);
  expect((await resolve(event(alias))).merges).toEqual([{ spaceId: space, winner: before, loser: after }]);
  expect(await one({ userId: 'old' })).toBe(await one({ userId: 'new' }));
});

test('after a hundred merges a person takes in nobody else', async () => {
  const id = await one({ userId: 'u1' });
  await database.db.query(sql`update profiles set merges = 100`);
  const visitor = await one({ anonymousId: 'a1' });
  const result = await resolve(event({ userId: 'u1', anonymousId: 'a1' }));
  expect(result).toMatchObject({ people: [id], merges: [], dropped: { overLimit: 1 } });
  expect(await one({ anonymousId: 'a1' })).toBe(visitor);
});

test('I11: spaces are walls', async () => {
  const [here, there] = (await resolve(event({ userId: 'u1' }), event({ userId: 'u1' }, { spaceId: other }))).people;
  expect(here).not.toBe(there);
  expect(await findPeople(database.db, other, { type: 'user_id', value: 'u1' })).toEqual([there]);
});

test("traits: the last word wins, a group's are not a person's, and what is known writes nothing", async () => {
  const id = must(
    (
      await resolve(
        event({ type: 'identify', userId: 'u1', traits: { a: 1, b: [1] } }),
        event({ userId: 'u1', context: { traits: { a: 2 } } }),
        event({ type: 'group', userId: 'u1', groupId: 'g', traits: { name: 'ACME' } }),
      )
    ).people[0],
    'u1',
  );
  expect((await traitsOf(database.db, space, [id])).get(id)).toEqual({ a: 2, b: [1] });
  const stamp = () => database.db.query(sql`select updated_at from profiles`);
  const before = await stamp();
  await clock.advance(1_000);
  await resolve(event({ type: 'identify', userId: 'u1', traits: { b: [1] } }));
  expect(await stamp()).toEqual(before);
  await resolve(event({ type: 'identify', userId: 'u1', traits: { b: [2] } }));
  expect(await stamp()).not.toEqual(before);
});

test('F9: a batch of 70,000 identifiers is resolved, and resolved alike the second time', async () => {
  const events = Array.from({ length: 35_000 }, (_, i) => event({ userId: `u${i}`, anonymousId: `a${i}` }));
  const first = await resolve(...events);
  expect(new Set(first.people).size).toBe(35_000);
  const [rows] = await database.db.query<{ n: number }>(sql`select count(*) as n from profile_identifiers`);
  expect(rows?.n).toBe(70_000);
  expect((await resolve(...events)).people).toEqual(first.people);
}, 60_000);

test.runIf(testEngine === 'postgres')(
  'two transactions that meet the same new person at once agree on one',
  async () => {
    let bothIn = (): void => {};
    const meeting = new Promise<void>((met) => {
      bothIn = met;
    });
    let inside = 0;
    const run = (fields: Record<string, unknown>) =>
      database.db.transaction(async (tx) => {
        await tx.query(sql`select 1`);
        inside += 1;
        if (inside === 2) bothIn();
        await meeting;
        return (await resolvePeople(tx, { clock }, [event(fields)])).people[0];
      });
    const people = await Promise.all([
      run({ userId: 'u1', ...mail('x@example.com') }),
      run({ userId: 'u1', anonymousId: 'a1' }),
    ]);
    expect(people[0]).toBe(people[1]);
    expect(await texts(must(people[0], 'u1'))).toEqual(['anonymous_id:a1', 'email:x@example.com', 'user_id:u1']);
    expect(await database.db.query(sql`select person_id from profiles`)).toHaveLength(1);
  },
);

test.runIf(testEngine === 'postgres')('who waited for a person that was merged meanwhile gets the winner', async () => {
  const known = await one({ userId: 'u1' });
  const visitor = await one({ anonymousId: 'a1' });
  const [merged, gate] = [promised(), promised()];
  const merging = database.db.transaction(async (tx) => {
    await resolvePeople(tx, { clock }, [event({ userId: 'u1', anonymousId: 'a1' })]);
    merged.keep();
    await gate.promise;
  });
  await merged.promise;
  const waiting = resolve(event({ anonymousId: 'a1' }));
  const isBlocked = async () =>
    (
      await database.db.query(
        sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%no key update%'`,
      )
    ).length > 0;
  while (!(await isBlocked())) await new Promise(setImmediate);
  gate.keep();
  await merging;
  expect(visitor).not.toBe(known);
  expect((await waiting).people).toEqual([known]);
});
