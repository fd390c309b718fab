import type { Browser } from 'playwright-core';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher } from '../support/usher.ts';

/** A marketer's first minutes, by visible words and roles, from an empty data folder to the first audience. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let writeKey: string;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher(), launchBrowser()]);
  app = await openApp(browser, usher.url);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const heading = (name: string) => app.page.getByRole('heading', { name, exact: true }).waitFor();
const press = (name: string) => app.page.getByRole('button', { name, exact: true }).first().click();
const follow = (name: string) => app.page.getByRole('link', { name, exact: true }).click();
const tab = (name: string) => app.page.getByRole('tab', { name, exact: true }).click();
const field = (name: string) => app.page.getByRole('textbox', { name, exact: true });
const says = (text: string) => app.page.getByText(text, { exact: true }).first().waitFor();

test('the one-time link makes the first account, and the account its space', async () => {
  await app.page.goto(usher.setupLink);
  await heading('Create the first account');
  await app.looksWell('set-up');
  await field('E-mail').fill('ana@usher.example');
  await field('Password').fill('a walk of forty steps');
  await press('Create account');
  await heading('Name your space');
  await app.looksWell('first space');
  expect(await field('Space name').inputValue()).toBe('Production');
  await press('Create space');
  await heading('Home');
  await app.page.getByRole('region', { name: 'Set up' }).getByText('Send events', { exact: true }).waitFor();
  await app.page.getByText('Connected to the TikTok sandbox').waitFor();
  await app.looksWell('home');
});

test('a new source shows its write key and waits for the first event', async () => {
  await follow('Audiences');
  await says('No audiences in Production yet.');
  await app.looksWell('no audiences');
  await press('Send events');
  await heading('Sources');
  await press('Add source');
  await field('Source name').fill('Segment');
  await app.looksWell('add source');
  await press('Create source');
  await says('Waiting for the first event…');
  expect(await app.page.getByRole('tab', { name: 'Connect' }).getAttribute('aria-selected')).toBe('true');
  writeKey = await app.page.getByRole('region', { name: 'Write key' }).getByRole('code').innerText();
  await app.looksWell('connect');
});

test('the first event is seen without reload, in the debugger without the address of anybody', async () => {
  await track('Audience Entered', 'first_time_shopper');
  await app.page.getByText('Received Audience Entered').waitFor();
  await tab('Debugger');
  const row = app.page.getByRole('row').filter({ hasText: 'Audience Entered' });
  await row.getByText('Accepted').waitFor();
  expect(await row.innerText()).toContain('•');
  expect(await app.page.content()).not.toContain('ana@');
  await app.looksWell('debugger');
});

test('the audience is listed with its members, and its key can be copied', async () => {
  await app.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await follow('Audiences');
  const row = app.page.getByRole('row').filter({ hasText: 'first_time_shopper' });
  await row.getByRole('cell', { name: '1', exact: true }).waitFor();
  await row.getByText('Live').waitFor();
  await app.looksWell('audiences');
  await row.getByRole('link', { name: 'first_time_shopper', exact: true }).click();
  await heading('first_time_shopper');
  await tab('Settings');
  await app.page.getByRole('region', { name: 'Audience Key' }).getByText('first_time_shopper').waitFor();
  await app.looksWell('audience settings');
  await app.page.getByRole('button', { name: 'Copy', exact: true }).click();
  await app.page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
  expect(await app.page.evaluate('navigator.clipboard.readText()')).toBe('first_time_shopper');
});

async function track(name: 'Audience Entered' | 'Audience Exited', key: string): Promise<void> {
  const event = engageEvent(key, name === 'Audience Entered', { userId: 'ana-1', email: 'ana@shop.example' });
  const answer = await request(`${usher.url}/v1/track`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
    },
    body: JSON.stringify(event),
  });
  await answer.body.dump();
  expect(answer.statusCode).toBe(200);
}
