import sql from 'sql-template-tag';
import type { Db } from '../../server/db/port.ts';

/** Without foreign keys in the way, and only where there is something: a test pays for the tables it filled. */
export const emptyTables = (db: Db) =>
  db.query(
    sql`do $$
      declare name text; filled boolean;
      begin
        set local session_replication_role = replica;
        for name in select tablename from pg_tables where schemaname = current_schema() and tablename <> 'schema_migrations' loop
          execute format('select exists (select from %I)', name) into filled;
          if filled then execute format('delete from %I', name); end if;
        end loop;
      end $$`,
  );
