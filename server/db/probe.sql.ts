import sql from 'sql-template-tag';
import type { Queryable } from './port.ts';

/** Writes one row: fails on a read-only server, on a full disk, and when the database is away. */
export const probeWrite = (q: Queryable, now: Date) =>
  q.query(sql`
    insert into heartbeat (only_row, at) values (true, ${now}) on conflict (only_row) do update set at = excluded.at`);
