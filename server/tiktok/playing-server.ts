/** A server on a real socket that plays TikTok, and the client against it. For this folder's tests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { afterEach } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import { createLog } from '../kernel/log.ts';
import { seededRandom } from '../kernel/random.ts';
import { Secret } from '../kernel/secret.ts';
import { type Answer, createTikTok, type MappingBatch, type TikTok, type TikTokSettings } from './tiktok.ts';

export const plainToken = 'token-0123456789abcdef';
export const plainSecret = 'app-secret-0123456789';
export const plainCode = 'auth-code-0123456789';
export const token = new Secret(plainToken);
export const advertiser = '7178918106775994371';
const unlimited = { perSecond: Number.POSITIVE_INFINITY, perMinute: Number.POSITIVE_INFINITY };

export interface Seen {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}
export type Play = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that plays TikTok, a client that calls it, and everything that the client wrote. */
export async function against(play: Play, settings: Partial<TikTokSettings> = {}) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', headers } = request;
      const one = { method, headers, body, url: new URL(request.url ?? '', 'http://tiktok.test') };
      seen.push(one);
      play(one, response, request);
    });
    request.on('error', () => {});
  });
  const port = await listen(server);
  const client = clientOf(`http://127.0.0.1:${port}/open_api/v1.3/`, settings);
  return { ...client, seen, server };
}

export function clientOf(apiUrl: string, settings: Partial<TikTokSettings> = {}) {
  const lines: string[] = [];
  const tiktok = createTikTok({
    settings: {
      appId: '7000000000000000001',
      appSecret: new Secret(plainSecret),
      apiUrl,
      authUrl: 'https://business-api.tiktok.com/portal/auth',
      timeoutMs: 5_000,
      limits: unlimited,
      ...settings,
    },
    clock: systemClock,
    random: seededRandom(1),
    log: createLog('trace', (line) => lines.push(line)),
  });
  closing.push(() => tiktok.close());
  return { tiktok, lines };
}

export async function listen(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Play =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-tt-logid': 'log-1', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
export const okBody = (data: unknown = {}): object => ({ code: 0, message: 'OK', request_id: 'req-1', data });

export const hash = (byte: number): Buffer => Buffer.alloc(32, byte);
export const batch: MappingBatch = {
  advertiserId: advertiser,
  action: 'add',
  schema: [0, 3],
  rows: [
    { audienceIds: ['167290896'], hashes: [hash(0xab), null] },
    { audienceIds: ['167290896', '167290897'], hashes: [hash(1), hash(2)] },
  ],
};
export const mapping = (tiktok: TikTok, deadlineMs?: number): Promise<Answer<null>> =>
  tiktok.mapping(deadlineMs === undefined ? { token } : { token, deadlineMs }, batch);
