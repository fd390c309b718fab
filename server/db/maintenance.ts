import { type Clock, minutes } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { EmbeddedEngine } from './embedded-engine.ts';
import { checkpoint, tableToFreeze, tableToVacuum, vacuum, vacuumFreeze, walBytes } from './maintenance.sql.ts';
import type { Db } from './port.ts';

/** When each task is due. */
export interface MaintenanceLimits {
  /** 64 MB of log are read again in about a second; unlimited, reopening took 26 s (reliability.md F2). */
  readonly walBytes: number;
  /** As PostgreSQL's own autovacuum scales, from a base that spares small tables. */
  readonly rows: number;
  readonly deadShare: number;
  readonly changedShare: number;
  /** PostgreSQL's vacuum_freeze_min_age; the engine refuses work at 2,000 million. */
  readonly transactionAge: number;
}

export const maintenanceLimits: MaintenanceLimits = {
  walBytes: 64 * 1024 * 1024,
  rows: 2_000,
  deadShare: 0.1,
  changedShare: 0.2,
  transactionAge: 50_000_000,
};

/** Vacuum of a large table takes longer than any statement of ours may. */
const taskLimit = minutes(10);

/** A minute's dead rows are few; the log of a minute under full load is 600 MB, so that is looked at whenever the loop asks. */
const tablesEvery = minutes(1);

/**
 * One task a step of those that a PostgreSQL server does by itself and the embedded engine never does (design.md 4.2):
 * checkpoint, vacuum, freezing of old transaction ids. Nothing else runs meanwhile, so each is one table at a time.
 */
export function embeddedUpkeep(parts: UpkeepParts, limits = maintenanceLimits): () => Promise<'more' | 'idle'> {
  let tablesAt = 0;
  return async () => {
    const [wal] = await walBytes(parts.db);
    if (wal && wal.bytes > limits.walBytes) return await withLongLimit(parts.engine, () => checkpoint(parts.db));
    if (parts.clock.elapsed() < tablesAt) return 'idle';
    const found = await tidyTable(parts, limits);
    if (found === 'idle') tablesAt = parts.clock.elapsed() + tablesEvery;
    return found;
  };
}

interface UpkeepParts {
  readonly db: Db;
  readonly engine: Pick<EmbeddedEngine, 'allowLong'>;
  readonly log: Log;
  readonly clock: Clock;
}

async function tidyTable({ db, engine, log }: UpkeepParts, limits: MaintenanceLimits): Promise<'more' | 'idle'> {
  const [old] = await tableToFreeze(db, limits.transactionAge);
  if (old) {
    log.debug('freezing old transaction ids', { table: old.table, age: old.age });
    return await withLongLimit(engine, () => vacuumFreeze(db, old.table));
  }
  const [dirty] = await tableToVacuum(db, limits);
  if (dirty) {
    log.debug('removing dead rows', { table: dirty.table, dead: dirty.dead });
    return await withLongLimit(engine, () => vacuum(db, dirty.table));
  }
  return 'idle';
}

async function withLongLimit(engine: Pick<EmbeddedEngine, 'allowLong'>, task: () => Promise<unknown>): Promise<'more'> {
  const limitEnds = engine.allowLong(taskLimit);
  try {
    await task();
  } finally {
    limitEnds();
  }
  return 'more';
}
