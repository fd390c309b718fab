import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

export type Body =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'too large' }
  | { readonly kind: 'unknown encoding' }
  | { readonly kind: 'damaged' }
  /** The client went away; nobody waits for an answer. */
  | { readonly kind: 'aborted' };

export interface ReadLimits {
  /** Of the body, both as sent and inflated. */
  readonly bytes: number;
  /** Told of each chunk, so that bodies on their way count towards the queue's bound. False: there is no room for more. */
  readonly took: (bytes: number) => void;
}

/** How much of a body that is too large is read to its end, so that a client which is still writing gets its answer. */
const patience = 8 * 1_024 * 1_024;

/** Reads and inflates a body under caps; a zip bomb stops at the cap, not at its end (reliability.md 4.1, T12). */
export async function readBody(request: IncomingMessage, limits: ReadLimits): Promise<Body> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const wire = await readWire(request, limits);
  if (wire.kind !== 'read') return wire;
  if (encoding === 'identity' || encoding === '') return wire;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') return { kind: 'unknown encoding' };
  return inflate(wire.bytes, limits);
}

function readWire(request: IncomingMessage, limits: ReadLimits): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limits.bytes) {
        limits.took(chunk.length);
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        if (size > patience) resolve({ kind: 'too large' });
      }
    });
    request.on('end', () =>
      resolve(size > limits.bytes ? { kind: 'too large' } : { kind: 'read', bytes: join(chunks) }),
    );
    request.on('error', () => resolve({ kind: 'aborted' }));
    request.on('close', () => resolve({ kind: 'aborted' }));
  });
}

const join = (chunks: Buffer[]): Buffer => (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));

const unzip = promisify(gunzip);

async function inflate(packed: Buffer, limits: ReadLimits): Promise<Body> {
  try {
    const bytes = await unzip(packed, { maxOutputLength: limits.bytes });
    limits.took(bytes.length - packed.length);
    return { kind: 'read', bytes };
  } catch (error) {
    const isTooLarge = error instanceof Error && Reflect.get(error, 'code') === 'ERR_BUFFER_TOO_LARGE';
    return { kind: isTooLarge ? 'too large' : 'damaged' };
  }
}
