import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher } from '../support/usher.ts';

/** Mappings by visible words and roles: made, tried on an event, saved, switched, paired, changed by two. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: Prepared;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher(), launchBrowser()]);
  app = await openApp(browser, usher.url);
  await app.page.goto(usher.setupLink);
  await field('E-mail').fill('ana@usher.example');
  await field('Password').fill('a walk of forty steps');
  await press('Create account');
  shop = await usher.prepare();
  await usher.send(shop.writeKey, [engageEvent('vip', true, { userId: 'dan-1', email: 'dan@shop.example' })]);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const press = (name: string) => app.page.getByRole('button', { name, exact: true }).first().click();
const field = (name: string) => app.page.getByRole('textbox', { name, exact: true });
const choice = (name: string) => app.page.getByRole('combobox', { name, exact: true });
const says = (text: string | RegExp) => app.page.getByText(text).first().waitFor();
const mappings = () => `${usher.url}/spaces/${shop.spaceId}/connections/destinations/${shop.destinationId}/mappings`;

test('the tab shows the pair of an audience as a group, and how many of fifty are used', async () => {
  await app.page.goto(mappings());
  await app.page.getByRole('region', { name: 'first_time_shopper' }).getByRole('link', { name: 'Add Users' }).waitFor();
  expect(await app.page.getByRole('meter').getAttribute('aria-valuetext')).toBe('2 of 50 mappings');
  await app.looksWell('mappings');
});

test('builder and code are one trigger', async () => {
  await press('New Mapping');
  await app.looksWell('new mapping');
  await press('Add Users');
  const panel = app.page.getByRole('region', { name: 'Define event trigger' });
  await panel.getByRole('combobox', { name: 'Field' }).waitFor();
  expect(await panel.getByRole('textbox', { name: 'Value' }).inputValue()).toBe('Audience Entered');
  await panel.getByRole('tab', { name: 'Code' }).click();
  const code = field('Trigger as code (FQL)');
  expect(await code.inputValue()).toBe('event = "Audience Entered"');
  await code.fill('event = ');
  await says('Expected a value');
  await code.fill('event = "Audience Entered" and properties.total > 5');
  await panel.getByRole('tab', { name: 'Builder' }).click();
  expect(await panel.getByRole('group', { name: /^Condition/ }).count()).toBe(2);
  await panel.getByRole('button', { name: 'Remove condition' }).last().click();
  await panel.getByRole('tab', { name: 'Code' }).click();
  expect(await code.inputValue()).toBe('event = "Audience Entered"');
  await panel.getByRole('tab', { name: 'Builder' }).click();
});

test('the ad account and the audience are chosen, and TikTok is asked for the audience', async () => {
  await choice('Advertiser ID').click();
  await app.page.getByRole('listbox').getByRole('option').first().click();
  await choice('Segment Engage Audience Key').fill('vip');
  await says('Not there yet. Usher creates it with the first person.');
  expect(await field('Mapping name').inputValue()).toBe('Add Users: vip');
  await app.looksWell('mapping editor');
});

test('an event that came in shows what would be sent, without anything being sent', async () => {
  await press('Load Test Event from Source');
  await app.page.getByRole('table', { name: 'Recent events' }).getByRole('button').first().click();
  await says('d•••');
  await press('Preview request');
  await says('Passes the trigger');
  await says('EMAIL_SHA256');
  expect(await app.page.content()).not.toContain('dan@');
  await app.looksWell('preview');
  await app.page.setViewportSize({ width: 390, height: 844 });
  expect(await app.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await app.page.setViewportSize({ width: 1440, height: 900 });
});

test('what is saved is off, and its other half follows by one click', async () => {
  await press('Save');
  await says('People who leave are not removed yet.');
  await app.page.getByRole('switch', { name: 'Enabled' }).click();
  await says('On. Nobody has to be sent now.');
  await press('Create Remove Users');
  const group = app.page.getByRole('region', { name: 'vip' });
  await group.getByRole('link', { name: 'Remove Users: vip' }).waitFor();
  expect(await group.getByRole('switch', { checked: true }).count()).toBe(2);
  expect(await app.page.getByRole('meter').getAttribute('aria-valuetext')).toBe('4 of 50 mappings');
  await app.page.getByRole('link', { name: 'Back to vip', exact: true }).waitFor();
});

test('leaving with changes asks first', async () => {
  await app.page.getByRole('link', { name: 'Add Users: vip' }).click();
  await field('Mapping name').fill('VIP in');
  await app.page.getByRole('link', { name: 'Audiences', exact: true }).click();
  await says('Leave without saving?');
  await press('Keep editing');
  await app.page.keyboard.press('Control+s');
  await says('Mapping saved.');
});

test('the pages are as good in the dark', async () => {
  await app.page.emulateMedia({ colorScheme: 'dark' });
  await app.looksWell('mapping editor, dark');
  await app.page.goto(mappings());
  await app.page.getByRole('region', { name: 'vip' }).waitFor();
  await app.looksWell('mappings, dark');
});
