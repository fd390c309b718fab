import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { until } from './usher.ts';

/** A tab with the web app in it, used by visible words, and watched: what a page must never do fails the walk. */
export interface AppPage {
  readonly page: Page;
  readonly context: BrowserContext;
  heading(name: string | RegExp): Promise<void>;
  /** The first button of this name. */
  press(name: string): Promise<void>;
  follow(link: string): Promise<void>;
  tab(name: string): Promise<void>;
  /** Waits for the words somewhere on the page. */
  says(words: string | RegExp): Promise<void>;
  field(name: string): Locator;
  choice(name: string): Locator;
  region(name: string | RegExp): Locator;
  dialog(name: string): Locator;
  row(words: string | RegExp): Locator;
  /** Takes the one-time link of an empty server to the first account. */
  createAccount(setupLink: string): Promise<void>;
  /** After each page: axe finds nothing of level A or AA, and nothing was remembered since the last look. */
  looksWell(name: string): Promise<void>;
  /**
   * The server refused what the walk did on purpose just now: the line on the console is none of the page's. Exactly one, or
   * whatever was asked about a thing.
   */
  wasRefused(status: number, about?: string): Promise<void>;
  /** Pages that the walk has come through without a look at them. */
  unseen(): string[];
  /** Fails when something was remembered after the last look. */
  close(): Promise<void>;
}

const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** `url` is Usher's; `others` are addresses that a walk may visit on purpose, the sandbox's pages. */
export async function openApp(browser: Browser, url: string, others: readonly string[] = []): Promise<AppPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const remembered = watch(page, [url, ...others]);
  const visited = new Set<string>();
  const seen = new Set<string>();
  page.on('framenavigated', (frame) => {
    // The root only leads on.
    if (frame === page.mainFrame() && frame.url() !== `${url}/`) visited.add(placeOf(frame.url()));
  });
  const button = (name: string) => page.getByRole('button', { name, exact: true }).first();
  const field = (name: string) => page.getByRole('textbox', { name, exact: true });
  return {
    page,
    context,
    heading: (name) => page.getByRole('heading', { name, exact: true }).first().waitFor(),
    press: (name) => button(name).click(),
    follow: (name) => page.getByRole('link', { name, exact: true }).first().click(),
    tab: (name) => page.getByRole('tab', { name, exact: true }).click(),
    says: (words) => page.getByText(words).first().waitFor(),
    field,
    choice: (name) => page.getByRole('combobox', { name, exact: true }),
    region: (name) => page.getByRole('region', { name, exact: true }),
    dialog: (name) => page.getByRole('dialog', { name, exact: true }),
    row: (words) => page.getByRole('row').filter({ hasText: words }),
    async createAccount(setupLink) {
      await page.goto(setupLink);
      await field('E-mail').fill('ana@usher.example');
      await field('Password').fill('a walk of forty steps');
      await button('Create account').click();
      await button('Create space').waitFor();
    },
    async looksWell(name) {
      const { violations } = await new AxeBuilder({ page }).withTags(levels).analyze();
      const found = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
      );
      expect({ page: name, found, remembered }).toEqual({ page: name, found: [], remembered: [] });
      seen.add(placeOf(page.url()));
    },
    async wasRefused(status, about) {
      const isIt = (line: string) =>
        line.startsWith('console: Failed to load resource') &&
        line.includes(` ${status} `) &&
        (about === undefined || line.includes(about));
      await until(
        () => remembered.filter(isIt).length,
        (lines) => (about === undefined ? lines === 1 : lines > 0),
        `a line on the console about an answer of ${status}`,
      );
      for (const line of remembered.filter(isIt)) remembered.splice(remembered.indexOf(line), 1);
    },
    unseen: () => [...visited].filter((place) => !seen.has(place)),
    async close() {
      await context.close();
      expect(remembered).toEqual([]);
    },
  };
}

/** One page is one place, whichever thing it shows: ids and long numbers are left out, as is the query but for its part. */
function placeOf(address: string): string {
  const { host, pathname, searchParams } = new URL(address);
  const view = searchParams.get('view');
  const path = pathname.replaceAll(/[a-z]{3}_\d+|\d{6,}/g, '…').replace(/\/overview$/, '');
  return host + path + (view === null ? '' : `?view=${view}`);
}

/** Errors and warnings on the console (a violated policy and an answer of 400 and above are among them), other hosts. */
function watch(page: Page, known: readonly string[]): string[] {
  const remembered: string[] = [];
  const hosts = new Set(known.map((address) => new URL(address).host));
  page.on('console', (said) => {
    if (said.type() === 'error' || said.type() === 'warning') {
      remembered.push(`console: ${said.text()} (${said.location().url})`);
    }
  });
  page.on('pageerror', (error) => remembered.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== 'data:' && !hosts.has(host)) remembered.push(`request to ${request.url()}`);
  });
  return remembered;
}
