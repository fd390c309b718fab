import type pg from 'pg';
import { type Clock, seconds } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Step } from '../kernel/loop.ts';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { embeddedDb } from './embedded.ts';
import { openEngine } from './embedded-engine.ts';
import { embeddedUpkeep } from './maintenance.ts';
import type { Db } from './port.ts';
import { openPostgres } from './postgres.ts';

export interface DatabaseOptions {
  /** Address of a PostgreSQL; undefined: the embedded engine under `dataDir`. */
  readonly url?: string | undefined;
  readonly dataDir: string;
  /** Connections to PostgreSQL; the embedded engine has one session. */
  readonly connections?: number;
  /** A schema of one's own inside the database. */
  readonly schema?: string;
}

/** The database of this process. `close` is part of it; the pool is for libraries that bring their own statements. */
export interface OpenDatabase extends Db {
  readonly pool: pg.Pool;
  /** What the embedded engine needs done from time to time, for `runLoop`; PostgreSQL looks after itself. */
  readonly maintain: Step;
}

/** How often a loop should ask whether something is to be maintained: 3,000 events a second write 100 MB of log meanwhile. */
export const maintenanceIdle = seconds(10);

/**
 * Opens the database: PostgreSQL where an address is given, else the embedded engine, which is made on the first start.
 * @returns the database, or a sentence for the operator that says why not
 */
export async function openDatabase(
  options: DatabaseOptions,
  parts: { clock: Clock; random: Random; log: Log },
): Promise<Result<OpenDatabase, string>> {
  const { url, dataDir, ...rest } = options;
  if (url !== undefined) {
    const opened = await openPostgres({ url, ...rest }, parts);
    return opened.ok ? ok({ ...opened.value, maintain: async () => 'idle' }) : opened;
  }
  const engine = await openEngine(dataDir, parts);
  if (!engine.ok) return err(engine.error);
  const db = embeddedDb(engine.value, { ...parts, ...(rest.schema === undefined ? {} : { schema: rest.schema }) });
  return ok({
    ...db,
    maintain: embeddedUpkeep({ ...parts, db, engine: engine.value }),
    async close() {
      await db.close();
      await engine.value.close();
    },
  });
}
