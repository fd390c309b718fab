import sql from 'sql-template-tag';
import { beforeEach, expect, test } from 'vitest';
import { openInSchema, testDatabase } from '../../test/support/database.ts';
import { silentLog } from '../kernel/log.ts';
import { type Migration, migrate, readMigrations } from './migrate.ts';

const database = testDatabase(import.meta.url, { migrated: false });

const migration = (number: number, script: string, checksum = script): Migration => ({
  number,
  name: `${String(number).padStart(4, '0')}-test.sql`,
  script,
  checksum,
});
const first = migration(1, 'create table a (n int); create table b (n int); insert into b values (1);');
const second = migration(2, 'create table c (n int);');

beforeEach(() => database.db.query(sql`drop table if exists schema_migrations, a, b, c, d`));

const tables = async (): Promise<string[]> =>
  (
    await database.db.query<{ name: string }>(
      sql`select tablename::text as name from pg_tables where schemaname = current_schema() order by 1`,
    )
  ).map((row) => row.name);

test('an empty database gets every script, and a second start changes nothing', async () => {
  expect(await migrate(database.db, silentLog, [first, second])).toEqual({ ok: true, value: 2 });
  expect(await tables()).toEqual(['a', 'b', 'c', 'schema_migrations']);
  expect(await migrate(database.db, silentLog, [first, second])).toEqual({ ok: true, value: 0 });
});

test('a database of the version before gets what is new', async () => {
  await migrate(database.db, silentLog, [first]);
  expect(await migrate(database.db, silentLog, [first, second])).toEqual({ ok: true, value: 1 });
});

test('a script that fails half way leaves nothing of itself behind, and the next start goes on there', async () => {
  const broken = migration(2, 'create table c (n int); create table c (n int);');
  await expect(migrate(database.db, silentLog, [first, broken])).rejects.toMatchObject({ code: '42P07' });
  expect(await tables()).toEqual(['a', 'b', 'schema_migrations']);
  expect(await migrate(database.db, silentLog, [first, second])).toEqual({ ok: true, value: 1 });
});

test('a database that a newer Usher has used is refused with a sentence', async () => {
  await migrate(database.db, silentLog, [first, second]);
  const refused = await migrate(database.db, silentLog, [first]);
  expect(refused).toEqual({ ok: false, error: expect.stringContaining('newer Usher (migration 0002-test.sql') });
});

test('a script that was changed after it ran is refused', async () => {
  await migrate(database.db, silentLog, [first]);
  const refused = await migrate(database.db, silentLog, [migration(1, first.script, 'another'), second]);
  expect(refused).toEqual({ ok: false, error: expect.stringContaining('another version of migration 0001-test.sql') });
});

test('of starters at the same time one migrates, the others wait and find it done', async () => {
  const starters = await Promise.all([1, 2, 3].map(() => openInSchema(database.schema)));
  // The embedded engine has one session; there the starters take turns on one pool.
  const dbs = database.db.engine === 'embedded' ? starters.map(() => database.db) : starters;
  const ran = await Promise.all(dbs.map((db) => migrate(db, silentLog, [first, second])));
  expect(
    ran.map((result) => (result.ok ? result.value : result.error)).reduce((a, b) => Number(a) + Number(b), 0),
  ).toBe(2);
  await Promise.all(starters.map((starter) => starter.close()));
});

test('the scripts of the product are numbered without a gap', () => {
  const numbers = readMigrations().map((script) => script.number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(0);
});
