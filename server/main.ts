/** Process entry: configuration → parts → start → stop. Nothing else happens here. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { type ApiParts, createApi } from './api/api.ts';
import {
  checkSecretKey,
  createAuthenticate,
  createPasswords,
  createSetupLink,
  ensureFirstUser,
  ensureToken,
  listSpaces,
  createToken as makeToken,
  type Passwords,
  type Role,
} from './auth/auth.ts';
import type { Config } from './config.ts';
import { migrate } from './db/migrate.ts';
import { maintenanceIdle, type OpenDatabase, openDatabase } from './db/open-database.ts';
import { createDelivery, type DeliverySettings } from './delivery/delivery.ts';
import { health, startMetrics } from './health.ts';
import { createIngest, ingestDefaults } from './ingest/ingest.ts';
import { type Clock, seconds, systemClock } from './kernel/clock.ts';
import { noCrash, type ReachCrashPoint } from './kernel/crash-point.ts';
import { createLog, type Log } from './kernel/log.ts';
import { type Random, systemRandom } from './kernel/random.ts';
import { vault as createVault, Secret, type Vault } from './kernel/secret.ts';
import { loadSecretKey } from './kernel/secret-key.ts';
import { StartError } from './kernel/start-error.ts';
import { producersOf } from './ledger/ledger.ts';
import { type Pipeline, processBatch, sendTest, startPipeline } from './pipeline.ts';
import { createTikTok, type TikTok } from './tiktok/tiktok.ts';
import { version } from './version.ts';

export interface Running {
  readonly url: string;
  /** Nobody can sign in yet: this address makes the first account, once, within 24 hours. For the console, never for the log. */
  readonly setupLink: Secret | undefined;
  /** Answers what is under way, settles calls in flight, gives leases back, closes the database. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  /** Tests stop the process here (kernel/crash-point.ts). */
  readonly reached?: ReachCrashPoint;
}

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: Vault;
  readonly db: OpenDatabase;
}

/** Starts the server with the roles of USHER_ROLES. Throws StartError with a sentence for the operator. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  const parts = await openParts(config);
  const tiktok = createTikTok({ settings: tiktokSettings(config), ...parts });
  try {
    return await start(config, parts, tiktok, options.reached ?? noCrash);
  } catch (error) {
    await tiktok.close();
    await parts.db.close();
    throw error;
  }
}

async function start(config: Config, parts: Parts, tiktok: TikTok, reached: ReachCrashPoint): Promise<Running> {
  const { clock, db, log, random } = parts;
  const level = { clock, producers: producersOf({ log }) };
  const settings = deliverySettings(config);
  const nodeId = random.bytes(9).toString('base64url');
  const pipeline: { running: Pipeline | undefined } = { running: undefined };
  const wake = (): void => pipeline.running?.wake();
  const delivery = createDelivery({ ...parts, tiktok, reached, settings, nodeId, virtualNow: () => null, cut: wake });
  const ingest = createIngest({
    ...parts,
    reached,
    process: (tx, batch) => processBatch(tx, level, batch),
    committed: wake,
    settings: { ...ingestDefaults, publicUrl: config.publicUrl },
  });
  const passwords = createPasswords(parts);
  const setupLink = await firstUser(config, { ...parts, passwords });
  const api: ApiParts = {
    ...parts,
    tiktok,
    tiktokApp: { appId: config.tiktok.app?.id, apiUrl: config.tiktok.apiUrl, authUrl: config.tiktok.authUrl },
    authenticate: createAuthenticate(parts),
    passwords,
    publicUrl: config.publicUrl,
    version,
    mappingsMax: config.mappingsMax,
    removalGate: config.removalGate,
    callsPerSecond: Math.min(config.tiktok.callsPerSecond, config.tiktok.callsPerMinute / 60),
    changed: wake,
    recent: (spaceId) => ingest.recent(spaceId),
    sendTest: (tx, test) => sendTest(tx, level, test),
  };
  // Every node answers for its health; the API is the role `web`.
  const app = new Hono();
  const checks = health(parts);
  app.get('/livez', () => checks.live());
  app.get('/readyz', () => checks.ready());
  if (config.roles.includes('web')) app.route('/', createApi(api));
  const hono = getRequestListener(app.fetch);
  const takes = config.roles.includes('ingest');
  const server = createServer((req, res) =>
    takes && ingest.handles(req) ? ingest.handle(req, res) : void hono(req, res),
  );
  const metrics = await startMetrics(config, { ...parts, ingest });
  const url = await listen(server, config).catch(async (error: unknown) => {
    await metrics.stop();
    throw error;
  });
  pipeline.running = startPipeline(
    { ...parts, level, delivery, maintain: db.maintain, maintainIdle: maintenanceIdle },
    { compute: config.roles.includes('compute'), deliver: config.roles.includes('deliver') },
  );
  sayHello(config, log, url);
  return {
    url,
    setupLink,
    async stop() {
      checks.draining();
      await ingest.drain();
      await close(server, clock);
      await metrics.stop();
      await pipeline.running?.stop();
      await tiktok.close();
      await db.close();
    },
  };
}

async function openParts(config: Config): Promise<Parts> {
  const log = createLog(config.logLevel);
  const base = { clock: systemClock, random: systemRandom, log };
  const opened = await openDatabase({ url: config.databaseUrl?.reveal(), dataDir: config.dataDir }, base);
  if (!opened.ok) throw new StartError(opened.error);
  const db = opened.value;
  try {
    const key = await loadSecretKey(config, systemRandom);
    if (!key.ok) throw new StartError(key.error);
    const vault = createVault(key.value, systemRandom);
    const migrated = await migrate(db, log);
    if (!migrated.ok) throw new StartError(migrated.error);
    await db.transaction(async (tx) => {
      const checked = await checkSecretKey(tx, vault.keyId);
      if (!checked.ok) throw new StartError(wrongKey);
      if (config.apiToken) await ensureToken(tx, base.clock, config.apiToken);
    });
    return { ...base, vault, db };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** USHER_ADMIN_EMAIL and …_PASSWORD make the first account; without them a link does, where pages are served. */
async function firstUser(config: Config, parts: Parts & { passwords: Passwords }): Promise<Secret | undefined> {
  const { admin, publicUrl } = config;
  if (admin) await ensureFirstUser({ ...parts, transaction: (work) => parts.db.transaction(work) }, admin);
  if (!config.roles.includes('web')) return undefined;
  const token = await parts.db.transaction((tx) => createSetupLink(tx, parts));
  return token && new Secret(`${publicUrl}/setup#token=${token.reveal()}`);
}

const wrongKey =
  'this database was made with another secret key, so its tokens cannot be opened: set USHER_SECRET_KEY to the key it was made with (nothing was changed)';

const tiktokSettings = ({ tiktok }: Config) => ({
  appId: tiktok.app?.id,
  appSecret: tiktok.app?.secret,
  apiUrl: tiktok.apiUrl,
  authUrl: tiktok.authUrl,
  timeoutMs: tiktok.timeout,
  limits: { perSecond: tiktok.callsPerSecond, perMinute: tiktok.callsPerMinute },
});

const deliverySettings = (config: Config): DeliverySettings => ({
  lease: config.lease,
  doubtWindow: config.doubtWindow,
  callTimeout: config.tiktok.timeout,
  parallelCalls: 4,
  // 1 MB of JSON a call, what peers keep to (tiktok-api.md 4.2).
  batchBytes: 1_000_000,
});

/**
 * Connections that wait to be accepted while the process is busy; the kernel lowers it to net.core.somaxconn, 4,096 where
 * it is not changed. Beyond it Linux forgets connections that a client believes in, and resets them a minute later: the
 * client would get neither its 429 nor a Retry-After. Node's own 511 is less than a busy second.
 */
const backlog = 4_096;

async function listen(server: Server, { host, port }: Config): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

/** A client that neither sends nor goes away does not hold up the end for longer than this. */
const goodbye = seconds(10);

async function close(server: Server, clock: Clock): Promise<void> {
  const closed = new AbortController();
  const done = new Promise<void>((resolve) => server.close(() => resolve())).then(() => closed.abort());
  server.closeIdleConnections();
  await clock.sleep(goodbye, closed.signal);
  server.closeAllConnections();
  await done;
}

function sayHello(config: Config, log: Log, url: string): void {
  log.info(`Usher ${version} is listening on ${url}`);
  if (!config.tiktok.app) {
    log.warn('TIKTOK_APP_ID and TIKTOK_APP_SECRET are not set: everything runs but connecting TikTok');
  }
}

/** Brings the database to this version and closes it again. Gives the names of the migrations that ran. */
export async function runMigrations(config: Config): Promise<string[]> {
  const log = createLog(config.logLevel);
  const base = { clock: systemClock, random: systemRandom, log };
  const opened = await openDatabase({ url: config.databaseUrl?.reveal(), dataDir: config.dataDir }, base);
  if (!opened.ok) throw new StartError(opened.error);
  try {
    const migrated = await migrate(opened.value, log);
    if (!migrated.ok) throw new StartError(migrated.error);
    return Array.from({ length: migrated.value }, (_, i) => `migration ${i + 1} of ${migrated.value}`);
  } finally {
    await opened.value.close();
  }
}

/** A new API token; the text is not kept and not shown again. `space` is a slug; without it the token is for all spaces. */
export async function createToken(
  config: Config,
  wanted: { name: string; role: Role; space?: string },
): Promise<string> {
  const { db, ...parts } = await openParts(config);
  try {
    return await db.transaction(async (tx) => {
      const owner = { grants: [{ spaceId: null, role: 'owner' as const }] };
      const spaces = await listSpaces(tx, owner, { after: 0, limit: 1_000 });
      const space = spaces.items.find((s) => s.slug === wanted.space);
      if (wanted.space !== undefined && !space)
        throw new StartError(`there is no space "${wanted.space}"; make it first, or leave --space out`);
      const made = await makeToken(tx, parts, { spaceId: space?.id ?? null, name: wanted.name, role: wanted.role });
      return made.text.reveal();
    });
  } finally {
    await db.close();
  }
}
