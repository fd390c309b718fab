import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher } from '../support/usher.ts';

/** The short way, from an empty data folder to people in the sandbox's audience page. */
let usher: Usher;
let browser: Browser;
let app: AppPage;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher(), launchBrowser()]);
  app = await openApp(browser, usher.url, [usher.sandbox.url]);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const heading = (name: string) => app.page.getByRole('heading', { name, exact: true }).waitFor();
const press = (name: string) => app.page.getByRole('button', { name, exact: true }).first().click();
const follow = (name: string) => app.page.getByRole('link', { name, exact: true }).click();
const field = (name: string) => app.page.getByRole('textbox', { name, exact: true });

test('an account, a space and a source; two audiences arrive', async () => {
  await app.page.goto(usher.setupLink);
  await field('E-mail').fill('ana@usher.example');
  await field('Password').fill('a walk of forty steps');
  await press('Create account');
  await press('Create space');
  await heading('Home');
  await follow('Sources');
  await press('Add source');
  await field('Source name').fill('Segment');
  await press('Create source');
  const writeKey = await app.page.getByRole('region', { name: 'Write key' }).getByRole('code').innerText();
  await usher.send(writeKey, [
    engageEvent('first_time_shopper', true, { userId: 'ana-1', email: 'ana@shop.example' }),
    engageEvent('first_time_shopper', true, { userId: 'ben-1', email: 'ben@shop.example' }),
    engageEvent('vip', true, { userId: 'cleo-1', email: 'cleo@shop.example' }),
  ]);
});

test('screen 1: TikTok is declined once, which changes nothing, and connected', async () => {
  await follow('Destinations');
  await press('Quick connect');
  await heading('Connect TikTok');
  await app.looksWell('quick connect, TikTok');
  await press('Connect TikTok');
  await press('Cancel');
  await app.page.getByText('TikTok sent you back without a permission.').waitFor();
  await app.looksWell('quick connect, declined');
  await press('Connect TikTok');
  await press('Confirm');
});

test('screen 2: an ad account is chosen', async () => {
  await heading('Choose an ad account');
  const account = app.page.getByRole('radio').first();
  await account.waitFor();
  await app.page.getByText('✓ may manage audiences').first().waitFor();
  await app.looksWell('quick connect, ad account');
  await account.check();
  await press('Continue');
});

test('screen 3: audiences are chosen, and what it does is said before it is done', async () => {
  await heading('Choose audiences');
  const box = app.page.getByRole('checkbox', { name: 'first_time_shopper' });
  await box.check();
  await app.page.getByText('Sends 2 people to').waitFor();
  await app.looksWell('quick connect, audiences');
  await press('Start sending');
  await heading('Sending has begun');
  await app.page.getByText('2 on TikTok').waitFor();
  await app.looksWell('quick connect, sending');
});

test('the people are in the TikTok audience of the key, and nobody else is anywhere', async () => {
  const href = await app.page.getByRole('link', { name: 'Open TikTok Ads Manager' }).getAttribute('href');
  await app.page.goto(href ?? '');
  const rows = app.page.getByRole('row');
  await rows.filter({ hasText: 'first_time_shopper' }).waitFor();
  expect(await rows.filter({ hasText: 'vip' }).count()).toBe(0);
  await app.page.getByRole('link', { name: 'first_time_shopper' }).click();
  await app.page.getByRole('textbox', { name: 'Find an e-mail, phone or device id' }).fill('ana@shop.example');
  await press('Find');
  await app.page.getByText('In this audience since').waitFor();
});
