import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Analytics } from '@segment/analytics-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { emailHash, emailsAt } from '../support/at-tiktok.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

/** What people have in their hands today must work unchanged; the third client, analytics.js, is in test/browser/. */
let usher: Usher;
let shop: Prepared;

beforeAll(async () => {
  usher = await startUsher();
  shop = await usher.prepare();
});
afterAll(() => usher?.close());

const emails = () => emailsAt(usher.sandbox, shop.advertiserId, shop.audienceKey);
const arrives = (hash: string) => until(emails, (found) => found.has(hash), `${hash} at TikTok`);
const leaves = (hash: string) => until(emails, (found) => !found.has(hash), `${hash} to leave TikTok`);

test('curl with a Segment write key puts a person into the TikTok audience, and takes them out again', async () => {
  const person = { userId: 'curl-1', email: 'curl@example.com' };
  expect(await curl('/v1/track', engageEvent(shop.audienceKey, true, person))).toBe('{"success":true}');
  await arrives(emailHash(person.email));
  expect(await curl('/v1/track', engageEvent(shop.audienceKey, false, person))).toBe('{"success":true}');
  await leaves(emailHash(person.email));
});

test('@segment/analytics-node puts a person into the TikTok audience, and takes them out again', async () => {
  const person = { userId: 'node-1', email: 'node@example.com' };
  const problems: unknown[] = [];
  const client = new Analytics({ writeKey: shop.writeKey, host: usher.url, flushAt: 1 });
  client.on('error', (problem) => problems.push(problem));
  client.track(calls(engageEvent(shop.audienceKey, true, person)));
  await arrives(emailHash(person.email));
  client.track(calls(engageEvent(shop.audienceKey, false, person)));
  await client.closeAndFlush();
  await leaves(emailHash(person.email));
  expect(problems).toEqual([]);
});

test('after the clients are done nothing is owed, parked or in doubt', async () => {
  expect(await usher.settled(shop.destinationId)).toMatchObject({ owed: 0, parked: 0, doubts: 0, members: 0 });
});

test('a client that never ends its request holds up no stop of the server', async () => {
  const { hostname, port } = new URL(usher.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write('POST /v1/batch HTTP/1.1\r\nHost: usher\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n');
  const [continues] = await once(socket, 'data');
  expect(String(continues)).toContain('100 Continue');
  await usher.restart();
  socket.destroy();
  expect(await usher.numbers(shop.destinationId)).toMatchObject({ owed: 0, doubts: 0 });
}, 60_000);

/** The real program; it must exist and end with 0. Gives the answer's body. */
async function curl(path: string, event: object): Promise<string> {
  const options = ['--silent', '--show-error', '--fail-with-body', '--max-time', '30', '--data-binary', '@-'];
  const headers = ['--user', `${shop.writeKey}:`, '--header', 'content-type: application/json'];
  const child = spawn('curl', [...options, ...headers, `${usher.url}${path}`]);
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.end(JSON.stringify(event));
  const [code, said, complained] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`curl ended with ${code}: ${complained}${said}`);
  return said;
}

/** The client sets the type itself; the rest it passes on. */
function calls(event: Record<string, unknown>): Parameters<Analytics['track']>[0] {
  const { type: _, ...rest } = event;
  return rest as Parameters<Analytics['track']>[0] & typeof rest;
}
