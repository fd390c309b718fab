import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, own } from '../kernel/json.ts';
import type { Secret } from '../kernel/secret.ts';

/** `Basic base64(key:)`; old clients leave out the colon (segment-spec.md 1.2). */
export function basicWriteKey(headers: IncomingHttpHeaders): string | undefined {
  const encoded = /^basic\s+([\w+/=-]+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return nonEmpty(colon < 0 ? text : text.slice(0, colon));
}

/** The key in the body: on the batch or event itself, else on the first item that has one (analytics.js puts it on each). */
export function bodyWriteKey(body: unknown): string | undefined {
  const outer = nonEmpty(own(body, 'writeKey'));
  if (outer !== undefined || !isObject(body) || !Array.isArray(body['batch'])) return outer;
  for (const item of body['batch']) {
    const key = nonEmpty(own(item, 'writeKey'));
    if (key !== undefined) return key;
  }
  return undefined;
}

export const hashWriteKey = (key: string): Buffer => hash('sha256', key, 'buffer');

/**
 * Segment's webhook signatures: HMAC-SHA1 in hex, `X-Segment-Signature` over the whole body, `X-Signature` over the first
 * event only, so enough where there is no second one (design.md 7).
 */
export function isSigned(headers: IncomingHttpHeaders, body: Buffer, secret: Secret): boolean {
  const whole = headers['x-segment-signature'];
  if (typeof whole === 'string') return matches(whole, body, secret);
  const first = headers['x-signature'];
  return typeof first === 'string' && (matches(first, body, secret) || matches(first, onlyItem(body), secret));
}

/** What stands between the brackets: signed as one event, it is one event. */
function onlyItem(body: Buffer): Buffer {
  const text = body.toString('utf8').trim();
  return Buffer.from(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1).trim() : text);
}

function matches(signature: string, body: Buffer, secret: Secret): boolean {
  const expected = createHmac('sha1', secret.reveal()).update(body).digest();
  const given = Buffer.from(signature.trim().replace(/^sha1=/i, ''), 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
