import type pg from 'pg';
import type { Sql } from 'sql-template-tag';
import { type Clock, type Millis, millis } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { InvariantError } from '../kernel/result.ts';
import { boundValues } from './array-values.ts';
import { classifyFailure, type Failure, failureToThrow, isConnectionUseless } from './failures.ts';
import { CommitUnknown, DatabaseUnavailable, type Db, type Row, type TransactionOptions, type Tx } from './port.ts';
import type { statementNames } from './statement-names.ts';

/** 10 runs, waits doubling from 5 ms up to 320 ms: about a second in all before a deadlock is handed to the caller. */
const runsMax = 10;
const firstWait = millis(5);
const longestWait = millis(320);
/** The server should give up first, so that its error tells why; the driver's own limit is for a dead connection. */
const driverGrace = millis(2_000);

export interface PooledParts {
  readonly pool: pg.Pool;
  readonly engine: Db['engine'];
  readonly clock: Clock;
  readonly random: Random;
  /** Names under which each connection keeps a statement; without them every statement is taken apart whenever it is asked. */
  readonly nameOf?: ReturnType<typeof statementNames>;
  /** Throws DatabaseUnavailable while there is no database to ask, instead of letting callers queue. */
  readonly checkReady: () => void;
  /** Told of every failure; the embedded engine reopens after `storage`. */
  readonly onFailure: (failure: Failure) => void;
  /** Widens the embedded engine's limit while a long transaction runs; gives back what ends that. */
  readonly allowLong: (limit: Millis) => () => void;
}

/** The Db over a pool of node-postgres: both engines are this, they differ in what the pool connects to. */
export function pooledDb(given: PooledParts): Db {
  const parts: Parts = { ...given, eras: eras(given.pool) };
  return {
    engine: parts.engine,
    query: (statement) => queryAlone(parts, statement),
    transaction: (work, options) => transactionWithRetries(parts, work, options ?? {}),
    close: () => parts.pool.end(),
  };
}

interface Parts extends PooledParts {
  readonly eras: Eras;
}

/**
 * A server that was demoted goes on answering reads, with what it knew then, to whoever keeps a connection to it
 * (reliability.md 2, row 19). So the first write that it refuses ends the era of all connections made before.
 */
interface Eras {
  end(): void;
  isOver(client: pg.PoolClient): boolean;
}

function eras(pool: pg.Pool): Eras {
  const madeIn = new WeakMap<pg.PoolClient, number>();
  let now = 0;
  pool.on('connect', (client) => void madeIn.set(client, now));
  return {
    end() {
      now += 1;
    },
    isOver: (client) => madeIn.get(client) !== now,
  };
}

/**
 * Hears every lost connection, of idle clients and of those in use: without a listener the loss would end the process
 * (reliability.md F10). A statement under way gets the error as its own answer.
 */
export function guardPool(pool: pg.Pool, log: Log): void {
  pool.on('error', (error) => log.warn('a connection to the database ended', { reason: error.message }));
  pool.on('connect', (client) => void client.on('error', () => {}));
}

async function queryAlone<R extends Row>(parts: Parts, statement: Sql): Promise<R[]> {
  parts.checkReady();
  const client = await connect(parts);
  try {
    const result = await client.query<R>(asQuery(parts, statement));
    client.release(parts.eras.isOver(client));
    return result.rows;
  } catch (error) {
    const failure = report(parts, error);
    client.release(isConnectionUseless(failure) || parts.eras.isOver(client));
    // It is its own transaction: what fails may be its commit.
    if (mayBeCommitted(failure) && !isRead(statement)) throw unknownOutcome(failure, error);
    throw failureToThrow(failure, error);
  }
}

async function transactionWithRetries<T>(
  parts: Parts,
  work: (tx: Tx) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  for (let run = 1; ; run += 1) {
    const outcome = await runTransaction(parts, work, options);
    if (outcome.kind === 'done') return outcome.value;
    if (outcome.kind === 'failed' || run === runsMax) throw outcome.error;
    const wait = Math.min(longestWait, firstWait * 2 ** (run - 1));
    await parts.clock.sleep(wait * (0.5 + parts.random.fraction()));
  }
}

type RunOutcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'conflict'; error: unknown }
  | { kind: 'failed'; error: unknown };

async function runTransaction<T>(
  parts: Parts,
  work: (tx: Tx) => Promise<T>,
  options: TransactionOptions,
): Promise<RunOutcome<T>> {
  parts.checkReady();
  const client = await connect(parts);
  const limitEnds = options.statementLimit === undefined ? () => {} : parts.allowLong(options.statementLimit);
  const session = new TransactionSession(client, parts, options.statementLimit);
  try {
    await session.begin();
    const value = await work(session.tx);
    await session.commit();
    return { kind: 'done', value };
  } catch (error) {
    await session.rollback();
    return session.failure === 'conflict' ? { kind: 'conflict', error } : { kind: 'failed', error };
  } finally {
    limitEnds();
    session.release();
  }
}

/** One transaction on one connection; remembers the first failure, which decides what becomes of both. */
class TransactionSession {
  readonly tx: Tx;
  failure: Failure | undefined;
  readonly #client: pg.PoolClient;
  readonly #parts: Parts;
  readonly #limit: Millis | undefined;
  #open = false;

  constructor(client: pg.PoolClient, parts: Parts, limit: Millis | undefined) {
    this.#client = client;
    this.#parts = parts;
    this.#limit = limit;
    // The brand exists in types only: being given a Tx is the proof of being in a transaction.
    this.tx = { query: (statement: Sql) => this.#run(statement), alone: parts.engine === 'embedded' } as Tx;
  }

  async begin(): Promise<void> {
    // Whoever waited for a lock reads what was committed meanwhile, whatever an operator's database begins with by default.
    await this.#run({ text: 'begin isolation level read committed', values: [] });
    this.#open = true;
    // Both timeouts are integers of our own: SET takes no parameters.
    if (this.#limit !== undefined)
      await this.#run({ text: `set local statement_timeout = ${Math.ceil(this.#limit)}`, values: [] });
  }

  /** Any doubt about a COMMIT that was sent is the caller's to resolve (design.md 4.1, "A commit of unknown outcome"). */
  async commit(): Promise<void> {
    this.#open = false;
    let command: string;
    try {
      command = (await this.#client.query('commit')).command;
    } catch (error) {
      this.failure = report(this.#parts, error);
      if (mayBeCommitted(this.failure)) throw unknownOutcome(this.failure, error);
      throw failureToThrow(this.failure, error);
    }
    if (command !== 'COMMIT')
      throw new InvariantError('a transaction was committed although one of its statements had failed');
  }

  async rollback(): Promise<void> {
    if (!this.#open || (this.failure !== undefined && isConnectionUseless(this.failure))) return;
    this.#open = false;
    try {
      await this.#client.query('rollback');
    } catch (error) {
      this.failure = report(this.#parts, error);
    }
  }

  release(): void {
    const isUseless = this.failure !== undefined && isConnectionUseless(this.failure);
    this.#client.release(isUseless || this.#parts.eras.isOver(this.#client));
  }

  async #run<R extends Row>(statement: { text: string; values: unknown[] }): Promise<R[]> {
    const limit = this.#limit === undefined ? {} : { query_timeout: this.#limit + driverGrace };
    try {
      return (await this.#client.query<R>({ ...asQuery(this.#parts, statement), ...limit })).rows;
    } catch (error) {
      const failure = report(this.#parts, error);
      this.failure ??= failure;
      throw failureToThrow(failure, error);
    }
  }
}

const asQuery = ({ nameOf }: Parts, statement: { text: string; values: unknown[] }): pg.QueryConfig => ({
  text: statement.text,
  values: boundValues(statement),
  ...nameOf?.(statement),
});

async function connect(parts: Parts): Promise<pg.PoolClient> {
  try {
    for (;;) {
      const client = await parts.pool.connect();
      if (!parts.eras.isOver(client)) return client;
      client.release(true);
    }
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    const failure = report(parts, error);
    // Nothing was sent: whatever kept us from connecting, the work did not happen.
    throw failureToThrow(failure === 'statement' ? 'lost' : failure, error);
  }
}

function report(parts: Parts, error: unknown): Failure {
  const failure = classifyFailure(error);
  if (failure === 'read-only') parts.eras.end();
  parts.onFailure(failure);
  return failure;
}

const isRead = (statement: Sql): boolean => /^\s*(select|show)\b/i.test(statement.text);

/** A failed fsync too: the commit record is written and recovery may find it (design.md 4.2). */
const mayBeCommitted = (failure: Failure): failure is 'lost' | 'storage' => failure === 'lost' || failure === 'storage';

const unknownOutcome = (failure: 'lost' | 'storage', cause: unknown): CommitUnknown => {
  const what = failure === 'lost' ? 'the connection to the database was lost' : 'the disk of the database failed';
  return new CommitUnknown(`${what} before it answered: the change may be in it or not`, { cause });
};
