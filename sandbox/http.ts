import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../server/kernel/clock.ts';
import type { HttpAnswer } from './faults.ts';

/** One request on its way through the sandbox. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly url: URL;
}

/** The whole body, or undefined when it is longer than `most` bytes. A client that hangs up rejects. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length <= most) chunks.push(chunk);
  }
  return length > most ? undefined : Buffer.concat(chunks, length);
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const jsonReply = (status: number, data: unknown): Reply => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(data),
});

export const textReply = (status: number, body: string): Reply => ({ status, type: 'text/plain; charset=utf-8', body });

export const redirectReply = (location: string): Reply => ({
  status: 302,
  type: 'text/plain; charset=utf-8',
  body: '',
  headers: { location, 'cache-control': 'no-store' },
});

export function send({ response }: Exchange, reply: Reply): void {
  if (response.destroyed) return;
  writeHead(response, reply);
  response.end(reply.body);
}

/** A few bytes at a time, so that a client's whole-call deadline is tried, not only its idle timeout. */
export async function sendSlowly(
  exchange: Exchange,
  reply: Reply,
  pace: { bytes: number; everyMs: number; clock: Clock },
): Promise<void> {
  const { response } = exchange;
  writeHead(response, reply);
  const body = Buffer.from(reply.body);
  for (let from = 0; from < body.length && !response.destroyed; from += pace.bytes) {
    response.write(body.subarray(from, from + pace.bytes));
    await pace.clock.sleep(pace.everyMs);
  }
  response.end();
}

/** A TCP reset, not a polite end: the client must see a broken connection. */
export function reset({ request }: Exchange): void {
  request.socket.resetAndDestroy();
}

const gatewayPage =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';
const hugeBytes = 10 * 1_048_576;

/** What a gateway in front of TikTok may say (tiktok-api.md 1.1). */
export function gatewayReply({ status, body, retryAfter }: Omit<HttpAnswer, 'kind'>): Reply {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  switch (body) {
    case 'html':
      return { status, type: 'text/html', body: gatewayPage, headers };
    case 'empty':
      return { status, type: 'text/html', body: '', headers };
    case 'cut-json':
      return { status, type: 'application/json', body: '{"code":0,"message":"OK","request_id":"2026', headers };
    case 'huge':
      return { status, type: 'text/html', body: gatewayPage.padEnd(hugeBytes, ' '), headers };
  }
}

function writeHead(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': Buffer.byteLength(reply.body),
    ...reply.headers,
  });
}
