import type { Browser } from 'playwright-core';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher } from '../support/usher.ts';

/** Somebody takes the permission back at TikTok: it is seen, mended by one button, and what was owed goes out. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: Prepared;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher(), launchBrowser()]);
  app = await openApp(browser, usher.url, [usher.sandbox.url]);
  await app.page.goto(usher.setupLink);
  await app.page.getByRole('textbox', { name: 'E-mail' }).fill('ana@usher.example');
  await app.page.getByRole('textbox', { name: 'Password' }).fill('a walk of forty steps');
  await press('Create account');
  await app.page.getByRole('button', { name: 'Create space' }).waitFor();
  shop = await usher.prepare();
  await usher.send(shop.writeKey, [engageEvent(shop.audienceKey, true, person('ana'))]);
  await usher.settled(shop.destinationId);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const person = (name: string) => ({ userId: name, email: `${name}@shop.example` });
const press = (name: string) => app.page.getByRole('button', { name, exact: true }).first().click();
const home = () => `${usher.url}/spaces/${shop.spaceId}/home`;
const settings = () => `${usher.url}/spaces/${shop.spaceId}/connections/destinations/${shop.destinationId}/settings`;

test('a revoked permission is the first thing on Home, with what is kept', async () => {
  await request(`${usher.sandbox.url}/controls/revoke`, { method: 'POST', body: '' });
  await usher.send(shop.writeKey, [engageEvent(shop.audienceKey, true, person('ben'))]);
  await app.page.goto(home());
  const needsYou = app.page.getByRole('region', { name: 'Needs you (1)' });
  await needsYou.getByText('TikTok no longer accepts this connection').waitFor();
  await needsYou.getByText('1 change is kept').waitFor();
  await app.looksWell('home that needs you');
  await needsYou.getByRole('link', { name: 'Reconnect TikTok' }).click();
});

test('Settings says the same, and what was typed survives the way to TikTok and back', async () => {
  const card = app.page.getByRole('region', { name: 'TikTok connection' });
  await card.getByText('TikTok no longer accepts this connection').waitFor();
  await app.page.getByRole('textbox', { name: 'Destination name' }).fill('TikTok Shop');
  await app.looksWell('settings of a revoked connection');
  await card.getByRole('button', { name: 'Reconnect TikTok' }).click();
  await app.page.getByRole('button', { name: 'Confirm' }).click();
  await app.page.waitForURL(`${settings()}**`);
  await card.getByText('Connected as').waitFor();
  await card.getByText('✓ may manage audiences').first().waitFor();
  expect(await app.page.getByRole('textbox', { name: 'Destination name' }).inputValue()).toBe('TikTok Shop');
  await app.looksWell('settings of a mended connection');
});

test('the backlog drains without another click', async () => {
  await app.page.getByText('Healthy', { exact: true }).first().waitFor();
  const numbers = await usher.settled(shop.destinationId);
  expect(numbers).toMatchObject({ owed: 0, onTikTok: 2, members: 2 });
  await press('Save Changes');
  await app.page.getByRole('heading', { name: 'TikTok Shop', level: 1 }).waitFor();
  await app.page.getByRole('tab', { name: 'Overview' }).click();
  await app.page.getByText('All members with an identifier are on TikTok.').waitFor();
  await app.looksWell('overview');
});
