import sql, { raw } from 'sql-template-tag';
import type { Queryable, Tx } from './port.ts';

export interface AppliedMigration {
  number: number;
  name: string;
  checksum: string;
}

/** One migrator at a time in one schema; two tests in two schemas do not wait for each other. Held until commit. */
export const lockMigrations = (tx: Tx) =>
  tx.query(sql`select pg_advisory_xact_lock(hashtextextended('usher migrations ' || current_schema(), 0))`);

export const createMigrationTable = (tx: Tx) =>
  tx.query(sql`
    create table if not exists schema_migrations (
      number     integer primary key,
      name       text not null,
      checksum   text not null,
      applied_at timestamptz(3) not null
    )`);

export const appliedMigrations = (db: Queryable) =>
  db.query<AppliedMigration & Record<string, unknown>>(
    sql`select number, name, checksum from schema_migrations order by number`,
  );

/** Several statements in one string: without values the driver sends them as a simple query. */
export const runScript = (tx: Tx, script: string) => tx.query(raw(script));

export const recordMigration = (tx: Tx, migration: AppliedMigration) =>
  tx.query(sql`
    insert into schema_migrations (number, name, checksum, applied_at)
    values (${migration.number}, ${migration.name}, ${migration.checksum}, clock_timestamp())`);
