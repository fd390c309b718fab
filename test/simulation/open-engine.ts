/** Engines for the command, where no test runner brings them. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sql, { raw } from 'sql-template-tag';
import { embeddedDb } from '../../server/db/embedded.ts';
import { openEngine } from '../../server/db/embedded-engine.ts';
import { migrate } from '../../server/db/migrate.ts';
import type { Db } from '../../server/db/port.ts';
import { openPostgres } from '../../server/db/postgres.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { type Engine, simulationEngine } from './engine.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog };

export interface OpenedEngine extends Engine {
  close(): Promise<void>;
}

export async function openEmbedded(): Promise<OpenedEngine> {
  // Nothing is to survive this run: memory where there is some, and no waiting for the disk.
  const root = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  const folder = fs.mkdtempSync(path.join(root, 'usher-simulation-'));
  copyTemplate(folder);
  const opened = await openEngine(folder, parts);
  if (!opened.ok) throw new Error(opened.error);
  const db = embeddedDb(opened.value, parts);
  await db.query(sql`set synchronous_commit = off`);
  await migrated(db);
  return {
    ...(await simulationEngine(db)),
    async close() {
      await db.close();
      await opened.value.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The tests keep an empty database (test/support/template.ts): a copy spares the seconds of making one. */
function copyTemplate(folder: string): void {
  const cache = fileURLToPath(new URL('../../node_modules/.cache/usher/', import.meta.url));
  const made = fs.existsSync(cache) ? fs.readdirSync(cache).find((name) => name.startsWith('embedded-')) : undefined;
  if (made) fs.cpSync(path.join(cache, made), path.join(folder, 'database'), { recursive: true });
}

export async function openPg(url: string): Promise<OpenedEngine> {
  const schema = `simulation_${process.pid}`;
  const open = async (connections: number) => {
    const opened = await openPostgres({ url, schema, connections }, parts);
    if (!opened.ok) throw new Error(opened.error);
    return opened.value;
  };
  const monitor = await open(1);
  await monitor.query(raw(`create schema ${schema}`));
  const db = await open(1);
  await migrated(db);
  return {
    ...(await simulationEngine(db, monitor, true)),
    async close() {
      await db.close();
      await monitor.query(raw(`drop schema ${schema} cascade`));
      await monitor.close();
    },
  };
}

async function migrated(db: Db): Promise<void> {
  const result = await migrate(db, silentLog);
  if (!result.ok) throw new Error(result.error);
}
