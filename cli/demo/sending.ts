import type { Readable } from 'node:stream';
import { isObject } from '../../server/kernel/json.ts';
import type { Sending } from './client.ts';
import { countAt, DemoError, textAt } from './http.ts';

/** What the sending process is told on its standard input: not in its arguments, where `ps` would show the write key. */
export async function readSending(input: Readable): Promise<Sending> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (!isObject(value)) throw new DemoError('the client was told nothing');
  return {
    server: textAt(value, 'server'),
    writeKey: textAt(value, 'writeKey'),
    audienceKey: textAt(value, 'audienceKey'),
    people: countAt(value, 'people'),
    startMs: countAt(value, 'startMs'),
  };
}
