/** The server on its parts: the stages wired to one another, HTTP, the loops, and how they stop. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { type ApiParts, createApi } from './api/api.ts';
import { createAuthenticate, createPasswords, createSetupLink, ensureFirstUser, type Passwords } from './auth/auth.ts';
import type { Config } from './config.ts';
import { maintenanceIdle, type OpenDatabase } from './db/open-database.ts';
import { createDelivery, type DeliverySettings } from './delivery/delivery.ts';
import { health, startMetrics } from './health.ts';
import { createIngest, ingestDefaults } from './ingest/ingest.ts';
import { type Clock, type Millis, seconds } from './kernel/clock.ts';
import { noCrash, type ReachCrashPoint } from './kernel/crash-point.ts';
import type { Log } from './kernel/log.ts';
import type { Random } from './kernel/random.ts';
import { Secret, type Vault } from './kernel/secret.ts';
import { producersOf } from './ledger/ledger.ts';
import { type Pipeline, processBatch, startPipeline } from './pipeline.ts';
import { sendTest } from './send-test.ts';
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

/** What everything stands on. */
export interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: Vault;
  readonly db: OpenDatabase;
}

/** Starts what USHER_ROLES asks for. */
export async function start(config: Config, parts: Parts, options: ServeOptions): Promise<Running> {
  const tiktok = createTikTok({ settings: tiktokSettings(config), ...parts });
  try {
    return await startWith(tiktok, config, parts, options.reached ?? noCrash);
  } catch (error) {
    await tiktok.close();
    throw error;
  }
}

async function startWith(tiktok: TikTok, config: Config, parts: Parts, reached: ReachCrashPoint): Promise<Running> {
  const { clock, db, log, random } = parts;
  const level = { clock, producers: producersOf({ log }) };
  const settings = deliverySettings(config);
  const nodeId = random.bytes(9).toString('base64url');
  const pipeline: { running: Pipeline | undefined } = { running: undefined };
  const wakeDelivery = (): void => pipeline.running?.wakeDelivery();
  const virtualNow = () => null;
  const delivery = createDelivery({ ...parts, tiktok, reached, settings, nodeId, virtualNow, cut: wakeDelivery });
  const ingest = createIngest({
    ...parts,
    reached,
    process: (tx, batch) => processBatch(tx, level, batch),
    committed: wakeDelivery,
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
    changed: () => pipeline.running?.wake(),
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
  // Before the loops: their first looks would stand before it in the one session of the embedded engine.
  await checks.ready();
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
      await within(goodbye, clock, ingest.drain());
      await close(server, clock);
      await metrics.stop();
      await pipeline.running?.stop();
      await tiktok.close();
      await db.close();
    },
  };
}

/** USHER_ADMIN_EMAIL and …_PASSWORD make the first account; without them a link does, where pages are served. */
async function firstUser(config: Config, parts: Parts & { passwords: Passwords }): Promise<Secret | undefined> {
  const { admin, publicUrl } = config;
  if (admin) await ensureFirstUser({ ...parts, transaction: (work) => parts.db.transaction(work) }, admin);
  if (!config.roles.includes('web')) return undefined;
  const token = await parts.db.transaction((tx) => createSetupLink(tx, parts));
  return token && new Secret(`${publicUrl}/setup#token=${token.reveal()}`);
}

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
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await within(goodbye, clock, done);
  server.closeAllConnections();
  await done;
}

/** Waits for `work`, but no longer than this. */
async function within(limit: Millis, clock: Clock, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.finally(() => over.abort()), clock.sleep(limit, over.signal)]);
}

function sayHello(config: Config, log: Log, url: string): void {
  log.info(`Usher ${version} is listening on ${url}`);
  if (!config.tiktok.app) {
    log.warn('TIKTOK_APP_ID and TIKTOK_APP_SECRET are not set: everything runs but connecting TikTok');
  }
}
