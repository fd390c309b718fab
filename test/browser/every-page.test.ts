import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { looks, pagesOf, pagesOfStrangers, restOf, type ShownPage, sandboxPages, wear } from '../support/every-page.ts';
import { fillShop, type ShownShop, shownEnv } from '../support/shown-shop.ts';
import { startUsher, type Usher } from '../support/usher.ts';

/**
 * All pages, wide and narrow, light and dark: axe finds nothing of level A or AA, the console stays empty, nothing is asked
 * of another host, and nothing has to be pushed sideways. `npm run screenshots` takes pictures of the same list.
 */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let rest: () => Promise<void>;
let shop: ShownShop;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher({ env: shownEnv }), launchBrowser()]);
  shop = await fillShop(usher, 120);
  app = await openApp(browser, usher.url, [usher.sandbox.url]);
  rest = restOf(app.page);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

/** Long pages on a machine that is busy with other things. */
const patienceMs = 300_000;

/** The names are known before the shop is. */
const namesOf = (pages: (of: ShownShop) => ShownPage[]): string[] => pages(nowhere).map(({ name }) => name);
const nowhere: ShownShop = {
  space: '',
  emptySpace: '',
  source: '',
  audience: '',
  destination: '',
  mapping: '',
  blocked: '',
  unfinished: '',
  invitation: 'http://nowhere/',
  signInLink: '',
};

test.each(namesOf(pagesOfStrangers))('%s looks well before anybody has signed in', async (name) => {
  await looksWell(usher.url, named(pagesOfStrangers(shop), name));
});

test('a link signs the owner in', async () => {
  await app.page.goto(shop.signInLink);
  await app.heading('Home');
});

const ledTo = new Set<string>();
test.each(namesOf(pagesOf))(
  '%s looks well',
  async (name) => {
    await looksWell(usher.url, named(pagesOf(shop), name));
    const links = await app.page.locator('a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
    for (const href of links) ledTo.add(placeOf(href ?? ''));
  },
  patienceMs,
);

test('no link leads to a page that nobody has looked at, and no address of the router is missing', async () => {
  const pages = [...pagesOf(shop), ...pagesOfStrangers(shop)];
  const places = new Set(pages.map(({ address }) => placeOf(address)));
  expect([...ledTo].filter((place) => !places.has(place))).toEqual([]);
  const routes = await app.page.evaluate<string[]>('Object.keys(__TSR_ROUTER__.routesByPath)');
  expect(routes.length).toBeGreaterThan(20);
  const listed = new Set(pages.map(({ route }) => route));
  // The start only leads on, and the frame of a space shows nothing by itself.
  expect(routes.filter((route) => !listed.has(route) && route !== '/' && route !== '/spaces/$space')).toEqual([]);
});

test("the sandbox's pages look well", async () => {
  for (const page of await sandboxPages(usher)) await looksWell(usher.sandbox.url, page);
});

/** What a scheme can spoil, for the looks at which the rest has been seen already. */
async function coloursAreFine(page: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page: app.page }).withRules(['color-contrast']).analyze();
  const found = violations.flatMap(({ nodes }) => nodes.map(({ html }) => html.slice(0, 200)));
  expect({ page, found }).toEqual({ page, found: [] });
}

function named(pages: readonly ShownPage[], name: string): ShownPage {
  const found = pages.find((page) => page.name === name);
  if (found === undefined) throw new Error(`no page is called ${name}`);
  return found;
}

async function looksWell(url: string, { name, address }: ShownPage): Promise<void> {
  await app.page.goto(`${url}${address}`);
  for (const look of looks) {
    await wear(app.page, look);
    await rest();
    const seen = `${name}, ${look.width} ${look.scheme}`;
    await (look.whole ? app.looksWell(seen) : coloursAreFine(seen));
    const tooWide = await app.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    const bare = await app.page.evaluate<number>(bareTimes);
    expect({ page: seen, tooWide: Math.max(0, tooWide), bare }).toEqual({ page: seen, tooWide: 0, bare: 0 });
  }
}

/** Whichever thing a page shows, it is one page. */
const placeOf = (address: string): string =>
  new URL(address, usher.url).pathname.replaceAll(/[a-z]{3}_\d+/g, '…').replace(/\/overview$/, '');

/** Times without their absolute form, which stands in the title and for programs. */
const bareTimes = `[...document.querySelectorAll('#root time')].filter((time) => !time.title || !time.dateTime).length`;
