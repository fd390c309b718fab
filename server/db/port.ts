import type { Sql } from 'sql-template-tag';
import type { Millis } from '../kernel/clock.ts';

export type Row = Record<string, unknown>;

/**
 * Runs one statement. Values come back alike on both engines: int8 and count(*) as number (an int8 beyond 2^53 is an
 * error), numeric as string, date as string, timestamptz as Date, bytea as Buffer, jsonb parsed.
 */
export interface Queryable {
  query<R extends Row>(statement: Sql): Promise<R[]>;
}

declare const inTransaction: unique symbol;
/** What must run in a transaction takes a Tx, so forgetting it does not compile. */
export interface Tx extends Queryable {
  readonly [inTransaction]: true;
  /**
   * Nobody else can be in the database while this transaction runs: the embedded engine has one session. What is read stays as
   * it is without a lock, which would write each row that it locks (docs/decisions/0018).
   */
  readonly alone: boolean;
}

export interface Db extends Queryable {
  readonly engine: 'embedded' | 'postgres';
  /**
   * Runs `work` in one transaction and commits. Deadlocks and serialisation failures (40P01, 40001) are run again, so
   * `work` must have no effect outside the database. Throws `CommitUnknown` when the connection is lost during COMMIT:
   * the caller finds out by running the work again (design.md 4.1, "A commit of unknown outcome").
   * Never use the Db itself inside `work`: the embedded engine has one session.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** How long one statement may take, where the engine's usual limit (seconds) is too short: a migration, a rebuild. */
  readonly statementLimit?: Millis;
  /** Nobody waits for it: where the engine has one session, it begins when nobody else asks for it, or after half a second (session-order.ts). */
  readonly background?: boolean;
}

/**
 * The connection was lost or the disk failed during COMMIT, or during a statement outside a transaction that may write: it
 * took effect or it did not. The caller answers 503 too, and finds out by asking or by doing the same again.
 */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/** The database cannot take work now; what was asked did not happen. The caller answers 503 and tries again later. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}
