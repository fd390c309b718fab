import { createHash } from 'node:crypto';
import { afterEach } from 'vitest';
import { instant, systemClock } from '../server/kernel/clock.ts';
import { silentLog } from '../server/kernel/log.ts';
import { type Sandbox, type SandboxSettingsInput, startSandbox } from './sandbox.ts';

/** For tests only: a sandbox on a free port under a clock that stands still, and a plain HTTP client for it. */

export const shopUs = '7100000000000000001';
export const shopEu = '7100000000000000002';
export const foreignShop = '7200000000000000001';
export const start = Date.parse('2026-08-03T16:27:49Z');
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export interface Envelope {
  code: number;
  message: string;
  request_id: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into every endpoint's data
  data: any;
}

export interface Client {
  readonly sandbox: Sandbox;
  token: string;
  post(path: string, body: unknown): Promise<Envelope>;
  get(path: string, query?: Record<string, unknown>): Promise<Envelope>;
  raw(path: string, init?: RequestInit): Promise<Response>;
  create(name?: string, advertiserId?: string): Promise<string>;
  /** One e-mail a row. */
  map(audienceId: string, action: 'add' | 'delete', ...people: string[]): Promise<Envelope>;
  emails(audienceId: string): string[];
  inspect(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

export async function startClient(settings: SandboxSettingsInput = {}): Promise<Client> {
  const sandbox = await startSandbox({ port: 0, clock: systemClock, log: silentLog, settings });
  running.push(sandbox);
  sandbox.setClock(instant(start));
  const api = async (path: string, init: RequestInit): Promise<Envelope> => {
    const response = await fetch(`${sandbox.apiUrl}${path}`, init);
    return (await response.json()) as Envelope;
  };
  const headers = (): Record<string, string> => (client.token === '' ? {} : { 'access-token': client.token });
  const client: Client = {
    sandbox,
    token: sandbox.issueToken({ advertiserIds: [shopUs, shopEu] }),
    post: (path, body) =>
      api(path, {
        method: 'POST',
        headers: { ...headers(), 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path, query = {}) => api(`${path}?${queryOf(query)}`, { headers: headers() }),
    raw: (path, init = {}) => fetch(`${sandbox.url}${path}`, { redirect: 'manual', ...init }),
    async create(name = 'VIP buyers', advertiserId = shopUs) {
      const made = await client.post('/segment/audience/', {
        advertiser_id: advertiserId,
        action: 'create',
        custom_audience_name: name,
      });
      return String(made.data.audience_id);
    },
    map: (audienceId, action, ...people) =>
      client.post('/segment/mapping/', mapping(audienceId, { action, batch_data: rowsOf(audienceId, people) })),
    emails: (audienceId) => [...(sandbox.members(shopUs, audienceId)?.get('EMAIL_SHA256') ?? [])],
    async inspect(method, path, body) {
      const response = await fetch(`${sandbox.url}/__sandbox${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
  };
  return client;
}

export const rowsOf = (audienceId: string, people: readonly string[]): object[][] =>
  people.map((person) => [{ id: sha256(person), audience_ids: [audienceId] }]);

/** A valid call for one person, changed by `changes`. */
export const mapping = (audienceId: string, changes: object = {}): object => ({
  advertiser_ids: [shopUs],
  action: 'add',
  id_schema: ['EMAIL_SHA256'],
  batch_data: rowsOf(audienceId, ['ana']),
  ...changes,
});

const queryOf = (query: Record<string, unknown>): string =>
  new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ).toString();
