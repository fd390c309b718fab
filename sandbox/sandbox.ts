import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock, Instant, Millis } from '../server/kernel/clock.ts';
import type { Log } from '../server/kernel/log.ts';
import { invariant } from '../server/kernel/result.ts';
import { apiBase, consentPath, type IdType } from '../server/tiktok/wire.ts';
import { serveApi } from './api.ts';
import { serveConsent } from './consent.ts';
import { deleteAudience, makeAudience, membersOf, revokeAll } from './controls.ts';
import { type FaultRuleInput, faultRuleSchema } from './faults.ts';
import { type Exchange, reset, send, textReply } from './http.ts';
import { changeSettings, inspectBase, serveInspection } from './inspect.ts';
import type { JournalView } from './journal.ts';
import { servePage } from './pages.ts';
import { createSandboxClock } from './sandbox-clock.ts';
import { type SandboxSettingsInput, settingsSchema } from './settings.ts';
import { createWorld, issueToken, type Role, resetWorld, type World } from './state.ts';
import { styleReply } from './style.ts';

export type { FaultRuleInput } from './faults.ts';
export type { JournalView } from './journal.ts';
export type { SandboxSettingsInput } from './settings.ts';

/** A running sandbox. The same doors as under `/__sandbox/*`, for tests in the same process. */
export interface Sandbox {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly apiUrl: string;
  readonly authUrl: string;
  /** Hashes by type; undefined when no audience, or more than one, has the name. */
  members(advertiserId: string, audienceIdOrName: string): Map<IdType, Set<string>> | undefined;
  /** Oldest first, after line `since`; with bodies unless told otherwise. */
  journal(options?: { since?: number; bodies?: boolean }): JournalView[];
  /** Arms a rule and gives its number. Throws when the rule makes no sense. */
  fault(rule: FaultRuleInput): number;
  removeFault(id: number): void;
  clearFaults(): void;
  /** Takes the clock over: it stands still from now on. */
  setClock(time: Instant): void;
  advanceClock(by: Millis): void;
  releaseClock(): void;
  now(): Instant;
  /** Throws when a value makes no sense. */
  setSettings(patch: SandboxSettingsInput): void;
  /** A token without the consent page; default: every permission the app asks for. */
  issueToken(grant: { advertiserIds: string[]; scope?: number[]; role?: Role; appId?: string }): string;
  revokeAll(): void;
  /** As somebody in Ads Manager would. */
  deleteAudience(audienceId: string): boolean;
  /** As somebody with another tool would; gives the new audience's id. */
  makeAudience(advertiserId: string, name: string): string;
  reset(): void;
  /** Ends every connection, hanging ones too. */
  close(): Promise<void>;
}

/** `port` 0 takes a free one. */
export interface SandboxOptions {
  readonly port: number;
  readonly host?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings?: SandboxSettingsInput;
}

/** Starts TikTok's stand-in: the API, the consent page, an Ads Manager and the inspection doors, all in memory. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, log, host = '127.0.0.1' } = options;
  const settings = settingsSchema.parse(options.settings ?? {});
  const world = createWorld({ settings, clock: createSandboxClock(clock), log });
  const server = createServer((request, response) => void serve({ world, clock, request, response }));
  // A hanging call is a fault that the client must end, not this server.
  server.requestTimeout = 0;
  await listen(server, options.port, host);
  const address = server.address();
  invariant(typeof address === 'object' && address !== null, 'a listening server has an address');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  return {
    url,
    apiUrl: `${url}${apiBase}`,
    authUrl: `${url}${consentPath}`,
    ...handle(world),
    close: () => close(server),
  };
}

function handle(world: World): Omit<Sandbox, 'url' | 'apiUrl' | 'authUrl' | 'close'> {
  const settle = (): void => world.pending.settle(world.clock.now());
  return {
    members: (advertiserId, idOrName) => membersOf(world, advertiserId, idOrName),
    journal(options) {
      settle();
      return world.journal.read(options);
    },
    fault: (rule) => world.faults.add(faultRuleSchema.parse(rule)),
    removeFault: (id) => void world.faults.remove(id),
    clearFaults: () => world.faults.clear(),
    setClock: (time) => world.clock.set(time),
    advanceClock(by) {
      world.clock.advance(by);
      settle();
    },
    releaseClock: () => world.clock.release(),
    now: () => world.clock.now(),
    setSettings(patch) {
      const problem = changeSettings(world, patch);
      invariant(problem === undefined, `sandbox settings: ${problem}`);
    },
    issueToken({ appId, ...grant }) {
      const app = appId ?? world.settings.apps[0]?.appId ?? '';
      const scope = world.settings.apps.find((one) => one.appId === app)?.permissions ?? [];
      return issueToken(world, app, { role: 'admin', scope, ...grant }).value;
    },
    revokeAll: () => revokeAll(world),
    deleteAudience: (id) => deleteAudience(world, id),
    makeAudience: (advertiserId, name) => makeAudience(world, advertiserId, name),
    reset: () => resetWorld(world),
  };
}

interface Served {
  readonly world: World;
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function serve({ world, clock, request, response }: Served): Promise<void> {
  const url = new URL(request.url?.startsWith('/') ? `http://sandbox${request.url}` : 'http://sandbox/');
  const exchange: Exchange = { request, response, method: request.method ?? 'GET', url };
  try {
    if (url.pathname.startsWith(`${apiBase}/`)) return await serveApi(world, clock, exchange);
    if (isForeignForm(request)) return send(exchange, textReply(403, 'Only this sandbox’s own pages may do this.'));
    if (url.pathname.startsWith(`${inspectBase}/`)) return send(exchange, await serveInspection(world, exchange));
    if (url.pathname === consentPath) return send(exchange, await serveConsent(world, exchange));
    if (url.pathname === '/sandbox.css') return send(exchange, styleReply);
    send(exchange, (await servePage(world, exchange)) ?? textReply(404, '404 page not found'));
  } catch (error) {
    // Mostly a client that hung up while its body was being read.
    if (!request.destroyed || request.complete) world.log.error('sandbox request failed', { error });
    reset(exchange);
  }
}

/** A web page elsewhere must not drive a sandbox on this machine; programs send no Origin. */
function isForeignForm(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return request.method !== 'GET' && origin !== undefined && origin !== `http://${host}`;
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
