import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../kernel/log.ts';
import { systemRandom } from '../kernel/random.ts';
import { createHttpApp } from './http.ts';
import { pages } from './pages.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
});

function app(options: { built?: boolean; publicUrl?: string } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-pages-'));
  folders.push(folder);
  if (options.built !== false) build(folder);
  const made = createHttpApp(silentLog);
  pages(made, { publicUrl: options.publicUrl ?? 'http://127.0.0.1:3000', random: systemRandom }, folder);
  return { folder, get: (address: string, headers = {}) => made.request(address, { headers }) };
}

const script = 'export const answer = 42;';

function build(folder: string): void {
  fs.mkdirSync(path.join(folder, 'dist/assets'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'dist/.vite'));
  const write = (name: string, content: string | Buffer) => fs.writeFileSync(path.join(folder, 'dist', name), content);
  write('index.html', '<meta name="csp-nonce" content="__CSP_NONCE__"><div id="root"></div>');
  write('theme.js', 'theme()');
  write('.vite/manifest.json', '{}');
  write('assets/main-abc123.js', script);
  write('assets/main-abc123.js.br', brotliCompressSync(script));
  fs.writeFileSync(path.join(folder, 'secret.txt'), 'not for anybody');
}

test('every address of the app is index.html, with a nonce of its own each time, never stored', async () => {
  const { get } = app();
  const nonces = new Set<string>();
  for (const address of [
    '/',
    '/spaces/spa_1/home',
    '/sign-in',
    '/spaces/spa_1/engage/audiences?tab=a.b',
    '/index.html',
  ]) {
    const answer = await get(address);
    expect(answer.status, address).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const nonce = /content="([A-Za-z0-9+/=]{24})"/.exec(await answer.text())?.[1] ?? expect.fail('no nonce');
    expect(answer.headers.get('content-security-policy')).toContain(`style-src 'self' 'nonce-${nonce}'`);
    nonces.add(nonce);
  }
  expect(nonces.size).toBe(5);
});

test('T16: no inline script, no frame, no other host; HSTS where there is TLS', async () => {
  for (const address of ['/', '/assets/main-abc123.js', '/theme.js', '/assets/none.js']) {
    const { headers } = await app({ publicUrl: 'https://usher.example' }).get(address);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
  }
  const { headers } = await app().get('/');
  expect(headers.get('strict-transport-security')).toBeNull();
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:/);
});

test('files whose names hold a hash are kept for ever, and compressed for whoever takes that', async () => {
  const { get } = app();
  const plain = await get('/assets/main-abc123.js');
  expect(await plain.text()).toBe(script);
  expect(plain.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const small = await get('/assets/main-abc123.js', { 'accept-encoding': 'gzip, deflate, br' });
  expect(small.headers.get('content-encoding')).toBe('br');
  expect(small.headers.get('vary')).toBe('Accept-Encoding');
  expect(brotliDecompressSync(Buffer.from(await small.arrayBuffer())).toString()).toBe(script);
  expect((await get('/theme.js')).headers.get('cache-control')).toBe('no-cache');
});

test('what is for programs is never answered with a page, and nothing outside of the build is served', async () => {
  const { get } = app();
  for (const address of ['/v1/nothing', '/oauth/other', '/livez/x', '/assets/none.js', '/metrics', '/none.js']) {
    const answer = await get(address);
    expect(answer.status, address).toBe(404);
    expect(answer.headers.get('content-type'), address).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control') ?? 'no-store', address).toBe('no-store');
  }
  for (const address of [
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/.vite/manifest.json',
    '/secret.txt',
  ])
    expect(await (await get(address)).text()).not.toMatch(/not for anybody|^\{\}$/);
});

test('before the build a page says how to build it, and it is there as soon as it is built', async () => {
  const { folder, get } = app({ built: false });
  const missing = await get('/');
  expect(missing.status).toBe(503);
  expect(await missing.text()).toContain('npm run build');
  build(folder);
  expect((await get('/')).status).toBe(200);
});
