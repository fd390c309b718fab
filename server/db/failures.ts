import pg from 'pg';
import { DatabaseUnavailable } from './port.ts';

/**
 * What a failed statement means for the one who asked.
 * - `conflict`: run the transaction again (40001, 40P01).
 * - `lost`: the connection is gone or useless; whether the statement took effect is not known from this alone.
 * - `read-only`: the server is a standby now, after a failover; it did not happen, and the connection is useless.
 * - `storage`: the disk refused a write; on the embedded engine the next query would never return (design.md 4.2).
 * - `busy`: the server gave up on the statement (timeout, lock, connections, memory); it did not happen.
 * - `statement`: the statement itself is at fault.
 */
export type Failure = 'conflict' | 'lost' | 'read-only' | 'storage' | 'busy' | 'statement';

const conflicts = new Set(['40001', '40P01']);
/** Disk full, I/O error: reliability.md 5, "Disk full". */
const storage = new Set(['53100', '58030']);
const readOnly = '25006';
/** 57P01-57P05: shutdown, crash, starting up; 25P03-25P04: the session was ended by a timeout. */
const losses = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);
/** 57014: statement_timeout; 55P03: lock_timeout; 53300: too many connections. */
const busy = new Set(['57014', '55P03', '53300']);

export function classifyFailure(error: unknown): Failure {
  if (!(error instanceof pg.DatabaseError)) return isConnectionError(error) ? 'lost' : 'statement';
  const code = error.code ?? '';
  if (conflicts.has(code)) return 'conflict';
  if (storage.has(code) || error.severity === 'PANIC') return 'storage';
  if (code === readOnly) return 'read-only';
  if (losses.has(code) || code.startsWith('08') || error.severity === 'FATAL') return 'lost';
  return busy.has(code) ? 'busy' : 'statement';
}

/** What the caller of a failed statement gets; a fault of the statement keeps the database's own error. */
export function failureToThrow(failure: Failure, error: unknown): unknown {
  switch (failure) {
    case 'conflict':
    case 'statement':
      return error;
    case 'lost':
      return new DatabaseUnavailable('the connection to the database was lost', { cause: error });
    case 'read-only':
      return new DatabaseUnavailable('the database is read-only now: a standby after a failover?', { cause: error });
    case 'storage':
      return new DatabaseUnavailable('the database cannot write: disk full or failing', { cause: error });
    case 'busy':
      return new DatabaseUnavailable('the database is too busy: a statement, a lock or a connection timed out', {
        cause: error,
      });
  }
}

/** After these the connection must not go back to the pool. */
export function isConnectionUseless(failure: Failure): boolean {
  return failure === 'lost' || failure === 'read-only' || failure === 'storage';
}

/**
 * The driver reports a lost connection with a plain Error without a code ("Connection terminated unexpectedly"), Node
 * with a code of its own (ECONNRESET). A RangeError or TypeError is a fault of ours (reliability.md F10).
 */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    typeof Reflect.get(error, 'code') === 'string' || error.constructor === Error || error instanceof AggregateError
  );
}
