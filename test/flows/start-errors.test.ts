import { once } from 'node:events';
import fs from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { restClient, undiciHttp } from '../../cli/demo/http.ts';
import { freePorts, type Part, startPart, stopPart, waitUntilReady } from '../../cli/demo/processes.ts';
import type { Environment } from '../../server/config.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { freshDataDir } from '../support/database.ts';
import { type FlowDatabase, flowDatabase } from '../support/flow-database.ts';
import { runUsher } from '../support/usher-command.ts';

/** What an operator gets wrong at a start, with the real program: one clear line each, and nothing is damaged. */
const parts = { clock: systemClock, http: undiciHttp, signal: new AbortController().signal };
const token = 'ush_start_errors_0123456789';
const common = {
  USHER_API_TOKEN: token,
  NODE_OPTIONS: `--import ${new URL('../support/quick-start.mjs', import.meta.url).href}`,
};
const key = (n: number): string => Buffer.alloc(32, n).toString('base64');

let folder: string;
let database: FlowDatabase;
let running: { part: Part; url: string } | undefined;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-start-'));
  database = await flowDatabase();
});
afterEach(stop);
afterAll(async () => {
  await database?.drop();
  fs.rmSync(folder, { recursive: true, force: true });
});

test('another secret key than the database was made with is refused, and what is stored stays readable', async () => {
  const space = await withServer({ ...database.env, USHER_SECRET_KEY: key(1) }, (rest) =>
    rest.post('/spaces', { name: 'Shop', slug: 'shop' }),
  );
  const line = await refused({ ...database.env, USHER_SECRET_KEY: key(2) });
  expect(line).toContain('another secret key');
  expect(line).toContain('USHER_SECRET_KEY');
  expect(line).not.toContain(key(2));
  const spaces = await withServer({ ...database.env, USHER_SECRET_KEY: key(1) }, (rest) => rest.get('/spaces'));
  expect(spaces).toEqual([space]);
});

test('a second process on the folder of an embedded database is refused, and the first one goes on', async () => {
  const env = { USHER_DATA: freshDataDir() };
  await withServer(env, async (rest) => {
    const space = await rest.post('/spaces', { name: 'Shop', slug: 'shop' });
    const line = await refused(env);
    expect(line).toContain(env.USHER_DATA);
    expect(line).toContain(`process ${running?.part.child.pid}`);
    expect(line).toContain('DATABASE_URL');
    expect(await rest.get('/spaces')).toEqual([space]);
  });
  // Nor may a folder stay locked for ever: the first one has stopped.
  await withServer(env, async (rest) => expect(await rest.get('/spaces')).toHaveLength(1));
});

test('a PostgreSQL that is not there is told with the variable to look at, and without its password', async () => {
  const [port] = await freePorts(1);
  const line = await refused({
    USHER_DATA: folder,
    DATABASE_URL: `postgres://usher:hunter2hunter2@127.0.0.1:${port}/usher`,
  });
  expect(line).toContain('DATABASE_URL');
  expect(line).toMatch(/does not answer|cannot be reached|refused/);
  expect(line).not.toContain('hunter2');
});

test('a port in use is told with its number, and a start on another one works', async () => {
  const { other, port } = await occupied();
  try {
    const line = await refused({ ...database.env, USHER_SECRET_KEY: key(1), PORT: String(port) });
    expect(line).toContain(String(port));
    expect(line).toContain('PORT');
  } finally {
    other.close();
  }
  await withServer({ ...database.env, USHER_SECRET_KEY: key(1), PORT: String(port) }, async (rest) =>
    expect(await rest.get('/spaces')).toHaveLength(1),
  );
});

test('a setting that makes no sense is named with what it may be, before anything is opened', async () => {
  const untouched = path.join(folder, 'untouched');
  const line = await refused({ USHER_DATA: untouched, USHER_LEASE: 'soon' });
  expect(line).toContain('USHER_LEASE');
  expect(line).toContain('soon');
  expect(fs.existsSync(untouched)).toBe(false);
});

test('of several wrong settings each has a line, so that all are mended at once', async () => {
  const ended = await runUsher(['serve'], {
    USHER_DATA: folder,
    PORT: 'front door',
    TIKTOK_APP_ID: '7',
    LOG_LEVEL: 'loud',
  });
  expect(ended.code).not.toBe(0);
  expect(ended.said).toEqual([expect.stringMatching(/^usher: PORT /), expect.stringMatching(/^usher: LOG_LEVEL /)]);
});

/** Starts the program, which must not start: one line for a person, the last one of all, and an exit code. */
async function refused(env: Environment): Promise<string> {
  const [port] = await freePorts(1);
  const ended = await runUsher(['serve'], { PORT: String(port), ...common, ...env });
  expect(ended.said, ended.lines.join('\n')).toHaveLength(1);
  const [line = ''] = ended.said;
  expect(ended.lines.at(-1)).toBe(line);
  expect(line).toMatch(/^usher: \S.{20,}$/);
  expect(line).not.toMatch(/unexpected error|undefined|\bat \S+:\d+:\d+/);
  expect(ended.code).toBe(1);
  expect(ended.out).toBe('');
  return line;
}

/** Starts the program, which must start, and stops it politely. */
async function withServer<T>(env: Environment, use: (rest: ReturnType<typeof restClient>) => Promise<T>): Promise<T> {
  const [free] = await freePorts(1);
  const url = `http://127.0.0.1:${env['PORT'] ?? free}`;
  const settings = { PORT: String(free), ...common, LOG_LEVEL: 'warn', ...env };
  const part = startPart(['serve'], settings, path.join(folder, 'serve.log'));
  running = { part, url };
  await waitUntilReady(parts, part, `${url}/readyz`);
  const result = await use(restClient(undiciHttp, url, token));
  await stop();
  return result;
}

async function stop(): Promise<void> {
  if (running) await stopPart(running.part, systemClock);
  running = undefined;
}

async function occupied(): Promise<{ other: Server; port: number }> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  return { other, port: (other.address() as AddressInfo).port };
}
