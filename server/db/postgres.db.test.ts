import sql from 'sql-template-tag';
import { beforeEach, expect, test } from 'vitest';
import { postgresUrl, testDatabase } from '../../test/support/database.ts';
import { promised } from '../../test/support/promised.ts';
import { systemClock } from '../kernel/clock.ts';
import { silentLog } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import { CommitUnknown, DatabaseUnavailable, type Queryable } from './port.ts';
import { openPostgres } from './postgres.ts';

const database = testDatabase(import.meta.url, { migrated: false });
const parts = { clock: systemClock, random: systemRandom, log: silentLog };

beforeEach(async () => {
  await database.db.query(sql`create table if not exists kept (n bigint primary key, body text not null default '')`);
});

const write = (db: Queryable, n: number) => db.query(sql`insert into kept (n) values (${n})`);
const kept = async (): Promise<number[]> =>
  (await database.db.query<{ n: number }>(sql`select n from kept order by n`)).map((row) => row.n);
const backend = async (db: Queryable): Promise<number> =>
  (await db.query<{ pid: number }>(sql`select pg_backend_pid() as pid`))[0]?.pid ?? 0;
const endBackend = (pid: number) => database.db.query(sql`select pg_terminate_backend(${pid}::int, 5000)`);

test('two transactions that deadlock both happen, one after the other (reliability.md F7)', async () => {
  await write(database.db, 1);
  await write(database.db, 2);
  const bothHold = twoMeet();
  const update = (first: number, second: number, name: string) =>
    database.db.transaction(async (tx) => {
      await tx.query(sql`update kept set body = body || ${name} where n = ${first}`);
      await bothHold();
      await tx.query(sql`update kept set body = body || ${name} where n = ${second}`);
    });
  await Promise.all([update(1, 2, 'a'), update(2, 1, 'b')]);
  const rows = await database.db.query<{ body: string }>(sql`select body from kept order by n`);
  expect(rows.map((row) => row.body.length)).toEqual([2, 2]);
});

test('two serialisable transactions that cannot both be true both happen, one run again (40001)', async () => {
  const bothRead = twoMeet();
  let runs = 0;
  const addOne = (n: number) =>
    database.db.transaction(async (tx) => {
      runs += 1;
      await tx.query(sql`set transaction isolation level serializable`);
      await tx.query(sql`select count(*) from kept`);
      await bothRead();
      await write(tx, n);
    });
  await Promise.all([addOne(1), addOne(2)]);
  expect(await kept()).toEqual([1, 2]);
  expect(runs).toBeGreaterThan(2);
});

test('no statement is compiled, however long PostgreSQL believes it to be', async () => {
  const plan = await database.db.transaction(async (tx) => {
    await tx.query(sql`set local jit_above_cost = 0`);
    return tx.query(sql`explain (analyze, format json) select count(*) from generate_series(1, 1000)`);
  });
  expect(JSON.stringify(plan)).toContain('Execution Time');
  expect(JSON.stringify(plan)).not.toContain('"JIT"');
});

test('a connection that ends between two statements fails its transaction, not the process (reliability.md F10)', async () => {
  const work = database.db.transaction(async (tx) => {
    await write(tx, 1);
    await endBackend(await backend(tx));
    await write(tx, 2);
  });
  await expect(work).rejects.toThrow(DatabaseUnavailable);
  expect(await kept()).toEqual([]);
});

test('idle connections that end are replaced without anybody noticing', async () => {
  const client = await database.pool.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  client.release();
  const removed = new Promise((resolve) => database.pool.once('remove', resolve));
  const other = await openPostgres({ url: postgresUrl() }, parts);
  if (!other.ok) throw new Error(other.error);
  await other.value.query(sql`select pg_terminate_backend(${rows[0].pid}::int)`);
  await removed;
  await other.value.close();
  await write(database.db, 1);
  expect(await kept()).toEqual([1]);
});

test('a connection lost during COMMIT is reported as unknown, never as done or undone (reliability.md F11)', async () => {
  await database.db.query(sql`
    create or replace function end_myself() returns trigger language plpgsql
    as 'begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end'`);
  await database.db.query(sql`
    create constraint trigger at_commit after insert on kept deferrable initially deferred
    for each row when (new.n = 99) execute function end_myself()`);
  await expect(database.db.transaction((tx) => write(tx, 99))).rejects.toThrow(CommitUnknown);
});

test('a server that has become read-only is left, and the next transaction gets another connection', async () => {
  const before = await database.db.transaction(backend);
  const work = database.db.transaction(async (tx) => {
    await tx.query(sql`set transaction read only`);
    await write(tx, 1);
  });
  await expect(work).rejects.toThrow(/read-only/);
  expect(await database.db.transaction(backend)).not.toBe(before);
});

test('the first write that a demoted server refuses ends every connection made before, also those that only read', async () => {
  let reader = 0;
  const work = database.db.transaction(async (tx) => {
    await tx.query(sql`set transaction read only`);
    // On another connection, which goes back to the pool in good order.
    reader = await backend(database.db);
    await write(tx, 1);
  });
  await expect(work).rejects.toThrow(/read-only/);
  expect(reader).toBeGreaterThan(0);
  expect(await backend(database.db)).not.toBe(reader);
});

test('a server that takes no writes gets no connections into the pool, and a start on one says so', async () => {
  const url = new URL(postgresUrl());
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  const opened = await openPostgres({ url: url.href }, parts);
  expect(opened).toEqual({ ok: false, error: expect.stringContaining('is read-only') });
});

test('a server that cannot be reached is one sentence with its address and without its password', async () => {
  const url = 'postgres://usher:hunter2@127.0.0.1:1/usher';
  const opened = await openPostgres({ url }, parts);
  expect(opened).toEqual({
    ok: false,
    error: expect.stringMatching(/^The PostgreSQL at 127\.0\.0\.1:1\/usher cannot be reached: .*ECONNREFUSED/),
  });
  expect(JSON.stringify(opened)).not.toContain('hunter2');
});

test('every limit that keeps a dead connection or a stuck lock from hanging the process is set', async () => {
  const [row] = await database.db.query(sql`
    select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
      current_setting('idle_in_transaction_session_timeout') as idle`);
  expect(row).toEqual({ statement: '8s', lock: '5s', idle: '30s' });
});

/** Gives back a function that resolves once it was called twice; later calls do not wait. */
function twoMeet(): () => Promise<void> {
  let calls = 0;
  const met = promised();
  return () => {
    calls += 1;
    if (calls === 2) met.keep();
    return met.promise;
  };
}
