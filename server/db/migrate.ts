import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { minutes } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { err, invariant, ok, type Result } from '../kernel/result.ts';
import {
  type AppliedMigration,
  appliedMigrations,
  createMigrationTable,
  lockMigrations,
  recordMigration,
  runScript,
} from './migrate.sql.ts';
import type { Db, Tx } from './port.ts';

export interface Migration extends AppliedMigration {
  readonly script: string;
}

/** One statement of a migration may rebuild a large table. */
const statementLimit = minutes(30);

/**
 * Brings the database to the schema of this code: the numbered scripts run forwards, each in a transaction of its own,
 * one starter at a time (the others wait and find the work done).
 * @returns how many scripts ran, or a sentence that says why this code must not use this database
 */
export async function migrate(
  db: Db,
  log: Log,
  migrations: readonly Migration[] = readMigrations(),
): Promise<Result<number, string>> {
  for (let ran = 0; ; ran += 1) {
    const step = await db.transaction((tx) => runNext(tx, migrations), { statementLimit });
    if (!step.ok) return step;
    if (step.value === undefined) return ok(ran);
    log.info(`the database has been migrated to ${step.value}`);
  }
}

async function runNext(tx: Tx, migrations: readonly Migration[]): Promise<Result<string | undefined, string>> {
  await lockMigrations(tx);
  await createMigrationTable(tx);
  const applied = await appliedMigrations(tx);
  const problem = findMismatch(applied, migrations);
  if (problem !== undefined) return err(problem);
  const next = migrations[applied.length];
  if (next === undefined) return ok(undefined);
  await runScript(tx, next.script);
  await recordMigration(tx, next);
  return ok(next.name);
}

function findMismatch(applied: readonly AppliedMigration[], known: readonly Migration[]): string | undefined {
  for (const [index, { number, name, checksum }] of applied.entries()) {
    const ours = known[index];
    if (ours === undefined)
      return `The database has been used by a newer Usher (migration ${name} is unknown here). Start that version, or restore a backup made before it.`;
    if (ours.number !== number || ours.checksum !== checksum)
      return `The database was made with another version of migration ${name}. A migration must never change after it was released.`;
  }
  return undefined;
}

/** The scripts beside this file, `0001-name.sql`, in the order of their numbers, each number once. */
export function readMigrations(folder = new URL('./migrations/', import.meta.url)): Migration[] {
  const names = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const number = Number(name.slice(0, 4));
    invariant(number > Number(names[index - 1]?.slice(0, 4) ?? 0), `migration ${name} needs a number of its own`);
    const script = fs.readFileSync(new URL(name, folder), 'utf8');
    return { number, name, script, checksum: createHash('sha256').update(script).digest('hex') };
  });
}
