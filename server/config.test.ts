import path from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { childEnvironment, configTable, type Environment, parseConfig } from './config.ts';

function configOf(env: Environment) {
  const parsed = parseConfig(env);
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return parsed.value;
}

function problemsOf(env: Environment): string[] {
  const parsed = parseConfig(env);
  return parsed.ok ? [] : parsed.error;
}

const key = Buffer.alloc(32, 7).toString('base64');

test('an empty environment gives a server on this machine with the embedded database', () => {
  const config = configOf({});
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://127.0.0.1:3000',
    dataDir: path.resolve('data'),
    databaseUrl: undefined,
    roles: ['ingest', 'compute', 'deliver', 'web'],
    doubtWindow: 900_000,
    lease: 30_000,
    mappingsMax: 50,
    removalGate: { people: 1_000, percent: 20 },
    logLevel: 'info',
    metricsPort: undefined,
  });
  expect(config.tiktok).toEqual({
    app: undefined,
    apiUrl: 'https://business-api.tiktok.com/open_api/v1.3',
    authUrl: 'https://business-api.tiktok.com/portal/auth',
    timeout: 20_000,
    callsPerSecond: 8,
    callsPerMinute: 500,
  });
});

test('an empty variable counts as not set', () => {
  expect(configOf({ PORT: '', DATABASE_URL: ' ' })).toEqual(configOf({}));
});

test('every problem is told at once, each in one line with its variable and the next step', () => {
  const problems = problemsOf({
    PORT: '70000',
    USHER_LEASE: 'soon',
    DATABASE_URL: 'mysql://x',
    USHER_ROLES: 'ingest,cook',
  });
  expect(problems).toHaveLength(4);
  expect(problems.join('\n').split('\n')).toHaveLength(4);
  expect(problems[0]).toBe('PORT must be a whole number from 0 to 65535: correct it (it is "70000")');
  expect(problems).toContain('USHER_LEASE must be a duration: write 30s, 15m or 2h (it is "soon")');
});

test.each([
  [{ TIKTOK_APP_ID: '7' }, 'TIKTOK_APP_ID and TIKTOK_APP_SECRET belong together'],
  [{ USHER_ADMIN_EMAIL: 'ana@example.com' }, 'USHER_ADMIN_EMAIL and USHER_ADMIN_PASSWORD belong together'],
  [{ USHER_TIKTOK_TIMEOUT: '30s' }, 'USHER_TIKTOK_TIMEOUT must be shorter than USHER_LEASE'],
  [{ USHER_ROLES: 'ingest' }, 'needs DATABASE_URL'],
  [{ METRICS_PORT: '3000' }, 'METRICS_PORT must differ from PORT'],
  [{ USHER_API_TOKEN: 'short' }, 'USHER_API_TOKEN is too short'],
])('settings that do not fit together are named: %o', (env, problem) => {
  expect(problemsOf(env).join('\n')).toContain(problem);
});

test('a call to TikTok always ends before its lease, also under a very short lease (rule 11)', () => {
  for (const lease of ['1s', '2s', '30s', '10m']) {
    const config = configOf({ USHER_LEASE: lease });
    expect(config.tiktok.timeout).toBeLessThan(config.lease);
  }
});

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('the duration %s is %i ms', (given, ms) => {
  expect(configOf({ USHER_DOUBT_WINDOW: '1d', USHER_LEASE: '2d', USHER_TIKTOK_TIMEOUT: given }).tiktok.timeout).toBe(
    ms,
  );
});

test('the settings cannot be changed after they were read', () => {
  const config = configOf({});
  expect(Object.isFrozen(config) && Object.isFrozen(config.tiktok) && Object.isFrozen(config.roles)).toBe(true);
});

test('secrets are neither printed, nor told in problems, nor shown by the table (I13)', () => {
  const env = {
    USHER_SECRET_KEY: key,
    USHER_API_TOKEN: 'a-token-of-automation',
    DATABASE_URL: 'postgres://usher:s3cret-word@db/usher',
    TIKTOK_APP_ID: '7000',
    TIKTOK_APP_SECRET: 'app-s3cret-word',
  };
  const shown = `${inspect(configOf(env), { depth: 9 })}${JSON.stringify(configOf(env))}${JSON.stringify(configTable(env))}`;
  for (const secret of [key, 'a-token-of-automation', 's3cret-word']) expect(shown).not.toContain(secret);
  expect(problemsOf({ USHER_SECRET_KEY: 'not-a-key-s3cret' })).toEqual([
    'USHER_SECRET_KEY must be 32 bytes in base64: make one with `openssl rand -base64 32`',
  ]);
});

test('the table shows every variable with its value in force, its default and a help text', () => {
  const rows = configTable({ PORT: '4000' });
  expect(rows.find((row) => row.name === 'PORT')).toMatchObject({ value: '4000', isDefault: false, fallback: '3000' });
  expect(rows.find((row) => row.name === 'USHER_LEASE')).toMatchObject({ value: '30s', isDefault: true });
  expect(rows.every((row) => row.help.length > 10)).toBe(true);
});

test('a process of the demo gets the given settings and none of ours', () => {
  const env = childEnvironment({ PORT: '4000' }, { PATH: '/usr/bin', PORT: '3000', USHER_ROLES: 'ingest' });
  expect(env).toEqual({ PATH: '/usr/bin', PORT: '4000' });
});
