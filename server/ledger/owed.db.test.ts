import sql, { raw } from 'sql-template-tag';
import { expect, test } from 'vitest';
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import { testDatabase } from '../../test/support/database.ts';
import { mostRows } from '../../test/support/most-rows.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { must } from '../kernel/result.ts';
import { insertPointers, sweepAbsentRows } from './memberships.sql.ts';
import { anyOwed, deletePointers, destinationsWithWork, heldHashes, markSettled, readOwed } from './owed.sql.ts';
import { live, type Pointer } from './rows.ts';
import { forgetOwed } from './siblings.sql.ts';
import { sweepStalePointers } from './stale-pointers.sql.ts';

const database = testDatabase(import.meta.url);
const people = 5_000;
const spaceId = 1 as SpaceId;
const targetId = 1 as TargetId;

/** Everybody at a level, the planner's figures taken while everybody was at the other. */
async function everybodyAt(level: 0 | 1): Promise<void> {
  const { db } = database;
  await db.query(
    raw(`insert into memberships (space_id, target_id, origin_id, person_id, variant, level, normaliser, seq, entered_us, entered_original_us, entered_arrival, mapping_id, email)
      select 1, 1, 1, n, int8send(n), ${1 - level}, 1, n, 1, 1, 1, 1, sha256(int8send(n)) from generate_series(1, ${people}) n`),
  );
  await db.query(raw('analyze memberships'));
  await db.query(raw(`update memberships set level = ${level}`));
}

/** What is owed of the first people. */
const pointersOf = (count: number): Pointer[] =>
  Array.from({ length: count }, (_, i) => ({
    spaceId,
    targetId,
    lane: live,
    seq: i + 1,
    originId: 1,
    personId: (i + 1) as PersonId,
  }));

test('settling removals costs no more than the removals, also while the planner believes that nobody ever leaves', async () => {
  await everybodyAt(0);
  const pointers = pointersOf(1_000);
  const settle = (tx: Tx) => markSettled(tx, pointers, new Date('2026-06-01T00:00:00Z'));
  const most = [await mostRows(database.db, 'loops', settle), await mostRows(database.db, 'any', settle)];
  const settled = await database.db.query(raw('select 1 from memberships where settled_at is not null'));
  expect(settled.length).toBe(1_000);
  expect(most).toEqual([pointers.length, pointers.length]);
});

test('settling calls costs no more than what they told, however much more is owed', async () => {
  await database.db.transaction((tx) => insertPointers(tx, pointersOf(people)));
  await database.db.query(raw('analyze changes'));
  const told = pointersOf(500);
  expect(await mostRows(database.db, 'any', (tx) => deletePointers(tx, told))).toBe(told.length);
  const [left] = await database.db.query<{ n: number }>(sql`select count(*) as n from changes`);
  expect(left?.n).toBe(people - told.length);
});

async function oneDestination(): Promise<DestinationId> {
  const { db } = database;
  await db.query(
    raw(
      "insert into spaces (space_id, slug, name, created_at) overriding system value values (1, 'shop', 'Shop', '2026-06-01')",
    ),
  );
  const [made] = await db.query<{ destination_id: DestinationId }>(
    raw(`insert into destinations (space_id, metadata_id, name, enabled, created_at, updated_at)
      select space_id, 'actions-tiktok-audiences', 'Shop', true, created_at, created_at from spaces returning destination_id`),
  );
  return must(made, 'a destination').destination_id;
}

test('who has anything to do is asked for at the cost of the targets, however much one of them holds and is owed', async () => {
  const { db } = database;
  const destinationId = await oneDestination();
  await db.query(
    raw(`insert into targets (space_id, target_id, destination_id, advertiser_id, named, tiktok_id, state, looked_at, created_at, updated_at)
      overriding system value select 1, n, ${destinationId}, '7', s, s, s, '2026-06-01', '2026-06-01', '2026-06-01'
      from unnest(array['ready', 'leaving', 'gone', 'blocked', 'unresolved']) with ordinality as t (s, n)`),
  );
  await everybodyAt(1);
  await db.transaction((tx) => insertPointers(tx, pointersOf(people)));
  await db.query(raw('analyze memberships, changes, targets'));
  const now = new Date('2026-06-01T00:00:00Z');
  const ask = (tx: Queryable) => destinationsWithWork(tx, now, { blocked: now, unseen: now });
  expect(await ask(db)).toEqual([destinationId]);
  expect(await mostRows(db, 'any', ask)).toBeLessThanOrEqual(5);
});

test('the next call is asked for at the cost of what is in flight and of its own rows, however much more is owed', async () => {
  const { db } = database;
  const destinationId = await oneDestination();
  await db.transaction((tx) => insertPointers(tx, pointersOf(people)));
  await db.query(raw('analyze changes'));
  const flying = pointersOf(400).map(({ seq }) => seq);
  expect(await anyOwed(db, destinationId, [targetId], flying)).toBe(true);
  expect((await readOwed(db, { spaceId, targetId }, 100, flying)).map(({ pointer }) => pointer.seq)).toEqual(
    pointersOf(500)
      .slice(400)
      .map(({ seq }) => seq),
  );
  const all = pointersOf(people).map(({ seq }) => seq);
  expect(await anyOwed(db, destinationId, [targetId], all)).toBe(false);
  const most = [
    await mostRows(db, 'any', (tx) => anyOwed(tx, destinationId, [targetId], flying)),
    await mostRows(db, 'any', (tx) => readOwed(tx, { spaceId, targetId }, 100, flying)),
  ];
  expect(most).toEqual([1, 400]);
});

test('rule 10: asking who else holds a hash costs no more than the question, also while the planner believes that nobody is present', async () => {
  await everybodyAt(1);
  const rows = await database.db.query<{ email: Buffer }>(
    raw('select email from memberships order by person_id limit 999'),
  );
  const hashes = [...rows.map(({ email }) => email), Buffer.alloc(32)].map((hash) => ({ targetId, type: 0, hash }));
  const held = await heldHashes(database.db, spaceId, hashes);
  expect({ held: held.size, unknown: held.has(999) }).toEqual({ held: 999, unknown: false });
  expect(await mostRows(database.db, 'loops', (tx) => heldHashes(tx, spaceId, hashes))).toBe(hashes.length);
});

test('a sweep costs no more than its part, however many people there are and however much is owed', async () => {
  const { db } = database;
  await everybodyAt(0);
  await db.query(raw("update memberships set settled_at = '2026-06-01' where person_id <= 3000"));
  await db.query(raw('update memberships set seq = seq + 100000 where person_id % 2 = 0'));
  await db.transaction((tx) => insertPointers(tx, pointersOf(people)));
  await db.query(raw('analyze memberships, changes, parked'));
  const left = async (table: string): Promise<number> => (await db.query(raw(`select 1 from ${table}`))).length;
  const after = new Date('2026-07-01T00:00:00Z');
  const most = [
    await mostRows(db, 'any', (tx) => sweepStalePointers(tx, undefined, 500)),
    await mostRows(db, 'any', (tx) => sweepAbsentRows(tx, after, 500)),
    await mostRows(db, 'any', (tx) => forgetOwed(tx, { spaceId, from: targetId, to: null, gives: 'present' }, 500)),
  ];
  // Of the first 500 pointers every other one had joined nothing.
  expect([await left('changes'), await left('memberships')]).toEqual([people - 250 - 500, people - 500]);
  expect(most).toEqual([500, 500, 500]);
});
