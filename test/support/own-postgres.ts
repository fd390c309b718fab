import { type ExecFileException, execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePorts } from '../../cli/demo/processes.ts';
import type { FlowDatabase } from './flow-database.ts';
import { until } from './usher.ts';

/**
 * A PostgreSQL server of the test's own, which it may stop, kill and fill up: a folder, a port, and an unprivileged user
 * where the tests run as root (initdb and postgres refuse root). The installation is the one of tools/with-postgres.sh.
 */
export interface OwnPostgres {
  readonly port: number;
  /** The server's own address, for a test that looks past Usher; `on` gives the same through another port (tcp-proxy.ts). */
  readonly url: string;
  on(port: number): string;
  /** Also after a kill: waits until what was left of the server is gone. A server that got up by itself is fine too. */
  start(): Promise<void>;
  /** `fast` ends the sessions, `immediate` recovers from the log at the next start. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL of the postmaster, as an out-of-memory kill does it. */
  kill(): Promise<void>;
  /** A folder in that one, which belongs to the server: for a tablespace. */
  place(folder: string): string;
  /** Runs a statement as the superuser, over a connection of its own. */
  run<R extends pg.QueryResultRow>(statement: string): Promise<R[]>;
  /** Process ids of the sessions that Usher has open. */
  sessions(): Promise<number[]>;
  logged(): string;
  /** Dumps the database as it is now. Gives what empties the server and puts the dump back. */
  dump(): Promise<() => Promise<void>>;
  /** Stops it, if it runs, and removes its folder. */
  close(): Promise<void>;
}

export interface OwnPostgresOptions {
  /** Lines of postgresql.conf, beyond those below. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the write-ahead log goes, if not into the data folder. */
  readonly logFolder?: string;
  /** A standby of this server, by streaming replication, instead of a new database. */
  readonly standbyOf?: OwnPostgres;
}

export async function startOwnPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const [port = 0] = await freePorts(1);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-own-pg-'));
  const run = runAs(serverUser());
  const data = path.join(folder, 'data');
  giveTo(folder, serverUser());
  if (options.standbyOf)
    await run('pg_basebackup', [
      '--checkpoint=fast',
      '-h',
      '127.0.0.1',
      '-p',
      String(options.standbyOf.port),
      '-U',
      'usher',
      '-D',
      data,
      '-R',
    ]);
  else await run('initdb', ['-D', data, ...usualInit, ...logOptions(options.logFolder)]);
  const settings = { ...usual, port: String(port), unix_socket_directories: `'${folder}'`, ...options.settings };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  fs.appendFileSync(path.join(data, 'postgresql.conf'), lines.join(''));
  const server = ownPostgres({ port, folder, data, run });
  await server.start();
  return server;
}

const usualInit = ['-U', 'usher', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
/** Segments of 1 MB, so that a small disk holds some. */
const logOptions = (folder: string | undefined): string[] =>
  folder === undefined ? [] : ['--wal-segsize=1', '--waldir', ownedFolder(folder)];

/** Durability against a power cut is PostgreSQL's own affair; processes that die lose nothing without fsync either. */
const usual = { listen_addresses: "'127.0.0.1'", fsync: 'off', max_connections: '40', max_wal_senders: '2' };

interface Parts {
  readonly port: number;
  readonly folder: string;
  readonly data: string;
  readonly run: (program: string, args: readonly string[]) => Promise<string>;
}

function ownPostgres({ port, folder, data, run }: Parts): OwnPostgres {
  const on = (at: number): string => `postgres://usher@127.0.0.1:${at}/postgres`;
  const log = path.join(folder, 'log');
  const control = (...args: string[]) => run('pg_ctl', ['-D', data, ...args]);
  const ask = <R extends pg.QueryResultRow>(statement: string) => askOnce<R>(on(port), statement);
  const stop = async (how: string): Promise<void> => void (await control('-m', how, '-w', 'stop'));
  return {
    port,
    url: on(port),
    on,
    stop,
    place: ownedFolder,
    run: ask,
    async start() {
      // After a kill the sessions end within a second or so; until then their shared memory keeps a new server out.
      const attempt = () =>
        control('-l', log, '-w', 'start').then(
          () => 'up',
          async (error: unknown) => ((await refuses(on(port))) ? String(error) : 'up'),
        );
      await until(attempt, (answer) => answer === 'up', 'PostgreSQL to start');
    },
    async kill() {
      const [pid = ''] = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGKILL');
      await until(
        () => refuses(on(port)),
        (refused) => refused,
        'the postmaster to be gone',
      );
    },
    async sessions() {
      const rows = await ask<{ pid: number }>(
        "select pid from pg_stat_activity where application_name = 'usher' order by pid",
      );
      return rows.map((row) => row.pid);
    },
    logged: () => fs.readFileSync(log, 'utf8'),
    async dump() {
      const file = path.join(folder, 'dump');
      await run('pg_dump', ['-Fc', '-d', on(port), '-f', file]);
      return async () => {
        await ask('drop schema public cascade; create schema public');
        await run('pg_restore', ['--exit-on-error', '--no-owner', '-d', on(port), file]);
      };
    },
    async close() {
      await stop('immediate').catch(() => undefined);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A data folder for Usher's secret key beside a database that the test looks after itself (UsherOptions.database). */
export function databaseAt(url: string): FlowDatabase {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-flow-'));
  return {
    env: { USHER_DATA: dataDir, DATABASE_URL: url },
    drop: async () => fs.rmSync(dataDir, { recursive: true, force: true }),
  };
}

async function askOnce<R extends pg.QueryResultRow>(url: string, statement: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<R>(statement)).rows;
  } finally {
    await client.end();
  }
}

const refuses = (url: string): Promise<boolean> =>
  askOnce(url, 'select 1').then(
    () => false,
    () => true,
  );

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined: whoever runs the tests, who is not root. */
function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => {
    for (const name of ['postgres', 'nobody']) {
      try {
        return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      } catch {
        // The other one, then.
      }
    }
    throw new Error('neither a user postgres nor a user nobody');
  };
  return { uid: id('-u'), gid: id('-g') };
}

function ownedFolder(folder: string): string {
  const owned = path.join(folder, 'postgres');
  fs.mkdirSync(owned, { mode: 0o700 });
  giveTo(owned, serverUser());
  return owned;
}

function giveTo(folder: string, user: User | undefined): void {
  if (user) fs.chownSync(folder, user.uid, user.gid);
}

/** Runs a program of the installation; its error holds what the program said. */
function runAs(user: User | undefined): Parts['run'] {
  const finder = fileURLToPath(new URL('../../tools/with-postgres.sh', import.meta.url));
  const bin = execFileSync(finder, ['--find'], { encoding: 'utf8' }).trim();
  return (program, args) =>
    new Promise((resolve, reject) => {
      const done = (error: ExecFileException | null, out: string, said: string): void =>
        error ? reject(new Error(`${program}: ${said || out}`, { cause: error })) : resolve(out);
      execFile(path.join(bin, program), [...args], { cwd: os.tmpdir(), ...user }, done);
    });
}
