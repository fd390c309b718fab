import sql, { raw } from 'sql-template-tag';
import type { Queryable } from './port.ts';

/** Bytes of write-ahead log since the last checkpoint: what a restart after a crash has to read again. */
export const walBytes = (db: Queryable) =>
  db.query<{ bytes: number }>(sql`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::bigint as bytes from pg_control_checkpoint()`);

/**
 * The table that needs vacuum most: by dead rows, by rows changed since the planner's figures were taken, or because the
 * counters of a table that is not small are not there: the engine keeps them in memory, and a restart begins at nothing.
 */
export const tableToVacuum = (db: Queryable, limits: { rows: number; deadShare: number; changedShare: number }) =>
  db.query<{ table: string; dead: number }>(sql`
    select format('%I.%I', schemaname, relname) as "table", n_dead_tup as dead
    from pg_stat_user_tables
    where n_dead_tup > ${limits.rows}::bigint + ${limits.deadShare}::float8 * n_live_tup
       or n_mod_since_analyze > ${limits.rows}::bigint + ${limits.changedShare}::float8 * n_live_tup
       or (last_vacuum is null and pg_table_size(relid) > 1024 * 1024)
    order by n_dead_tup desc, relid
    limit 1`);

/** The table, catalogs included, whose oldest transaction id lies furthest back. */
export const tableToFreeze = (db: Queryable, age: number) =>
  db.query<{ table: string; age: number }>(sql`
    select format('%I.%I', n.nspname, c.relname) as "table", age(c.relfrozenxid) as age
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and age(c.relfrozenxid) > ${age}
    order by age(c.relfrozenxid) desc, c.oid
    limit 1`);

// The names come from format('%I.%I') above.
export const vacuum = (db: Queryable, table: string) => db.query(raw(`vacuum (analyze) ${table}`));
export const vacuumFreeze = (db: Queryable, table: string) => db.query(raw(`vacuum (freeze) ${table}`));
export const checkpoint = (db: Queryable) => db.query(sql`checkpoint`);
