import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Whole seconds: Segment's clients ignore dates (segment-spec.md 1.9). */
  readonly retryAfter?: number;
  readonly allow?: string;
}

export const accepted: Answer = { status: 200, body: { success: true } };
export const refused = (status: number, message: string): Answer => ({ status, body: { success: false, message } });
export const tryAgain = (status: 429 | 503, message: string, retryAfter: number): Answer => ({
  ...refused(status, message),
  retryAfter,
});

/** A day, browsers cap it at two hours: each path needs its own preflight otherwise (stack.md 9). */
const preflightSeconds = '86400';

/** Writes an answer with the CORS headers that browsers need on every answer, errors included (segment-spec.md 1.9). */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer, closing: boolean): void {
  if (response.destroyed || response.headersSent) return;
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  const headers: OutgoingHttpHeaders = { ...corsHeaders(request), 'content-length': Buffer.byteLength(text) };
  if (answer.body !== undefined) headers['content-type'] = 'application/json';
  if (answer.allow !== undefined) headers['allow'] = answer.allow;
  if (answer.retryAfter !== undefined) {
    headers['retry-after'] = String(answer.retryAfter);
    if (answer.status === 429) headers['x-ratelimit-reset'] = String(answer.retryAfter);
  }
  // Of a body that is far too large only the end of the connection stops the rest.
  const cut = answer.status === 400 && !request.complete;
  if (closing || cut) headers['connection'] = 'close';
  response.writeHead(answer.status, headers);
  if (cut || request.complete) response.end(text);
  else endAfterBody(request, response, text);
}

/**
 * Where the connection is not kept, Node closes it with the answer, and the rest of the body would turn that into a reset,
 * which can take the answer and its Retry-After away. So the answer is sent, and ended once the body has been thrown away.
 */
function endAfterBody(request: IncomingMessage, response: ServerResponse, text: string): void {
  response.write(text);
  request.once('close', () => response.end());
  request.resume();
}

function corsHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const cors: OutgoingHttpHeaders = { 'access-control-allow-origin': '*' };
  if (request.method !== 'OPTIONS') {
    cors['access-control-expose-headers'] = 'retry-after, x-ratelimit-reset';
    return cors;
  }
  cors['access-control-allow-methods'] = 'GET, POST, OPTIONS';
  cors['access-control-allow-headers'] = allowedHeaders(request.headers['access-control-request-headers']);
  cors['access-control-max-age'] = preflightSeconds;
  return cors;
}

const usualHeaders = 'authorization, content-type, x-retry-count';
/** Whatever is asked is allowed: no answer depends on cookies. Only names, so that nothing is reflected. */
const allowedHeaders = (asked: string | undefined): string =>
  asked !== undefined && /^[\w-]+(\s*,\s*[\w-]+)*$/.test(asked) ? asked : usualHeaders;
