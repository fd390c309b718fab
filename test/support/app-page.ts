import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A tab with the web app in it, watched: whatever a page must never do is remembered and fails the walk. */
export interface AppPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** After each page: axe finds nothing of level A or AA, and nothing was remembered since the last look. */
  looksWell(name: string): Promise<void>;
  close(): Promise<void>;
}

const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** `url` is Usher's; `others` are addresses that a walk may visit on purpose, the sandbox's pages. */
export async function openApp(browser: Browser, url: string, others: readonly string[] = []): Promise<AppPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const remembered = watch(page, [url, ...others]);
  return {
    page,
    context,
    async looksWell(name) {
      const { violations } = await new AxeBuilder({ page }).withTags(levels).analyze();
      const found = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
      );
      expect({ page: name, found, remembered }).toEqual({ page: name, found: [], remembered: [] });
    },
    close: () => context.close(),
  };
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
