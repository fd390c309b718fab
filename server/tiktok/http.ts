import { Agent, buildConnector, request } from 'undici';
import type { Clock, Millis } from '../kernel/clock.ts';
import { seconds } from '../kernel/clock.ts';
import { isObject, own } from '../kernel/json.ts';
import { parseLossless } from './lossless-json.ts';

/** One request, one answer: no retry, no redirect, no thrown error. Knows HTTP and the envelope, not what they mean. */
export interface Http {
  send(message: Message, signal: AbortSignal): Promise<Arrival>;
  close(): Promise<void>;
}

export interface Message {
  method: 'GET' | 'POST';
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

export type Arrival =
  /** `cause`: a name such as ECONNREFUSED, never an error's message (it may quote the request). */
  | { kind: 'failed'; sent: boolean; cause: string }
  | {
      kind: 'answered';
      httpStatus: number;
      retryAfter: Millis | undefined;
      logId: string | undefined;
      envelope: ReadEnvelope | undefined;
    };

export interface ReadEnvelope {
  code: number;
  message: string;
  requestId: string | undefined;
  data: unknown;
}

/** 100 audiences are about 40 KB; 5,000 advertiser ids about 110 KB. More than this is not TikTok. */
const answerBytesMax = 4 * 1024 * 1024;
/** Calls in flight at once: 8 a second (budget.ts), each up to 10 s or so. */
const connections = 96;
const connectTimeoutMax = seconds(5);

export function createHttp(deps: { clock: Clock }, timeoutMs: number): Http {
  const agent = new Agent({
    connections,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: answerBytesMax,
    // Well before the call's own timeout, so that a host that does not answer is known to have received nothing.
    connect: markingConnector(Math.min(connectTimeoutMax, Math.ceil(timeoutMs / 2))),
  });
  return {
    async send(message, signal) {
      if (signal.aborted) return { kind: 'failed', sent: false, cause: 'cancelled' };
      try {
        const answer = await request(message.url, {
          dispatcher: agent,
          method: message.method,
          headers: message.headers,
          body: message.body ?? null,
          signal,
        });
        // From here on the status is known; a body that breaks off leaves no envelope.
        const text = await answer.body.text().catch(() => undefined);
        return {
          kind: 'answered',
          httpStatus: answer.statusCode,
          retryAfter: readRetryAfter(first(answer.headers['retry-after']), deps.clock),
          logId: first(answer.headers['x-tt-logid']),
          envelope: text === undefined ? undefined : readEnvelope(text),
        };
      } catch (error) {
        return error instanceof NotConnected
          ? { kind: 'failed', sent: false, cause: error.code }
          : { kind: 'failed', sent: true, cause: signal.aborted ? 'timeout or cancelled' : errorCode(error) };
      }
    },
    // Whoever still waits has its own deadline; at shutdown nobody waits for TikTok.
    close: () => agent.destroy(),
  };
}

class NotConnected extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`not connected: ${code}`);
    this.code = code;
  }
}

/** DNS, TCP and TLS failures carry a mark: only those are known to have sent nothing. Every other error may have. */
function markingConnector(timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) callback(new NotConnected(errorCode(error)), null);
      else if (socket) callback(null, socket);
    });
}

function errorCode(error: unknown): string {
  const code = own(error, 'code');
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'unknown';
}

/** TikTok's envelope (tiktok-api.md 1.1), or undefined for a gateway's page, a cut text, or JSON of somebody else. */
function readEnvelope(text: string): ReadEnvelope | undefined {
  let body: unknown;
  try {
    body = parseLossless(text);
  } catch {
    return undefined;
  }
  const code = own(body, 'code');
  if (!isObject(body) || typeof code !== 'number') return undefined;
  const message = own(body, 'message');
  const requestId = own(body, 'request_id');
  return {
    code,
    message: typeof message === 'string' ? message : '',
    requestId: typeof requestId === 'string' ? requestId : undefined,
    data: own(body, 'data'),
  };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); anything else is as if it were absent. */
function readRetryAfter(header: string | undefined, clock: Clock): Millis | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return seconds(Number(header));
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : (Math.max(0, at - clock.now()) as Millis);
}

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
