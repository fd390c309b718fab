/** A real engine for the simulation, emptied between seeds, with what the scheduler needs to see who waits for a lock. */
import fs from 'node:fs';
import type pg from 'pg';
import sql from 'sql-template-tag';
import type { Db } from '../../server/db/port.ts';
import { emptyTables } from '../support/empty-tables.ts';
import type { Scheduler, Sessions } from './scheduler.ts';

export interface Engine {
  readonly db: Db;
  /** Undefined: the engine has one session. */
  readonly sessions: Sessions | undefined;
  empty(): Promise<void>;
  /** From now on this scheduler is told which session a step got. */
  watch(scheduler: Scheduler): void;
}

/**
 * Statements may wait for locks as long as the scheduler lets them. A deadlock is looked for at once and not after a
 * second, so that whoever closes the circle is the one that fails, whatever the machine's speed.
 */
const sessionSettings =
  "set lock_timeout = 0; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set deadlock_timeout = '1ms'";

/**
 * `isAlone`: nobody else uses the server, so that its processes may be made to stand still. Beside others they may not:
 * whoever makes or drops a database waits for every process of the server.
 */
export async function simulationEngine(
  db: Db & { readonly pool: pg.Pool },
  monitor?: Db,
  isAlone = false,
): Promise<Engine> {
  const watching: { scheduler: Scheduler | undefined } = { scheduler: undefined };
  if (monitor) {
    await preparePool(db.pool);
    await db.query(leaveAlone);
  }
  // The driver keeps the server's process number, though its types do not say so.
  db.pool.on('acquire', (client) => watching.scheduler?.acquired(Reflect.get(client, 'processID')));
  return {
    db,
    sessions: monitor && (await sessionsOf(monitor, isAlone)),
    watch(scheduler) {
      watching.scheduler = scheduler;
    },
    async empty() {
      watching.scheduler = undefined;
      if (monitor) await db.query(renewTables);
      else await emptyTables(db);
      await db.query(restartSequences);
    },
  };
}

/** Ids are part of what decides the order of steps: a seed gets the same ones whichever seeds ran before it. */
const restartSequences = sql`do $$
  declare name text;
  begin
    for name in select sequencename from pg_sequences where schemaname = current_schema() loop
      execute format('alter sequence %I restart', name);
    end loop;
  end $$`;

/**
 * New files, and nobody who tidies them up or looks at what is in them: otherwise which rows come first, and which plan is
 * taken, depends on what a background process of the server has come to.
 */
const renewTables = sql`do $$
  begin
    execute (select format('truncate %s', string_agg(format('%I', tablename), ', ')) from pg_tables
      where schemaname = current_schema() and tablename <> 'schema_migrations');
  end $$`;
const leaveAlone = sql`do $$
  declare name text;
  begin
    for name in select tablename from pg_tables where schemaname = current_schema() loop
      execute format('alter table %I set (autovacuum_enabled = false)', name);
    end loop;
  end $$`;

/** More sessions than there are tasks, and no limit but the scheduler's. */
async function preparePool(pool: pg.Pool): Promise<void> {
  Object.assign(pool.options, { max: 24, query_timeout: 0, connectionTimeoutMillis: 0 });
  pool.on('connect', (client) => void client.query(sessionSettings));
  // The one that looked at the server has the old limits.
  (await pool.connect()).release(true);
}

async function sessionsOf(monitor: Db, isAlone: boolean): Promise<Sessions> {
  const [server] = await monitor.query<{ here: boolean }>(sql`
    select coalesce(inet_server_addr() <<= '127.0.0.0/8', true) as here`);
  const signal = isAlone && server?.here === true && process.platform === 'linux' ? signalBackend : () => {};
  return {
    waiting: (pids) => waitingOf(monitor, pids),
    hold: (pid) => signal(pid, 'SIGSTOP'),
    letGo: (pid) => signal(pid, 'SIGCONT'),
  };
}

/** Another user's server is left alone: there a seed may replay another way. */
function signalBackend(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    if (fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres') process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EPERM'].includes(String(error.code))))
      throw error;
  }
}

async function waitingOf(monitor: Db, pids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await monitor.query<{ pid: number }>(sql`
    select pid from unnest(${pids}::int[]) as p (pid) where cardinality(pg_blocking_pids(pid)) > 0`);
  return new Set(rows.map(({ pid }) => pid));
}
