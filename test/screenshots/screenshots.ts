// `npm run screenshots [-- part of a name …]`: each page at 1440 and 390 pixels, light and dark, with demo data → screenshots/.
// Nothing but this machine is asked.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { looks, pagesOf, pagesOfStrangers, restOf, type ShownPage, sandboxPages, wear } from '../support/every-page.ts';
import { fillShop, type ShownShop, shownEnv } from '../support/shown-shop.ts';
import { startUsher, type Usher } from '../support/usher.ts';
import { addPast } from './past.ts';

const out = fileURLToPath(new URL('../../screenshots/', import.meta.url));
const wanted = process.argv.slice(2);
const isWanted = ({ name }: { name: string }): boolean =>
  wanted.length === 0 || wanted.some((part) => name.includes(part));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'usher-screenshots-'));
const database = {
  env: { USHER_DATA: folder },
  drop: async () => fs.rmSync(folder, { recursive: true, force: true }),
};
console.error('usher: starting a server and filling it with invented people …');
const running = await startUsher({ env: shownEnv, database });
try {
  const shop = await fillShop(running, 1_240);
  await running.restart(() => addPast(folder));
  fs.mkdirSync(out, { recursive: true });
  const count = await takeAll(running, shop);
  console.error(`usher: ${count} pictures are in ${path.relative(process.cwd(), out)}/`);
} finally {
  await running.close();
}

async function takeAll(usher: Usher, shop: ShownShop): Promise<number> {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    const rest = restOf(page);
    const strangers = await take(page, rest, usher.url, pagesOfStrangers(shop).filter(isWanted));
    await page.goto(shop.signInLink);
    await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor();
    const own = await take(page, rest, usher.url, pagesOf(shop).filter(isWanted));
    const pagesOfSandbox = (await sandboxPages(usher)).filter(isWanted);
    return strangers + own + (await take(page, rest, usher.sandbox.url, pagesOfSandbox));
  } finally {
    await browser.close();
  }
}

async function take(page: Page, rest: () => Promise<void>, url: string, pages: readonly ShownPage[]): Promise<number> {
  for (const { name, address } of pages) {
    await page.goto(`${url}${address}`);
    for (const look of looks) {
      await wear(page, look);
      await rest();
      await page.screenshot({ path: path.join(out, `${name}-${look.width}-${look.scheme}.png`), fullPage: true });
    }
  }
  return pages.length * looks.length;
}
