import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

/** An audience's people and its TikTok audience; and pairs of mappings: changed together, and one in place of many. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: Prepared;
let vip: string;

const person = (name: string) => ({ userId: name, email: `${name}@shop.example` });

beforeAll(async () => {
  // Two pairs and one mapping more: the meter warns, and there is no room for another pair.
  [usher, browser] = await Promise.all([startUsher({ env: { USHER_MAX_MAPPINGS: '5' } }), launchBrowser()]);
  app = await openApp(browser, usher.url, [usher.sandbox.url]);
  await app.createAccount(usher.setupLink);
  shop = await usher.prepare();
  vip = await secondPair();
  const { audienceKey, writeKey, destinationId } = shop;
  await usher.send(writeKey, [
    ...['ana', 'ben'].map((name) => engageEvent(audienceKey, true, person(name))),
    engageEvent(audienceKey, true, { userId: 'nora' }),
    engageEvent('vip', true, person('ana')),
  ]);
  await usher.settled(destinationId);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

async function secondPair(): Promise<string> {
  const { spaceId, destinationId } = shop;
  const audience = await usher.ask('POST', `/spaces/${spaceId}/audiences`, { name: 'VIP', key: 'vip' });
  for (const { id: _, ...one } of await mappings()) {
    const settings = { ...one['settings'], personas_audience_key: 'vip' };
    const { actionSlug, trigger } = one;
    const body = { name: `${one['name']}: vip`, actionSlug, trigger, settings, enabled: true };
    expect((await usher.ask('POST', `/destinations/${destinationId}/subscriptions`, body)).status).toBe(201);
  }
  const id = audience.json.data.id;
  const connections = `/spaces/${spaceId}/audiences/${id}/destination-connections`;
  expect((await usher.ask('POST', connections, { destinationId })).status).toBe(201);
  return id;
}

const mappings = async () => (await usher.ask('GET', `/destinations/${shop.destinationId}/subscriptions`)).json.data;
const audience = (tab: string, id = shop.audienceId) =>
  `${usher.url}/spaces/${shop.spaceId}/engage/audiences/${id}/${tab}`;
const destination = (tab: string) =>
  `${usher.url}/spaces/${shop.spaceId}/connections/destinations/${shop.destinationId}/${tab}`;

test('people are listed by what has become of them, and of each it is said why', async () => {
  await app.page.goto(audience('members'));
  await app.page.getByText('Skipped 1', { exact: true }).click();
  await app.says('1 person: Skipped');
  const row = app.row('no usable identifier');
  expect(await row.count()).toBe(1);
  await app.looksWell('members that were skipped');
  await row.getByRole('button', { name: /^Why/ }).click();
  const why = app.dialog('Why this person is, or is not, on TikTok');
  await why
    .getByText(/no usable identifier/)
    .first()
    .waitFor();
  expect(await app.page.content()).not.toContain('@shop.example');
  await app.looksWell('why somebody is not on TikTok');
  await app.page.goBack();
  await app.page.getByText('On TikTok 2', { exact: true }).click();
  await app.says('2 people: On TikTok');
});

test('a resync says what it does before it does it, and how it ended', async () => {
  await app.page.goto(audience('overview'));
  await app.press('Actions of TikTok Audiences');
  await app.page.getByRole('menuitem', { name: 'Resync' }).click();
  const asked = app.dialog('Resync with TikTok Audiences?');
  await asked.getByText('Sends all 2 people again. Safe at any time; live changes go first. 1 call').waitFor();
  await app.looksWell('resync asked for');
  await asked.getByRole('button', { name: 'Resync' }).click();
  await app.says(/^Resynced .*, 2 people told again\.$/);
  await app.looksWell('audience that was resynced');
});

test('a changed field of Add Users is changed of Remove Users too, unless one says no', async () => {
  await app.page.goto(destination('mappings'));
  await app.follow('Add Users: vip');
  await app.says('Matches 4 of the last 4 events');
  await app.page.getByRole('switch', { name: 'Send Phone Number?' }).click();
  expect(await app.page.getByRole('checkbox', { name: 'Also change Remove Users: vip' }).isChecked()).toBe(true);
  await app.looksWell('mapping with its other half');
  await app.press('Save');
  await app.says('Mapping and Remove Users: vip saved.');
  const sends = (await mappings())
    .filter(({ name }: { name: string }) => name.endsWith(': vip'))
    .map(({ settings }: { settings: Record<string, unknown> }) => settings['send_phone']);
  expect(sends).toEqual([false, false]);
  // As it was, so that both pairs are alike again.
  await app.page.getByRole('switch', { name: 'Send Phone Number?' }).click();
  await app.press('Save');
  await until(
    mappings,
    (all) => all.every((one: { settings: object }) => JSON.stringify(one.settings).includes('"send_phone":true')),
    'both halves',
  );
  await usher.settled(shop.destinationId);
});

test('one pair takes over from a pair for each audience, without anybody being sent whom it does not say', async () => {
  await app.page.goto(destination('mappings'));
  await app.says('4 of 5 mappings');
  await app.press('Use one pair for all audiences');
  const asked = app.dialog('Use one pair for all audiences?');
  await asked.getByText('1 person of it is sent once more').waitFor();
  await app.looksWell('one pair asked for');
  await asked.getByRole('button', { name: 'Use one pair', exact: true }).click();
  await app.says('2 audiences now share one pair.');
  const { members, onTikTok } = await usher.settled(shop.destinationId);
  expect({ members, onTikTok }).toEqual({ members: 4, onTikTok: 3 });
  await usher.send(shop.writeKey, [engageEvent('vip', true, person('ben')), engageEvent('vip', false, person('ana'))]);
  await usher.settled(shop.destinationId);
  const at = (await usher.ask('GET', `/spaces/${shop.spaceId}/audiences/${vip}/destination-connections`)).json.data[0];
  expect(at.sync.counts).toMatchObject({ members: 1, onTikTok: 1, leaving: 0, kept: 0 });
  await app.looksWell('mappings with one pair');
});

test('settings that somebody else saved meanwhile are not written over unasked', async () => {
  await app.page.goto(destination('settings'));
  await app.field('Destination name').fill('Mine');
  await usher.ask('PATCH', `/destinations/${shop.destinationId}`, { name: 'Theirs' });
  await app.press('Save Changes');
  await app.wasRefused(412);
  const asked = app.dialog('Somebody else saved these settings');
  await asked.getByText('Your changes are still in the form.').waitFor();
  await asked.getByRole('button', { name: 'Compare' }).click();
  await asked.getByRole('row', { name: 'Destination name Theirs Mine' }).waitFor();
  await app.looksWell('settings of two editors');
  await asked.getByRole('button', { name: 'Save mine' }).click();
  await app.heading('Mine');
});
