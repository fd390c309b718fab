import path from 'node:path';
import { type Millis, millis, seconds } from './kernel/clock.ts';
import { err, ok, type Result } from './kernel/result.ts';
import { Secret } from './kernel/secret.ts';
import {
  base64Key,
  duration,
  email,
  integer,
  listOf,
  oneOf,
  port,
  type Setting,
  secretText,
  text,
  url,
} from './kernel/setting.ts';

/**
 * The only reader of the environment. One table (`settings`) gives each variable its type, default and help text; from it
 * come the typed `Config`, the problems an operator reads, and what `usher config` prints.
 */
export interface Config {
  readonly host: string;
  /** 0: any free port (tests). */
  readonly port: number;
  /** Where browsers and TikTok's redirect reach Usher; no trailing slash. */
  readonly publicUrl: string;
  readonly dataDir: string;
  /** PostgreSQL; absent: the embedded database in `dataDir`. */
  readonly databaseUrl: Secret | undefined;
  /** Absent: made once in the data folder (kernel/secret-key.ts). */
  readonly secretKey: Secret | undefined;
  readonly admin: { readonly email: string; readonly password: Secret } | undefined;
  readonly apiToken: Secret | undefined;
  readonly tiktok: TikTokConfig;
  readonly roles: readonly Role[];
  /** W of rule 11: how long TikTok may still apply a call whose answer is unknown. */
  readonly doubtWindow: Millis;
  readonly lease: Millis;
  readonly mappingsMax: number;
  /** A change that removes more than both of one TikTok audience waits for a confirmation. */
  readonly removalGate: { readonly people: number; readonly percent: number };
  readonly logLevel: string;
  readonly metricsPort: number | undefined;
}

export interface TikTokConfig {
  /** Both or neither; without them the server runs and `authorize` answers 409. */
  readonly app: { readonly id: string; readonly secret: Secret } | undefined;
  readonly apiUrl: string;
  readonly authUrl: string;
  /** Always shorter than the lease, so that a call ends before its lease does (rule 11). */
  readonly timeout: Millis;
  readonly callsPerSecond: number;
  readonly callsPerMinute: number;
}

const roles = ['ingest', 'compute', 'deliver', 'web'] as const;
export type Role = (typeof roles)[number];

export type Environment = Readonly<Record<string, string | undefined>>;

/** The typed, frozen settings, or every problem there is: one line each, naming the variable and the next step. */
export function parseConfig(env: Environment): Result<Config, string[]> {
  const read = readSettings(env);
  if (!read.ok) return read;
  const problems = crossProblems(read.value);
  return problems.length > 0 ? err(problems) : ok(deepFreeze(assemble(read.value)));
}

/** The settings of this process. */
export const readConfig = (): Result<Config, string[]> => parseConfig(process.env);

export interface ConfigRow {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly isDefault: boolean;
  readonly fallback: string;
  readonly help: string;
}

/** What `usher config` prints; secrets are masked (I13), problems are left to parseConfig. */
export function configTable(env: Environment = process.env): ConfigRow[] {
  return Object.entries<Setting<unknown>>(settings).map(([name, { type, fallback, help, secret }]) => {
    const given = textOf(env, name);
    const value = given === undefined ? (fallback ?? '') : secret ? '********' : given;
    return { name, type, value, isDefault: given === undefined, fallback: fallback ?? '', help };
  });
}

/**
 * The environment for a process that the demo starts: this one without any of our settings, so that a developer's own
 * settings do not leak into a demonstration, and then the given ones.
 */
export function childEnvironment(given: Environment, env: Environment = process.env): Environment {
  const rest = Object.entries(env).filter(([name]) => !Object.hasOwn(settings, name));
  return { ...Object.fromEntries(rest), ...given };
}

// --- the table -------------------------------------------------------------------------------------------------------

const settings = {
  PORT: { ...port(), fallback: '3000', help: 'Port of the web app, the REST API and the Tracking API.' },
  HOST: {
    ...text(),
    fallback: '127.0.0.1',
    help: 'Address to listen on. 0.0.0.0 for all, behind a proxy that ends TLS.',
  },
  USHER_PUBLIC_URL: {
    ...url(['http:', 'https:']),
    help: "Address under which browsers reach Usher; TikTok's consent returns to it. Default: http://HOST:PORT.",
  },
  USHER_DATA: { ...text(), fallback: './data', help: 'Folder of the embedded database and of the made secret key.' },
  DATABASE_URL: {
    ...url(['postgres:', 'postgresql:']),
    secret: true,
    help: 'PostgreSQL 15 or newer. Absent: the embedded database in USHER_DATA.',
  },
  USHER_SECRET_KEY: {
    ...base64Key(32),
    secret: true,
    help: 'Seals tokens: 32 bytes in base64 (openssl rand -base64 32). Absent: made once in USHER_DATA, mode 0600.',
  },
  USHER_ADMIN_EMAIL: { ...email(), help: 'First user of the web app, together with USHER_ADMIN_PASSWORD.' },
  USHER_ADMIN_PASSWORD: { ...secretText(12), secret: true, help: 'Password of the first user, 12 characters or more.' },
  USHER_API_TOKEN: {
    ...secretText(16),
    secret: true,
    help: 'A first API token (owner) for automation, 16 characters or more.',
  },
  TIKTOK_APP_ID: {
    ...text(),
    help: 'Your TikTok app: business-api.tiktok.com > My Apps. Needed to connect a destination.',
  },
  TIKTOK_APP_SECRET: { ...secretText(1), secret: true, help: "The app's secret, from the same page." },
  TIKTOK_API_URL: {
    ...url(['http:', 'https:']),
    fallback: 'https://business-api.tiktok.com/open_api/v1.3',
    help: "TikTok's API; the sandbox's address to try things out.",
  },
  TIKTOK_AUTH_URL: {
    ...url(['http:', 'https:']),
    fallback: 'https://business-api.tiktok.com/portal/auth',
    help: "TikTok's consent page.",
  },
  USHER_TIKTOK_TIMEOUT: {
    ...duration(100),
    help: 'How long one call to TikTok may take; shorter than USHER_LEASE. Default: 20s, at most two thirds of the lease.',
  },
  // tiktok-api.md 10: Basic level is 10 calls/s and 600 calls/min for the whole app; 8 and 500 leave room for others.
  USHER_TIKTOK_CALLS_PER_SECOND: {
    ...integer(1, 1_000),
    fallback: '8',
    help: 'Call budget of the TikTok app over all nodes; TikTok allows 10 at its Basic level, 20 to 50 above.',
  },
  USHER_TIKTOK_CALLS_PER_MINUTE: {
    ...integer(1, 60_000),
    fallback: '500',
    help: 'The same by the minute; TikTok allows 600 at its Basic level, 1,200 to 3,000 above.',
  },
  USHER_ROLES: {
    ...listOf(roles),
    fallback: roles.join(','),
    help: 'What this node does. Split roles need DATABASE_URL.',
  },
  USHER_DOUBT_WINDOW: {
    ...duration(1_000),
    fallback: '15m',
    help: 'After a call without an answer: when its people are asserted once more.',
  },
  USHER_LEASE: { ...duration(1_000), fallback: '30s', help: 'How long a node owns a destination without renewing.' },
  // segment-spec.md 0, step 11: Segment allows 50 mappings an instance.
  USHER_MAX_MAPPINGS: { ...integer(1, 1_000), fallback: '50', help: 'Mappings per destination.' },
  USHER_REMOVAL_GATE_PEOPLE: {
    ...integer(0, 999_999_999),
    fallback: '1000',
    help: 'A change that would remove more people than this from one TikTok audience, and more than the percentage, waits for confirmRemovals.',
  },
  USHER_REMOVAL_GATE_PERCENT: {
    ...integer(0, 100),
    fallback: '20',
    help: 'The percentage of the people in that TikTok audience; both limits must be passed. 100: no gate.',
  },
  LOG_LEVEL: { ...oneOf(['debug', 'info', 'warn', 'error', 'silent']), fallback: 'info', help: 'Lines on stderr.' },
  METRICS_PORT: { ...port(), help: 'Prometheus metrics at /metrics on this port. Absent: none.' },
} as const satisfies Record<string, Setting<unknown>>;

type Name = keyof typeof settings;
type Parsed<N extends Name> = (typeof settings)[N] extends { parse: (text: string) => Result<infer Value, string> }
  ? Value
  : never;
type Fallback<N extends Name> = (typeof settings)[N] extends { fallback: string } ? never : undefined;
type Values = { readonly [N in Name]: Parsed<N> | Fallback<N> };

function readSettings(env: Environment): Result<Values, string[]> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries<Setting<unknown>>(settings)) {
    const given = textOf(env, name) ?? setting.fallback;
    if (given === undefined) continue;
    const parsed = setting.parse(given);
    if (parsed.ok) values[name] = parsed.value;
    else problems.push(`${name} ${parsed.error}${setting.secret ? '' : ` (it is "${given}")`}`);
  }
  return problems.length > 0 ? err(problems) : ok(values as Values);
}

/** An empty variable counts as absent: compose files and CI write `NAME=` for "not set". */
function textOf(env: Environment, name: string): string | undefined {
  const given = env[name]?.trim();
  return given === '' ? undefined : given;
}

/** What no variable shows alone. */
function crossProblems(v: Values): string[] {
  const problems: string[] = [];
  const pair = (one: Name, other: Name): void => {
    if ((v[one] === undefined) !== (v[other] === undefined))
      problems.push(`${one} and ${other} belong together: set both or neither`);
  };
  pair('TIKTOK_APP_ID', 'TIKTOK_APP_SECRET');
  pair('USHER_ADMIN_EMAIL', 'USHER_ADMIN_PASSWORD');
  if (v.USHER_TIKTOK_TIMEOUT !== undefined && v.USHER_TIKTOK_TIMEOUT >= v.USHER_LEASE)
    problems.push('USHER_TIKTOK_TIMEOUT must be shorter than USHER_LEASE: shorten it or lengthen the lease');
  if (v.DATABASE_URL === undefined && v.USHER_ROLES.length < roles.length)
    problems.push('USHER_ROLES splits the work over nodes, which needs DATABASE_URL: set it or leave USHER_ROLES out');
  if (v.METRICS_PORT !== undefined && v.METRICS_PORT !== 0 && v.METRICS_PORT === v.PORT)
    problems.push('METRICS_PORT must differ from PORT: choose another one');
  return problems;
}

function assemble(v: Values): Config {
  return {
    host: v.HOST,
    port: v.PORT,
    publicUrl: v.USHER_PUBLIC_URL ?? `http://${v.HOST.includes(':') ? `[${v.HOST}]` : v.HOST}:${v.PORT}`,
    dataDir: path.resolve(v.USHER_DATA),
    databaseUrl: v.DATABASE_URL === undefined ? undefined : new Secret(v.DATABASE_URL),
    secretKey: v.USHER_SECRET_KEY,
    admin:
      v.USHER_ADMIN_EMAIL !== undefined && v.USHER_ADMIN_PASSWORD !== undefined
        ? { email: v.USHER_ADMIN_EMAIL, password: v.USHER_ADMIN_PASSWORD }
        : undefined,
    apiToken: v.USHER_API_TOKEN,
    tiktok: {
      app:
        v.TIKTOK_APP_ID !== undefined && v.TIKTOK_APP_SECRET !== undefined
          ? { id: v.TIKTOK_APP_ID, secret: v.TIKTOK_APP_SECRET }
          : undefined,
      apiUrl: v.TIKTOK_API_URL,
      authUrl: v.TIKTOK_AUTH_URL,
      timeout: v.USHER_TIKTOK_TIMEOUT ?? millis(Math.min(seconds(20), Math.floor((v.USHER_LEASE * 2) / 3))),
      callsPerSecond: v.USHER_TIKTOK_CALLS_PER_SECOND,
      callsPerMinute: v.USHER_TIKTOK_CALLS_PER_MINUTE,
    },
    roles: v.USHER_ROLES,
    doubtWindow: v.USHER_DOUBT_WINDOW,
    lease: v.USHER_LEASE,
    mappingsMax: v.USHER_MAX_MAPPINGS,
    removalGate: { people: v.USHER_REMOVAL_GATE_PEOPLE, percent: v.USHER_REMOVAL_GATE_PERCENT },
    logLevel: v.LOG_LEVEL,
    metricsPort: v.METRICS_PORT,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
