import pg from 'pg';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import type { EmbeddedEngine } from './embedded-engine.ts';
import { guardPool, pooledDb } from './pooled.ts';
import { DatabaseUnavailable, type Db } from './port.ts';
import { searchPath } from './search-path.ts';
import { createSessionOrder } from './session-order.ts';
import { statementNames } from './statement-names.ts';
import { valueTypes } from './value-types.ts';

/**
 * The embedded engine as a Db. One session, and waiting for it is normal: no connection timeout, and no query timeout,
 * which would reject while the statement runs on and commits (stack.md 4). The engine has its own watch instead.
 */
export function embeddedDb(
  engine: EmbeddedEngine,
  parts: { clock: Clock; random: Random; log: Log; schema?: string },
): Db & { pool: pg.Pool } {
  const pool = new pg.Pool({
    max: 1,
    idleTimeoutMillis: 0,
    ssl: false,
    user: 'postgres',
    database: 'postgres',
    types: valueTypes,
    stream: () => engine.connect(),
    ...searchPath(parts.schema),
  });
  guardPool(pool, parts.log);
  const db = pooledDb({
    pool,
    engine: 'embedded',
    nameOf: statementNames(),
    clock: parts.clock,
    random: parts.random,
    checkReady() {
      if (!engine.isUp) throw new DatabaseUnavailable('the database is being opened again');
    },
    onFailure(failure) {
      if (failure === 'storage') engine.restart('it could not write to the disk');
    },
    allowLong: (limit) => engine.allowLong(limit),
  });
  const order = createSessionOrder(parts.clock);
  return {
    ...db,
    pool,
    query: (statement) => order.first(() => db.query(statement)),
    transaction: (work, options) =>
      (options?.background ? order.last : order.first)(() => db.transaction(work, options)),
  };
}
