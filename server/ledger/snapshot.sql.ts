import sql from 'sql-template-tag';
import type { Db, Queryable } from '../db/port.ts';

/** Runs one bounded piece of a long reading. */
export type ReadStep = <T>(step: (q: Queryable) => Promise<T>) => Promise<T>;

/**
 * A long reading that holds nobody up. On PostgreSQL one read-only snapshot for all its steps; the embedded engine has one
 * session, which a transaction of half a minute would keep from events, so there each step sees what is true then.
 * `work` may run twice.
 */
export async function onSnapshot<T>(db: Db, work: (read: ReadStep) => Promise<T>): Promise<T> {
  if (db.engine === 'embedded') {
    return work((step) =>
      db.transaction(async (tx) => {
        await tx.query(sql`set transaction read only`);
        return step(tx);
      }),
    );
  }
  return db.transaction(async (tx) => {
    await tx.query(sql`set transaction isolation level repeatable read, read only`);
    return work((step) => step(tx));
  });
}
