import type { SpaceId } from '../../contract/ids.ts';
import { type ApiParts, createApi } from '../../server/api/api.ts';
import { createAuthenticate, createPasswords, createSpace, createToken, type Role } from '../../server/auth/auth.ts';
import type { Db } from '../../server/db/port.ts';
import type { ManualClock } from '../../server/kernel/clock.ts';
import { createLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { vault } from '../../server/kernel/secret.ts';
import { type FakeTikTok, fakeTikTok } from './fake-tiktok.ts';

/** The API as a function, beside a fake TikTok; what it logs and answers is kept for scans. */
export interface ApiUnderTest {
  request(method: string, path: string, options?: RequestOptions): Promise<ApiAnswer>;
  token(spaceId: SpaceId | null, role: Role): Promise<string>;
  space(slug: string): Promise<SpaceId>;
  tiktok: FakeTikTok;
  parts: ApiParts;
  /** Every line logged and every answer given. */
  said: string[];
}

export interface RequestOptions {
  token?: string;
  /** The session cookie of a browser on one of our own pages. */
  session?: string;
  body?: unknown;
  accept?: string;
  headers?: Record<string, string>;
  /** Where the request seems to come from. */
  address?: string;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body, loosely: tests say what they expect of it. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by the test that knows it
  json: any;
}

export function apiUnderTest(db: Db, clock: ManualClock, change: Partial<ApiParts> = {}): ApiUnderTest {
  const tiktok = fakeTikTok();
  const said: string[] = [];
  const parts: ApiParts = {
    db,
    clock,
    random: systemRandom,
    log: createLog('debug', (line) => said.push(line)),
    vault: vault(Buffer.alloc(32, 7), systemRandom),
    tiktok,
    tiktokApp: {
      appId: '7000',
      apiUrl: 'http://127.0.0.1:4010/open_api',
      authUrl: 'http://127.0.0.1:4010/portal/auth',
    },
    authenticate: createAuthenticate({ db, clock }),
    passwords: createPasswords({ random: systemRandom }),
    publicUrl: 'https://usher.example',
    version: '0.1.0',
    mappingsMax: 50,
    removalGate: { people: 1_000, percent: 20 },
    callsPerSecond: 8,
    changed: () => {},
    recent: () => [],
    sendTest: async () => ({ sent: true }),
    ...change,
  };
  const app = createApi(parts);
  return {
    tiktok,
    parts,
    said,
    space: (slug) =>
      db.transaction(async (tx) => must(await createSpace(tx, clock, { slug, name: slug }), 'a free slug').id),
    async token(spaceId, role) {
      const made = await db.transaction((tx) => createToken(tx, parts, { spaceId, name: role, role }));
      return made.text.reveal();
    },
    async request(method, path, options = {}) {
      const headers: Record<string, string> = { ...options.headers };
      if (options.session !== undefined) {
        headers['cookie'] = `__Host-usher=${options.session}`;
        headers['origin'] ??= parts.publicUrl;
      }
      if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
      if (options.accept !== undefined) headers['accept'] = options.accept;
      if (options.body !== undefined) headers['content-type'] = 'application/json';
      const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
      const socket = { remoteAddress: options.address ?? '192.0.2.1' };
      const response = await app.request(path, { method, headers, ...body }, { incoming: { socket } });
      const endless = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (endless) await response.body?.cancel();
      const text = endless ? '' : await response.text();
      said.push(text, JSON.stringify([...response.headers]));
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
    },
  };
}
