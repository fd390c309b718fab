/** A real engine for the simulation, emptied between seeds, with what the scheduler needs to see who waits for a lock. */
import type pg from 'pg';
import sql from 'sql-template-tag';
import type { Db } from '../../server/db/port.ts';
import { emptyTables } from '../support/empty-tables.ts';
import type { FindWaiting, Scheduler } from './scheduler.ts';

export interface Engine {
  readonly db: Db;
  /** Undefined: the engine has one session. */
  readonly findWaiting: FindWaiting | undefined;
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

export async function simulationEngine(db: Db & { readonly pool: pg.Pool }, monitor?: Db): Promise<Engine> {
  const watching: { scheduler: Scheduler | undefined } = { scheduler: undefined };
  if (monitor) await preparePool(db.pool);
  // The driver keeps the server's process number, though its types do not say so.
  db.pool.on('acquire', (client) => watching.scheduler?.acquired(Reflect.get(client, 'processID')));
  return {
    db,
    findWaiting: monitor && ((pids) => waitingOf(monitor, pids)),
    watch(scheduler) {
      watching.scheduler = scheduler;
    },
    async empty() {
      watching.scheduler = undefined;
      await emptyTables(db);
    },
  };
}

/** More sessions than there are tasks, and no limit but the scheduler's. */
async function preparePool(pool: pg.Pool): Promise<void> {
  Object.assign(pool.options, { max: 24, query_timeout: 0, connectionTimeoutMillis: 0 });
  pool.on('connect', (client) => void client.query(sessionSettings));
  // The one that looked at the server has the old limits.
  (await pool.connect()).release(true);
}

async function waitingOf(monitor: Db, pids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await monitor.query<{ pid: number }>(sql`
    select pid from unnest(${pids}::int[]) as p (pid) where cardinality(pg_blocking_pids(pid)) > 0`);
  return new Set(rows.map(({ pid }) => pid));
}
