import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { backoff } from '../kernel/backoff.ts';
import { type Clock, type Millis, millis, minutes, seconds } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { type Loop, runLoop } from '../kernel/loop.ts';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import type { WorkerOrder } from './embedded-worker.ts';
import { type LockFile, type LockParts, takeLock } from './lock-file.ts';
import { WireStream, type WireWatch } from './wire-stream.ts';

/** The engine's thread with everything that keeps it going. One session at a time may talk to it. */
export interface EmbeddedEngine {
  /** A new session, for the driver. */
  connect(): Duplex;
  readonly isUp: boolean;
  /** Ends the thread and opens the folder again; asked for after a failed write, since the next query would hang. */
  restart(reason: string): void;
  /** Lets one request take this long; gives back what ends the exception. */
  allowLong(limit: Millis): () => void;
  /** Calls of fsync that succeeded so far. */
  readonly fsyncs: number;
  close(): Promise<void>;
}

export interface EngineParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Makes the thread; tests bring one with a failing disk. */
  readonly startWorker?: (order: WorkerOrder) => Worker;
}

/** `statement_timeout` does not fire in this engine (design.md 4.2); a request that takes longer than this hangs for good. */
export const requestLimit = seconds(60);
const watchEvery = seconds(1);
const firstReopenWait = millis(200);
const longestReopenWait = seconds(5);
/** Reading the log again after a crash takes seconds (reliability.md F2); an engine that opens for longer hangs. */
const openLimit = minutes(5);

/**
 * Opens the embedded database under `dataDir`, making it first where there is none.
 * @returns the engine, or a sentence that says why not
 */
export async function openEngine(dataDir: string, parts: EngineParts): Promise<Result<EmbeddedEngine, string>> {
  const folder = path.join(dataDir, 'database');
  const startWorker = parts.startWorker ?? startEmbeddedWorker;
  const fsyncs = new SharedArrayBuffer(4);
  const lock = await lockFolder(dataDir, { ...parts, lost: () => engine.leave() });
  if (!lock.ok) return lock;
  const engine = new SupervisedEngine(() => startWorker({ task: 'serve', folder, fsyncs }), parts);
  const close = (): Promise<void> => engine.close().finally(() => lock.value.release());
  try {
    if (!fs.existsSync(folder)) {
      parts.log.info(`creating the database in ${folder}`);
      await hasEnded(startWorker({ task: 'create', folder, fsyncs }));
    }
    await engine.start();
  } catch (error) {
    parts.log.error('the embedded database does not open', { error });
    await close();
    return err(
      `The embedded database in ${folder} does not open: ${error instanceof Error ? error.message : 'unknown reason'}.`,
    );
  }
  return ok({
    connect: () => engine.connect(),
    get isUp() {
      return engine.isUp;
    },
    restart: (reason) => engine.restart(reason),
    allowLong: (limit) => engine.allowLong(limit),
    get fsyncs() {
      return Atomics.load(new Int32Array(fsyncs), 0);
    },
    close,
  });
}

async function lockFolder(dataDir: string, parts: LockParts): Promise<Result<LockFile, string>> {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const lock = await takeLock(path.join(dataDir, 'database.lock'), parts);
    if (lock.ok) return lock;
    const { pid, host } = lock.error;
    const holder = host === os.hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
    return err(
      `The data folder ${dataDir} is in use by ${holder}. The embedded database serves one process; stop that one, or set DATABASE_URL to share a PostgreSQL.`,
    );
  } catch (error) {
    return err(
      `The data folder ${dataDir} cannot be used: ${error instanceof Error ? error.message : 'unknown reason'}.`,
    );
  }
}

/** The thread and what stands in for it while it is opened again. */
class SupervisedEngine {
  readonly #startWorker: () => Worker;
  readonly #parts: EngineParts;
  readonly #watchdog: Loop;
  #worker: Worker | undefined;
  #closing = false;
  /** When the request under way was handed over, in `clock.elapsed()`; one session, so there is at most one. */
  #askedAt: number | undefined;
  #limit: Millis = requestLimit;
  readonly #watch: WireWatch = {
    asked: () => {
      this.#askedAt = this.#parts.clock.elapsed();
    },
    answered: () => {
      this.#askedAt = undefined;
    },
  };

  constructor(startWorker: () => Worker, parts: EngineParts) {
    this.#startWorker = startWorker;
    this.#parts = parts;
    this.#watchdog = runLoop(
      {
        clock: parts.clock,
        backoff: backoff({ first: watchEvery, most: watchEvery, random: parts.random }),
        report: (error) => parts.log.error('the watch over the database failed', { error }),
        idle: watchEvery,
      },
      async () => {
        if (this.#askedAt !== undefined && parts.clock.elapsed() - this.#askedAt > this.#limit)
          this.restart('a statement took longer than its limit');
        return 'idle';
      },
    );
  }

  get isUp(): boolean {
    return this.#worker !== undefined;
  }

  connect(): Duplex {
    return new WireStream(this.#worker, this.#watch);
  }

  allowLong(limit: Millis): () => void {
    const before = this.#limit;
    this.#limit = millis(Math.max(before, limit));
    return () => {
      this.#limit = before;
    };
  }

  async start(): Promise<void> {
    const worker = this.#startWorker();
    await this.#isReadyInTime(worker);
    worker.on('error', (error) => this.#parts.log.error('the database thread failed', { error }));
    worker.once('exit', (code) => {
      if (this.#worker === worker) this.restart(`its thread ended (${code})`);
    });
    this.#worker = worker;
  }

  restart(reason: string): void {
    const worker = this.#worker;
    if (worker === undefined || this.#closing) return;
    this.#worker = undefined;
    this.#askedAt = undefined;
    this.#parts.log.error(`opening the database again: ${reason}`);
    void this.#reopen(worker);
  }

  /** Ends the thread for good, in the middle of whatever it does: the folder is another process's now. */
  leave(): void {
    this.#closing = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#parts.log.error(
      'the data folder was taken by another process, because its lock file was removed: this one takes no events any more, stop it',
    );
    void worker?.terminate();
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#watchdog.stop();
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const ended = hasEnded(worker);
    worker.postMessage('close');
    await ended;
  }

  async #isReadyInTime(worker: Worker): Promise<void> {
    const opened = new AbortController();
    const ready = isReady(worker).finally(() => opened.abort());
    void this.#parts.clock.sleep(openLimit, opened.signal).then(() => {
      if (!opened.signal.aborted) void worker.terminate();
    });
    await ready;
  }

  /** Terminates first: two threads in one folder would be two processes in one folder. */
  async #reopen(worker: Worker): Promise<void> {
    await worker.terminate();
    const waits = backoff({ first: firstReopenWait, most: longestReopenWait, random: this.#parts.random });
    while (!this.#closing) {
      try {
        await this.start();
        this.#parts.log.info('the database is open again');
        return;
      } catch (error) {
        this.#parts.log.error('the database does not open', { error });
        await this.#parts.clock.sleep(waits.next());
      }
    }
  }
}

/** Without `execArgv` of its own: hooks that were put before the sources of the process (tests do) are to see the thread's too. */
const startEmbeddedWorker = (order: WorkerOrder): Worker =>
  new Worker(new URL('./embedded-worker.mjs', import.meta.url), { workerData: order });

function isReady(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the database thread ended while it opened (${code})`)));
  });
}

function hasEnded(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}
