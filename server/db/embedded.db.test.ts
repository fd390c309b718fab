import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import sql from 'sql-template-tag';
import { afterEach, expect, test } from 'vitest';
import { freshDataDir } from '../../test/support/database.ts';
import type { FailingDisk } from '../../test/support/failing-disk-worker.ts';
import { type Clock, manualClock, systemClock } from '../kernel/clock.ts';
import { createLog, silentLog } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import { must } from '../kernel/result.ts';
import { embeddedDb } from './embedded.ts';
import { type EmbeddedEngine, type EngineParts, openEngine, requestLimit } from './embedded-engine.ts';
import { embeddedUpkeep, maintenanceLimits } from './maintenance.ts';
import { openDatabase } from './open-database.ts';
import { CommitUnknown, DatabaseUnavailable, type Db } from './port.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog };
const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface Running {
  engine: EmbeddedEngine;
  db: Db;
}

async function start(
  dataDir = freshDataDir(),
  options: Partial<EngineParts> & { clock?: Clock } = {},
): Promise<Running> {
  const engine = await openEngine(dataDir, { ...parts, ...options });
  if (!engine.ok) throw new Error(engine.error);
  const db = embeddedDb(engine.value, { ...parts, ...options });
  opened.push(async () => {
    await db.close();
    await engine.value.close();
  });
  return { engine: engine.value, db };
}

const write = (db: Db, n: number) => db.transaction((tx) => tx.query(sql`insert into kept (n) values (${n})`));
const createKept = (db: Db) => db.query(sql`create table kept (n bigint primary key)`);
const kept = async (db: Db): Promise<number[]> =>
  (await db.query<{ n: number }>(sql`select n from kept order by n`)).map((row) => row.n);

/** Asks until the database answers again; each question is a round trip, never a guess about time. */
async function untilUp(engine: EmbeddedEngine): Promise<void> {
  while (!engine.isUp) await new Promise((resolve) => setImmediate(resolve));
}

test('a statement is taken apart once, however often it is asked, and planned anew for its values', async () => {
  const { db } = await start();
  await createKept(db);
  for (let n = 0; n < 3; n += 1) await write(db, n);
  const statements = await db.query<{ statement: string; customs: number; generics: number }>(sql`
    select statement, custom_plans as customs, generic_plans as generics from pg_prepared_statements
    where statement like ${'insert into kept%'}`);
  expect(statements).toEqual([{ statement: 'insert into kept (n) values ($1)', customs: 3, generics: 0 }]);
});

test('every commit is on the disk before it is answered: 30 commits make at least 30 fsyncs, 30 reads none (I3)', async () => {
  const { engine, db } = await start();
  await createKept(db);
  await db.query(sql`checkpoint`);
  const before = engine.fsyncs;
  for (let n = 0; n < 30; n += 1) await write(db, n);
  const afterWrites = engine.fsyncs;
  expect(afterWrites - before).toBeGreaterThanOrEqual(30);
  for (let n = 0; n < 30; n += 1) await kept(db);
  expect(engine.fsyncs).toBe(afterWrites);
  await db.query(sql`checkpoint`);
  expect(engine.fsyncs, 'a checkpoint syncs the data files too').toBeGreaterThan(afterWrites + 1);
});

test('a commit whose fsync fails is never reported as done, and the database goes on by itself', async () => {
  const failing = new SharedArrayBuffer(4);
  const worker = new URL('../../test/support/failing-disk-worker.ts', import.meta.url);
  const { engine, db } = await start(freshDataDir(), {
    startWorker: (order) => new Worker(worker, { workerData: { ...order, failing } satisfies FailingDisk }),
  });
  await createKept(db);
  await write(db, 1);
  Atomics.store(new Int32Array(failing), 0, 1);
  await expect(write(db, 2)).rejects.toThrow(CommitUnknown);
  await expect(write(db, 3), 'while it opens, work is refused at once').rejects.toThrow(DatabaseUnavailable);
  Atomics.store(new Int32Array(failing), 0, 0);
  await untilUp(engine);
  await write(db, 4);
  expect(await kept(db)).toEqual(expect.arrayContaining([1, 4]));
});

test('a lone statement whose fsync fails is unknown too: what it wrote may be found again', async () => {
  const failing = new SharedArrayBuffer(4);
  const worker = new URL('../../test/support/failing-disk-worker.ts', import.meta.url);
  const { engine, db } = await start(freshDataDir(), {
    startWorker: (order) => new Worker(worker, { workerData: { ...order, failing } satisfies FailingDisk }),
  });
  await createKept(db);
  Atomics.store(new Int32Array(failing), 0, 1);
  await expect(db.query(sql`insert into kept (n) values (1)`)).rejects.toThrow(CommitUnknown);
  Atomics.store(new Int32Array(failing), 0, 0);
  await untilUp(engine);
  await write(db, 2);
  expect(await kept(db)).toContain(2);
});

test('a statement that outlives its limit is ended with its thread, and the next one is answered', async () => {
  const clock = manualClock();
  const { engine, db } = await start(freshDataDir(), { clock });
  await createKept(db);
  await write(db, 1);
  const hanging = db.query(sql`select pg_sleep(100000)`);
  const ended = expect(hanging).rejects.toThrow(DatabaseUnavailable);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(requestLimit + 2_000);
  await ended;
  await untilUp(engine);
  expect(await kept(db)).toEqual([1]);
});

test('a thread that dies takes its transaction along and nothing else', async () => {
  let worker: Worker | undefined;
  const { engine, db } = await start(freshDataDir(), {
    startWorker: (order) => {
      worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: order });
      return worker;
    },
  });
  await createKept(db);
  await write(db, 1);
  const work = db.transaction(async (tx) => {
    await tx.query(sql`insert into kept (n) values (2)`);
    await must(worker, 'started').terminate();
    await tx.query(sql`insert into kept (n) values (3)`);
  });
  await expect(work).rejects.toThrow(DatabaseUnavailable);
  await untilUp(engine);
  expect(await kept(db)).toEqual([1]);
});

test('a folder in use is refused with the folder and the process, and free after closing (reliability.md F3)', async () => {
  const dataDir = freshDataDir();
  const { db, engine } = await start(dataDir);
  const second = await openDatabase({ dataDir }, parts);
  expect(second.ok ? '' : second.error).toContain(`${dataDir} is in use by process ${process.pid}`);
  opened.pop();
  await db.close();
  await engine.close();
  await start(dataDir);
});

test('a folder that cannot be used or holds no database is one sentence, and leaves no lock behind', async () => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-broken-'));
  opened.push(async () => fs.rmSync(dataDir, { recursive: true, force: true }));
  fs.writeFileSync(path.join(dataDir, 'file'), '');
  const noFolder = await openDatabase({ dataDir: path.join(dataDir, 'file') }, parts);
  expect(noFolder.ok ? '' : noFolder.error).toContain('cannot be used');
  fs.mkdirSync(path.join(dataDir, 'database'));
  fs.writeFileSync(path.join(dataDir, 'database', 'PG_VERSION'), '18\n');
  const broken = await openDatabase({ dataDir }, parts);
  expect(broken.ok ? '' : broken.error).toContain('does not open');
  expect(fs.existsSync(path.join(dataDir, 'database.lock'))).toBe(false);
});

test('the first start says that it makes the database, and begins anew after a crash in the middle of it', async () => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-first-'));
  opened.push(async () => fs.rmSync(dataDir, { recursive: true, force: true }));
  fs.mkdirSync(path.join(dataDir, 'database.new'));
  fs.writeFileSync(path.join(dataDir, 'database.new', 'PG_VERSION'), '18\n');
  const lines: string[] = [];
  const { db } = await start(dataDir, { log: createLog('info', (line) => lines.push(line)) });
  expect(lines.join('')).toContain(`creating the database in ${path.join(dataDir, 'database')}`);
  expect(
    fs
      .readdirSync(dataDir)
      .filter((name) => !/\.[0-9a-f]{16}$/.test(name))
      .sort(),
  ).toEqual(['database', 'database.lock']);
  expect(fs.statSync(path.join(dataDir, 'database')).mode & 0o077, 'nobody else on the machine may read it').toBe(0);
  expect(await db.query(sql`select datname::text as name from pg_database`)).toEqual([{ name: 'postgres' }]);
}, 60_000);

test('maintenance removes dead rows, shortens the log and brings the age of transaction ids down, one task a step', async () => {
  const { db, engine } = await start();
  await db.query(sql`create table kept as select n::bigint from generate_series(1, 5000) n`);
  for (let round = 0; round < 3; round += 1) await db.query(sql`update kept set n = n + 1`);
  await db.query(sql`select pg_stat_force_next_flush()`);
  const limits = { ...maintenanceLimits, walBytes: 1_000_000, transactionAge: 10_000 };
  const work = async (more: Partial<typeof limits> = {}): Promise<number> => {
    const step = embeddedUpkeep({ db, engine, log: silentLog, clock: manualClock() }, { ...limits, ...more });
    for (let steps = 0; ; steps += 1) if ((await step()) === 'idle') return steps;
  };
  expect(await work()).toBeGreaterThanOrEqual(2);
  const [state] = await db.query<{ dead: number; wal: number }>(sql`
    select (select n_dead_tup from pg_stat_user_tables where relname = 'kept') as dead,
      pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::bigint as wal from pg_control_checkpoint()`);
  expect(state?.dead).toBe(0);
  expect(state?.wal).toBeLessThan(limits.walBytes);
  expect(await work(), 'nothing is due twice').toBe(0);

  await work({ transactionAge: 1 });
  const [age] = await db.query<{ age: number }>(sql`select max(age(datfrozenxid)) as age from pg_database`);
  expect(age?.age, 'no database keeps an old id that nobody can freeze').toBeLessThan(200);
});

test('no acknowledged row is lost when the process is killed while it writes, four times in a row (I3)', async () => {
  const dataDir = freshDataDir();
  let acknowledged = 0;
  for (let round = 0; round < 4; round += 1) acknowledged = await writeUntilKilled(dataDir, 15 + round * 20);
  const { db } = await start(dataDir);
  const numbers = await kept(db);
  expect(numbers.length).toBeGreaterThanOrEqual(acknowledged);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}, 60_000);

/** Lets a process write until `rows` commits were answered, kills it, and says the last number it had printed. */
async function writeUntilKilled(dataDir: string, rows: number): Promise<number> {
  const script = fileURLToPath(new URL('../../test/support/writing-process.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  let last = 0;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === rows) child.kill('SIGKILL');
  }
  await gone;
  expect(seen).toBeGreaterThanOrEqual(rows);
  return last;
}
