import type pg from 'pg';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { embeddedDb } from './embedded.ts';
import { openEngine } from './embedded-engine.ts';
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
}

/**
 * Opens the database: PostgreSQL where an address is given, else the embedded engine, which is made on the first start.
 * @returns the database, or a sentence for the operator that says why not
 */
export async function openDatabase(
  options: DatabaseOptions,
  parts: { clock: Clock; random: Random; log: Log },
): Promise<Result<OpenDatabase, string>> {
  const { url, dataDir, ...rest } = options;
  if (url !== undefined) return openPostgres({ url, ...rest }, parts);
  const engine = await openEngine(dataDir, parts);
  if (!engine.ok) return err(engine.error);
  const db = embeddedDb(engine.value, { ...parts, ...(rest.schema === undefined ? {} : { schema: rest.schema }) });
  return ok({
    ...db,
    async close() {
      await db.close();
      await engine.value.close();
    },
  });
}
