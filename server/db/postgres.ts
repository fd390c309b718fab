import pg from 'pg';
import sql from 'sql-template-tag';
import { type Clock, seconds } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { guardPool, pooledDb } from './pooled.ts';
import { DatabaseUnavailable, type Db } from './port.ts';
import { searchPath } from './search-path.ts';
import { valueTypes } from './value-types.ts';

export const oldestVersion = 15;
const connectionsDefault = 10;

/**
 * A dead connection is noticed within 10 s (reliability.md 5, "Half-open TCP"): the server gives up at 8 s, the driver
 * at 10 s. A lock is waited for 5 s, less than a statement may take, so that the error names the lock.
 */
const limits = {
  connectionTimeoutMillis: seconds(5),
  statement_timeout: seconds(8),
  query_timeout: seconds(10),
  lock_timeout: seconds(5),
  idle_in_transaction_session_timeout: seconds(30),
  keepAlive: true,
  keepAliveInitialDelayMillis: seconds(5),
} satisfies pg.PoolConfig;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; it holds a password and is never printed. */
  readonly url: string;
  readonly connections?: number;
  readonly schema?: string;
}

/**
 * Connects to PostgreSQL and looks whether it can be used.
 * @returns the database, or a sentence without the password that says why not
 */
export async function openPostgres(
  options: PostgresOptions,
  parts: { clock: Clock; random: Random; log: Log },
): Promise<Result<Db & { pool: pg.Pool }, string>> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections ?? connectionsDefault,
    application_name: 'usher',
    types: valueTypes,
    ...limits,
    ...eachConnection(options.schema),
  });
  guardPool(pool, parts.log);
  const db = pooledDb({
    pool,
    engine: 'postgres',
    clock: parts.clock,
    random: parts.random,
    checkReady: () => {},
    onFailure: () => {},
    allowLong: () => () => {},
  });
  const problem = await findProblem(db, options.url);
  if (problem === undefined) return ok({ ...db, pool });
  await pool.end();
  return err(problem);
}

/**
 * What libpq calls target_session_attrs=read-write: a server that takes no writes gives no connections to the pool. And no
 * statement is compiled: PostgreSQL guesses that asking for a thousand hashes is a long one, and compiled for 3.5 s what
 * then ran for 60 ms (docs/decisions/0016).
 */
function eachConnection(schema: string | undefined): Pick<pg.PoolConfig, 'onConnect'> {
  const path = searchPath(schema);
  return {
    // The pool waits for the promise, although its types say void.
    onConnect: async (client) => {
      await path.onConnect?.(client);
      const { rows } = await client.query<{ read_only: string }>(
        "select current_setting('transaction_read_only') as read_only, set_config('jit', 'off', false)",
      );
      if (rows[0]?.read_only === 'on') throw new DatabaseUnavailable(readOnly);
    },
  };
}

const readOnly = 'it is read-only (a standby?), and Usher has to write';

async function findProblem(db: Db, url: string): Promise<string | undefined> {
  try {
    const [server] = await db.query<{ version: number }>(
      sql`select current_setting('server_version_num')::int / 10000 as version`,
    );
    if (server === undefined || server.version < oldestVersion)
      return `The PostgreSQL at ${placeOf(url)} is version ${server?.version}; Usher needs ${oldestVersion} or newer.`;
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.message === readOnly)
      return `The PostgreSQL at ${placeOf(url)} cannot be used: ${readOnly}. DATABASE_URL must name the primary.`;
    return `The PostgreSQL at ${placeOf(url)} cannot be reached: ${reasonOf(error)}. Check DATABASE_URL and that the server runs.`;
  }
}

/** Host, port and database of the address; never the user's password. */
function placeOf(url: string): string {
  try {
    const { hostname, port, pathname, searchParams } = new URL(url);
    return `${searchParams.get('host') ?? hostname}:${port || '5432'}${pathname}`;
  } catch {
    return '(an address that cannot be read)';
  }
}

/** Our own error wraps the driver's; a refused connection to "localhost" holds one error per address. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : 'unknown reason';
}
