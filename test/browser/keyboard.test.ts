import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { shownEnv } from '../support/shown-shop.ts';
import { engageEvent, startUsher, type Usher } from '../support/usher.ts';

/** From the sign-in to a saved mapping without a pointer. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: Prepared;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher({ env: shownEnv }), launchBrowser()]);
  shop = await usher.prepare();
  await usher.send(shop.writeKey, [engageEvent('vip', true, { userId: 'dan-1', email: 'dan@example.com' })]);
  app = await openApp(browser, usher.url);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const press = (key: string) => app.page.keyboard.press(key);
const type = (text: string) => app.page.keyboard.type(text);
const hasFocus = (target: Locator) => target.evaluate((element) => element === document.activeElement);
const headingHasFocus = async (name: string) => {
  await app.heading(name);
  await expect.poll(() => hasFocus(app.page.getByRole('heading', { name, level: 1 }))).toBe(true);
};

/** What has the focus, if one cannot see that it has it. A switch shows it on its track. */
const unseenFocus = `(() => {
  const focused = document.activeElement;
  if (focused === null || focused === document.body) return null;
  const rings = [focused, focused.nextElementSibling].filter((element) => element !== null).map(getComputedStyle);
  return rings.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) ? null : focused.outerHTML;
})()`;

/** Moves on with Tab until this has the focus; whatever has it on the way shows it. */
async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 120; presses += 1) {
    if (await hasFocus(target)) return;
    await press('Tab');
    expect(await app.page.evaluate(unseenFocus)).toBeNull();
  }
  throw new Error(`Tab does not lead to ${target}`);
}

test('one signs in', async () => {
  await app.page.goto(`${usher.url}/sign-in`);
  await tabTo(app.field('E-mail'));
  await type(shownEnv.USHER_ADMIN_EMAIL);
  await tabTo(app.field('Password'));
  await type(shownEnv.USHER_ADMIN_PASSWORD);
  await press('Enter');
  await headingHasFocus('Home');
});

test('the first stop of a page leads past the navigation', async () => {
  await app.page.reload();
  await app.heading('Home');
  await press('Tab');
  const skip = app.page.getByRole('link', { name: 'Skip to content' });
  expect(await hasFocus(skip)).toBe(true);
  await expect.poll(async () => (await skip.boundingBox())?.y ?? -1).toBeGreaterThanOrEqual(0);
  await press('Enter');
  expect(await hasFocus(app.page.getByRole('main'))).toBe(true);
});

test('a new page starts at its heading, and arrows move through its tabs', async () => {
  const { page } = app;
  await tabTo(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Destinations' }));
  await press('Enter');
  await headingHasFocus('Destinations of Demo shop');
  await tabTo(page.getByRole('link', { name: 'TikTok Audiences' }));
  await press('Enter');
  await headingHasFocus('TikTok Audiences');
  await tabTo(page.getByRole('tab', { name: 'Overview' }));
  await press('ArrowRight');
  expect(await hasFocus(page.getByRole('tab', { name: 'Mappings' }))).toBe(true);
  await press('Enter');
  await page.getByRole('meter').waitFor();
});

test('a dialog keeps the focus, Escape closes it, and the button that opened it has the focus again', async () => {
  const opener = app.page.getByRole('button', { name: 'New Mapping' });
  await tabTo(opener);
  await press('Enter');
  const dialog = app.dialog('New Mapping');
  await expect.poll(() => hasFocus(dialog.getByRole('button', { name: 'Add Users' }))).toBe(true);
  for (let presses = 0; presses < 9; presses += 1) {
    await press('Tab');
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  }
  await press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await expect.poll(() => hasFocus(opener)).toBe(true);
});

test('a mapping is made, filled in and saved', async () => {
  await press('Enter');
  await expect.poll(() => hasFocus(app.dialog('New Mapping').getByRole('button', { name: 'Add Users' }))).toBe(true);
  await press('Enter');
  await app.heading(/^Add Users/);
  await tabTo(app.choice('Advertiser ID'));
  await press('ArrowDown');
  await app.page.getByRole('listbox').waitFor();
  await press('ArrowDown');
  await press('Enter');
  expect(await app.choice('Advertiser ID').inputValue()).not.toBe('');
  await tabTo(app.choice('Segment Engage Audience Key'));
  await type('vip');
  await press('Escape');
  await press('Control+s');
  await app.page.getByRole('button', { name: 'Create Remove Users' }).waitFor();
  const mappings = await usher.rest.get(`/destinations/${shop.destinationId}/subscriptions`);
  expect(mappings).toMatchObject([{ name: 'Add Users' }, { name: 'Remove Users' }, { name: 'Add Users: vip' }]);
});

test('who asked for no motion gets none', async () => {
  const moving = await app.page.evaluate(`[...document.querySelectorAll('*')].map(getComputedStyle).filter(
    (style) => style.animationName !== 'none' || style.transitionProperty !== 'none').length`);
  expect(moving).toBe(0);
});
