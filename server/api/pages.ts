import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import { type ApiEnv, notFound, secureHeaders } from './http.ts';
import type { ApiParts } from './parts.ts';

/** Where `npm run build` puts the web app is `dist` below this. */
const webFolder = fileURLToPath(new URL('../../web/', import.meta.url));
/** What stands in index.html for the nonce of an answer. */
const noncePlace = '__CSP_NONCE__';
/** Files beside index.html. */
const fileName = '[\\w-]+\\.(?:js|svg|ico|png|txt|webmanifest)';
/** Not for pages: whoever asks for these wants a file, or an answer for programs. */
const notForPages = new RegExp(`^/(?:(?:api|v1|oauth|livez|readyz|metrics|assets)(?:/|$)|${fileName}$)`);

/**
 * The web app, built: its files as they are, and index.html for every other address, since the app finds its page itself.
 * Registered last.
 */
export function pages(app: Hono<ApiEnv>, parts: Pick<ApiParts, 'publicUrl' | 'random'>, folder = webFolder): void {
  const secure: MiddlewareHandler = async (c, next) => {
    await next();
    secureHeaders(c, parts.publicUrl);
  };
  const files = serveStatic({ root: folder, rewriteRequestPath: (asked) => `/dist${asked}`, precompressed: true });
  // A name holds the hash of its content, so it never means anything else.
  app.get('/assets/*', secure, cached('public, max-age=31536000, immutable'), files);
  app.get(`/:file{${fileName}}`, secure, cached('no-cache'), files);
  app.get('*', secure, async (c) => {
    if (notForPages.test(c.req.path)) throw notFound();
    c.header('cache-control', 'no-store');
    const index = await fs.readFile(path.join(folder, 'dist/index.html'), 'utf8').catch(() => undefined);
    if (index === undefined) return notBuilt(c);
    const nonce = parts.random.bytes(16).toString('base64');
    c.header('content-security-policy', policy(nonce));
    return c.html(index.replaceAll(noncePlace, nonce));
  });
}

/** T16; the nonce is for Mantine's style elements, scripts come from files alone (stack.md 7). */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const cached =
  (rule: string): MiddlewareHandler =>
  async (c, next) => {
    await next();
    c.header('cache-control', c.res.ok ? rule : 'no-store');
  };

function notBuilt(c: Context): Response | Promise<Response> {
  c.header('content-security-policy', "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
  return c.html(
    html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Usher</title></head>
  <body>
    <h1>The pages are not built yet</h1>
    <p>Run <code>npm run build</code> and load this page again. Events are taken and sent meanwhile.</p>
  </body>
</html>`,
    503,
  );
}
