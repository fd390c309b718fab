import { createServer } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../kernel/secret.ts';
import {
  advertiser,
  against,
  batch,
  clientOf,
  json,
  listen,
  mapping,
  okBody,
  type Play,
  plainCode,
  plainSecret,
  plainToken,
  token,
} from './playing-server.ts';

// --- What goes wrong

test('a gateway’s page, a cut answer, an empty answer: a doubt after a change, once more after a read', async () => {
  const plays: Play[] = [
    json('<html><h1>502 Bad Gateway</h1><hr>nginx</html>', 502, { 'content-type': 'text/html' }),
    json('<html>maintenance</html>', 200, { 'content-type': 'text/html' }),
    json('{"code":0,"message":"OK","requ'),
    json(''),
    json('[0]'),
    json('{"code":"0"}'),
    (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"code":0,');
      setImmediate(() => response.destroy());
    },
  ];
  for (const play of plays) {
    const { tiktok, seen } = await against(play);
    expect((await mapping(tiktok)).outcome).toEqual({ kind: 'unknown' });
    expect((await tiktok.userInfo({ token })).outcome).toEqual({ kind: 'retry', slow: false });
    expect(seen).toHaveLength(2);
  }
});

test('a body without end is given up, and its connection with it', async () => {
  const { tiktok } = await against((_, response) => {
    response.writeHead(200);
    response.end(`{"code":0,"message":"${'x'.repeat(10 * 1024 * 1024)}"}`);
  });
  expect((await mapping(tiktok)).outcome).toEqual({ kind: 'unknown' });
});

test('a redirect is not followed: the token goes nowhere else', async () => {
  const { tiktok, seen } = await against(json('', 302, { location: '/elsewhere' }));
  expect((await mapping(tiktok)).outcome).toEqual({ kind: 'config' });
  expect(seen.map((s) => s.url.pathname)).toEqual(['/open_api/v1.3/segment/mapping/']);
});

test('silence after the request was read is unknown, and it is sent once', async () => {
  const { tiktok, seen } = await against(() => {}, { timeoutMs: 150 });
  const answer = await mapping(tiktok);
  expect(answer).toMatchObject({ outcome: { kind: 'unknown' }, httpStatus: null, code: null });
  expect(seen).toHaveLength(1);
});

test('a connection that breaks after the request was read is unknown, and it is sent once', async () => {
  const { tiktok, seen } = await against((_, __, request) => request.socket.resetAndDestroy());
  expect((await mapping(tiktok)).outcome).toEqual({ kind: 'unknown' });
  expect((await tiktok.userInfo({ token })).outcome).toEqual({ kind: 'retry', slow: false });
  expect(seen).toHaveLength(2);
});

test('a connection that breaks before the request was read is unknown too: nobody can tell', async () => {
  let connections = 0;
  const server = createNetServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.on('readable', () => socket.resetAndDestroy());
  });
  const { tiktok } = clientOf(`http://127.0.0.1:${await listen(server)}`);
  expect((await mapping(tiktok)).outcome).toEqual({ kind: 'unknown' });
  expect(connections).toBe(1);
});

test('nobody at the door, no such host, no TLS: it was not sent', async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const plain = createServer();
  const plainPort = await listen(plain);
  for (const url of [`http://127.0.0.1:${port}`, 'http://nobody.invalid', `https://127.0.0.1:${plainPort}`]) {
    const { tiktok } = clientOf(url);
    expect([url, (await mapping(tiktok)).outcome]).toEqual([url, { kind: 'unsent' }]);
  }
});

test('too many calls: the answer says so, and the budget waits as long as TikTok asks', async () => {
  const { tiktok } = await against(json({ code: 40100, message: 'Too many requests.' }, 429, { 'retry-after': '30' }));
  const answer = await mapping(tiktok);
  expect(answer.outcome).toEqual({ kind: 'throttled', scope: 'app', long: false, retryAfter: 30_000 });
  expect(tiktok.budget.pausedFor()).toBeGreaterThan(29_000);
  // The next call does not leave before its deadline.
  expect(await mapping(tiktok, 20)).toMatchObject({
    outcome: { kind: 'unsent' },
    message: expect.stringContaining('slot'),
  });
});

test('413 asks for smaller batches', async () => {
  const { tiktok } = await against(json('too large', 413));
  expect((await mapping(tiktok)).outcome).toEqual({ kind: 'split' });
});

test('after its deadline nothing of a call is under way (rule 11)', async () => {
  const { tiktok, seen } = await against(() => {});
  expect((await mapping(tiktok, 100)).outcome).toEqual({ kind: 'unknown' });
  expect((await mapping(tiktok, 0)).outcome).toMatchObject({ kind: expect.stringMatching(/unsent|unknown/) });
  const stopped = new AbortController();
  stopped.abort();
  expect((await tiktok.mapping({ token, signal: stopped.signal }, batch)).outcome).toEqual({ kind: 'unsent' });
  expect(seen.length).toBeLessThanOrEqual(2);
});

test('a token that no header can carry asks for a new consent instead of throwing', async () => {
  const { tiktok, seen } = await against(json(okBody()));
  for (const text of ['', 'two\nlines', 'umläut'])
    expect((await tiktok.userInfo({ token: new Secret(text) })).outcome).toEqual({ kind: 'unauthorized' });
  expect(seen).toHaveLength(0);
});

// --- Secrets

test('no token, secret, auth code or hash shows in an answer, a log line or an error, whatever TikTok says', async () => {
  const echo: Play = (one, response, request) => {
    const { url, headers, body } = one;
    const words = `bad: ${url.href} ${decodeURIComponent(url.search)} ${JSON.stringify(headers)} ${body}`;
    json({ code: 40105, message: words, request_id: 'r' })(one, response, request);
  };
  const hang: Play = () => {};
  const broken: Play = (_, __, request) => request.socket.resetAndDestroy();
  const granted = json(okBody({ access_token: plainToken, advertiser_ids: [], scope: [] }));
  for (const play of [echo, hang, broken, granted, json(`<html>${plainToken} ${plainSecret}</html>`, 502)]) {
    const { tiktok, lines } = await against(play, { timeoutMs: 100 });
    const answers = [
      await mapping(tiktok),
      await tiktok.exchange(plainCode),
      await tiktok.revoke({ token }),
      await tiktok.reachableAdvertisers({ token }),
      await tiktok.userInfo({ token }),
      await tiktok.listAudiences({ token }, advertiser),
    ];
    const everything = inspect(answers, { depth: 10, showHidden: true }) + JSON.stringify(answers) + lines.join('');
    for (const plain of [plainToken, plainSecret, plainCode]) expect(everything).not.toContain(plain);
    expect(lines.join('')).not.toContain('ab'.repeat(32));
    expect(lines.length).toBe(answers.length);
    expect(inspect(tiktok, { depth: 10, showHidden: true })).not.toContain(plainSecret);
  }
});

test('a bug’s error names no identifier', async () => {
  const { tiktok } = await against(json(okBody()));
  const wrong = { ...batch, rows: [{ audienceIds: ['1'], hashes: [Buffer.from('jane@example.org'), null] }] };
  expect(() => tiktok.mapping({ token }, wrong)).toThrow(/^an identifier is a SHA-256/);
});
