import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { raw } from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import { embeddedDb } from '../../server/db/embedded.ts';
import { type EmbeddedEngine, openEngine } from '../../server/db/embedded-engine.ts';
import { migrate } from '../../server/db/migrate.ts';
import type { Db } from '../../server/db/port.ts';
import { openPostgres } from '../../server/db/postgres.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { emptyTables } from './empty-tables.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog };

/** Which engine the project tests: `pg` and `flows-pg` set TEST_ENGINE (vitest.config.ts). */
export const testEngine: Db['engine'] = process.env['TEST_ENGINE'] === 'pg' ? 'postgres' : 'embedded';

export interface TestDatabase {
  readonly db: Db;
  /** The pool below, for what speaks to the driver itself. */
  readonly pool: pg.Pool;
  readonly schema: string;
}

/**
 * A database of the file's own: a schema with all migrations, dropped after the file; every test starts with empty
 * tables (sequences go on). Usage: `const database = testDatabase(import.meta.url)`, then `database.db` inside tests.
 */
export function testDatabase(fileUrl: string, options: { migrated?: boolean } = {}): TestDatabase {
  const schema = `t_${createHash('sha256').update(fileUrl).update(String(process.pid)).digest('hex').slice(0, 16)}`;
  let opened: TestDb | undefined;
  const database = (): TestDb => must(opened, 'the database is there inside tests and hooks only');

  beforeAll(async () => {
    opened = await openInSchema(schema);
    await opened.query(raw(`create schema ${schema}`));
    if (options.migrated === false) return;
    const result = await migrate(opened, silentLog);
    if (!result.ok) throw new Error(result.error);
  });
  beforeEach(() => emptyTables(database()));
  afterAll(async () => {
    if (!opened) return;
    await opened.query(raw(`drop schema if exists ${schema} cascade`));
    await opened.close();
  });

  return {
    get db() {
      return database();
    },
    get pool() {
      return database().pool;
    },
    schema,
  };
}

type TestDb = Db & { readonly pool: pg.Pool };

/** Opens one more connection pool, on PostgreSQL a real second client; the embedded engine has room for one only. */
export async function openInSchema(schema: string): Promise<TestDb> {
  if (testEngine === 'embedded') return embeddedDb(await engineOfThisWorker(), { ...parts, schema });
  const opened = await openPostgres({ url: postgresUrl(), schema, connections: 4 }, parts);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

export function postgresUrl(): string {
  const url = process.env['TEST_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  if (!url) throw new Error('Set TEST_DATABASE_URL, or run: tools/with-postgres.sh npm run test:pg');
  return url;
}

/** One engine for all files of a vitest worker: opening one takes a second. The files of a worker share globalThis. */
const engineKey = Symbol.for('usher.test.engine');

function engineOfThisWorker(): Promise<EmbeddedEngine> {
  const shared = globalThis as { [engineKey]?: Promise<EmbeddedEngine> };
  shared[engineKey] ??= openCopy();
  return shared[engineKey];
}

async function openCopy(): Promise<EmbeddedEngine> {
  const dataDir = freshDataDir();
  const engine = await openEngine(dataDir, parts);
  if (!engine.ok) throw new Error(engine.error);
  return engine.value;
}

/** A data folder whose embedded database is made already, so that a start takes one second instead of six. */
export function freshDataDir(): string {
  const { template, runs } = inject('embedded');
  const dataDir = fs.mkdtempSync(path.join(runs, 'data-'));
  fs.cpSync(template, path.join(dataDir, 'database'), { recursive: true });
  return dataDir;
}
