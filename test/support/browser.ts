import fs from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/** A real Chromium: an installed one named by CHROMIUM, else the one inside the npm package (x64 Linux only). */
export const launchBrowser = async (): Promise<Browser> =>
  // Without the package's `args`: they make one process of it and switch the web's security off.
  chromium.launch({ executablePath: process.env['CHROMIUM'] ?? (await sparticuz.executablePath()), headless: true });

export interface Shop {
  /** Its origin is no one else's: the port is its own. */
  readonly url: string;
  close(): Promise<void>;
}

const bundles = fileURLToPath(new URL('../../node_modules/@segment/analytics-next/dist/umd/', import.meta.url));

/** A web shop: one page, and analytics.js as Segment publishes it, from the same folder of files as on its CDN. */
export async function openShop(page: string): Promise<Shop> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://shop');
    if (pathname === '/') answer(response, 'text/html', page);
    else serveBundle(request, response, pathname);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the shop has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serveBundle(_: IncomingMessage, response: ServerResponse, pathname: string): void {
  const name = /^\/ajs\/([\w.-]+\.js)$/.exec(pathname)?.[1];
  if (name === undefined || !fs.existsSync(bundles + name)) {
    response.writeHead(404).end();
    return;
  }
  answer(response, 'text/javascript', fs.readFileSync(bundles + name, 'utf8'));
}

const answer = (response: ServerResponse, type: string, text: string): void =>
  void response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text);
