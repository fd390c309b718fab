import sql from 'sql-template-tag';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';
import { InvariantError } from '../kernel/result.ts';
import type { Queryable } from './port.ts';

const database = testDatabase(import.meta.url, { migrated: false });

beforeEach(() =>
  database.db.query(sql`create table if not exists notes (note_id int primary key, body text not null)`),
);

const write = (db: Queryable, id: number) => db.query(sql`insert into notes (note_id, body) values (${id}, 'x')`);
const ids = async (): Promise<number[]> =>
  (await database.db.query<{ note_id: number }>(sql`select note_id from notes order by note_id`)).map((r) => r.note_id);
test('a transaction commits what its work wrote and gives back what it returned', async () => {
  const given = await database.db.transaction(async (tx) => {
    await write(tx, 1);
    await write(tx, 2);
    return 'done';
  });
  expect(given).toBe('done');
  expect(await ids()).toEqual([1, 2]);
});

test('a transaction whose work throws leaves nothing behind, and the error comes through', async () => {
  const work = database.db.transaction(async (tx) => {
    await write(tx, 1);
    throw new TypeError('ours');
  });
  await expect(work).rejects.toThrow('ours');
  expect(await ids()).toEqual([]);
});

test('an error of the database keeps its code, so that a caller can tell a duplicate from a fault', async () => {
  await write(database.db, 1);
  await expect(database.db.transaction((tx) => write(tx, 1))).rejects.toMatchObject({ code: '23505' });
  await expect(write(database.db, 1)).rejects.toMatchObject({ code: '23505' });
});

test('work that swallows a failed statement is not reported as committed', async () => {
  const work = database.db.transaction(async (tx) => {
    await write(tx, 1);
    await write(tx, 1).catch(() => {});
  });
  await expect(work).rejects.toThrow(InvariantError);
  expect(await ids()).toEqual([]);
});

test.each(['40P01', '40001'])('a transaction that fails with %s is run again from its beginning', async (code) => {
  let runs = 0;
  await database.db.transaction(async (tx) => {
    runs += 1;
    await write(tx, runs);
    if (runs < 3) await raise(tx, code);
  });
  expect(runs).toBe(3);
  expect(await ids()).toEqual([3]);
});

test('a conflict that never ends is given to the caller after ten runs', async () => {
  let runs = 0;
  const work = database.db.transaction(async (tx) => {
    runs += 1;
    await raise(tx, '40001');
  });
  await expect(work).rejects.toMatchObject({ code: '40001' });
  expect(runs).toBe(10);
});

test('the next client finds no open transaction and its own search_path', async () => {
  const client = await database.pool.connect();
  await client.query('begin');
  await client.query('insert into notes (note_id, body) values (9, $1)', ['x']);
  await client.query('set search_path to pg_catalog');
  client.release(true);
  const [row] = await database.db.query(sql`select current_schema() as schema`);
  expect(row).toEqual({ schema: database.schema });
  expect(await ids()).toEqual([]);
});

const raise = (db: Queryable, code: string) =>
  db
    .query(sql`select set_config('usher.code', ${code}, true)`)
    .then(() =>
      db.query(sql`do $$ begin raise exception 'made to fail' using errcode = current_setting('usher.code'); end $$`),
    );
