import { Analytics } from '@segment/analytics-node';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppPage, openApp } from '../support/app-page.ts';
import { emailHash, emailsAt } from '../support/at-tiktok.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';
import { advertiserId } from '../support/world.ts';

/**
 * The seed's page (segment-spec.md 0) from an empty data folder to people in the sandbox's Ads Manager and out again, by the
 * words on the screen; its numbers stand in the names. Events come from Segment's own client. One walk, so one long file.
 */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let segment: Analytics;
const problems: unknown[] = [];
/** Addresses that the walk came through and comes back to. */
let audiencePage: string;
let destinationSettings: string;
let adsManager: string;

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher(), launchBrowser()]);
  app = await openApp(browser, usher.url, [usher.sandbox.url]);
});
afterAll(async () => {
  await segment?.closeAndFlush();
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const key = 'first_time_shopper';
const ana = { userId: 'ana-1', email: 'ana@shop.example' };
const ben = { userId: 'ben-1', phone: '+16505550155' };
const cleo = { userId: 'cleo-1' };
const dan = { userId: 'dan-1', email: 'dan@shop.example' };
const eva = { userId: 'eva-1', email: 'eva@shop.example' };

test('the one-time link makes the first account, and the account its space', async () => {
  await app.page.goto(usher.setupLink);
  await app.heading('Create the first account');
  await app.looksWell('set-up');
  await app.field('E-mail').fill('ana@usher.example');
  await app.field('Password').fill('a walk of forty steps');
  await app.press('Create account');
  await app.heading('Name your space');
  await app.looksWell('first space');
  expect(await app.field('Space name').inputValue()).toBe('Production');
  await app.press('Create space');
  await app.heading('Home');
  await app.region('Set up').getByText('Send events', { exact: true }).waitFor();
  await app.says('Connected to the TikTok sandbox');
  await app.looksWell('home');
});

test('a new source shows its write key and waits for the first event', async () => {
  await app.follow('Audiences');
  await app.says('No audiences in Production yet.');
  await app.looksWell('no audiences');
  await app.press('Send events');
  await app.heading('Sources');
  await app.press('Add source');
  await app.field('Source name').fill('Segment');
  await app.looksWell('add source');
  await app.press('Create source');
  await app.says('Waiting for the first event…');
  expect(await app.page.getByRole('tab', { name: 'Connect' }).getAttribute('aria-selected')).toBe('true');
  const writeKey = await app.region('Write key').getByRole('code').innerText();
  await app.looksWell('connect');
  segment = new Analytics({ writeKey, host: usher.url, flushAt: 1 });
  segment.on('error', (problem) => problems.push(problem));
});

test('the first event is seen without reload, in the debugger without the address of anybody', async () => {
  track(key, true, ana);
  await app.says('Received Audience Entered');
  await app.tab('Debugger');
  await app.row('Audience Entered').getByText('Accepted').waitFor();
  expect(await app.row('Audience Entered').innerText()).toContain('•');
  expect(await app.page.content()).not.toContain('ana@');
  await app.looksWell('debugger');
});

test('1: Engage > Audiences lists the audience with its members', async () => {
  await app.follow('Audiences');
  await app.row(key).getByRole('cell', { name: '1', exact: true }).waitFor();
  await app.row(key).getByText('Live').waitFor();
  await app.looksWell('audiences');
  await app.follow(key);
  await app.heading(key);
  await app.looksWell('audience that is sent nowhere');
});

test('2: its Settings show the Audience Key, which can be copied', async () => {
  await app.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await app.tab('Settings');
  await app.region('Audience Key').getByText(key).waitFor();
  await app.looksWell('audience settings');
  await app.page.getByRole('button', { name: 'Copy', exact: true }).click();
  await app.page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
  expect(await app.page.evaluate('navigator.clipboard.readText()')).toBe(key);
});

test('3 and 4: Engage Settings > Destinations leads to the catalog, where TikTok Audiences is found', async () => {
  await app.follow('Engage Settings');
  await app.tab('Destinations');
  await app.says('Nothing is sent from Production yet.');
  await app.looksWell('no destinations');
  await app.press('Add destination');
  await app.heading('Catalog');
  await app.looksWell('catalog');
  await app.page.keyboard.type('TikTok Audiences');
  expect(await app.page.getByRole('searchbox', { name: 'Search destinations' }).inputValue()).toBe('TikTok Audiences');
  await app.page.keyboard.press('Enter');
  await app.heading('TikTok Audiences');
  await app.says(/nothing needs to be created in TikTok/i);
  await app.looksWell('catalog page');
});

test('5: the reference names what the guide names; Configure leads on', async () => {
  await app.tab('Actions and fields');
  await app.says('Add Users');
  await app.says('Segment Engage Audience Key');
  await app.looksWell('actions and fields');
  await app.tab('Overview');
  await app.press('Configure TikTok Audiences');
});

test('6: the space is preselected as the source', async () => {
  await app.heading('Select Source');
  expect(await app.page.getByRole('radio', { name: 'Production (this Engage space)' }).isChecked()).toBe(true);
  await app.looksWell('select source');
  await app.press('Confirm Source');
});

test('7: declined at TikTok nothing is lost, and a permission that lacks is named', async () => {
  await app.heading('TikTok Audiences');
  expect(await app.page.getByRole('tab', { name: 'Settings' }).getAttribute('aria-selected')).toBe('true');
  await app.field('Destination name').fill('TikTok Shop');
  expect(await app.page.getByRole('switch', { name: 'Enable Destination' }).isDisabled()).toBe(true);
  await app.says('Connect TikTok first.');
  await app.looksWell('settings before TikTok');
  await app.press('Connect TikTok');
  await app.heading(/asks for access to your ad accounts/);
  await app.looksWell('consent at TikTok');
  await app.press('Cancel');
  await app.says('TikTok sent you back without a permission.');
  expect(await app.field('Destination name').inputValue()).toBe('TikTok Shop');
  await app.press('Connect TikTok');
  await app.choice('Sign in as').selectOption('Operator');
  await app.page.getByRole('checkbox', { name: 'Create and Update Custom Audiences' }).uncheck();
  await app.press('Confirm');
  await app.says('without the permission “Create and Update Custom Audiences”');
  await app.looksWell('settings with a permission that lacks');
});

test('7: authenticated by OAuth, the accounts are named', async () => {
  await app.press('Reconnect TikTok');
  await app.press('Confirm');
  const card = app.region('TikTok connection');
  await card.getByText('Connected as').waitFor();
  await app.row('Shop US').getByText('✓').waitFor();
  expect(await app.page.getByText('without the permission').count()).toBe(0);
  expect(await app.field('Destination name').inputValue()).toBe('TikTok Shop');
});

test('8: Enable Destination and Save Changes say that a mapping is still missing', async () => {
  await app.page.getByRole('switch', { name: 'Enable Destination' }).click();
  await app.press('Save Changes');
  await app.says('Enabled. Nothing is sent yet: there is no mapping.');
  destinationSettings = app.page.url();
  await app.looksWell('settings, enabled');
});

test('9: New Mapping > Add Users opens with the trigger of the guide, which builder and code share', async () => {
  await app.tab('Mappings');
  await app.says('No mappings. Enabled destinations without one send nothing.');
  expect(await app.page.getByRole('meter').getAttribute('aria-valuetext')).toBe('0 of 50 mappings');
  await app.looksWell('no mappings');
  await app.press('New Mapping');
  await app.press('Add Users');
  const panel = app.region('1. Define event trigger');
  expect(await panel.getByRole('textbox', { name: 'Value' }).inputValue()).toBe('Audience Entered');
  await panel.getByRole('tab', { name: 'Code' }).click();
  expect(await app.field('Trigger as code (FQL)').inputValue()).toBe('event = "Audience Entered"');
});

test('10: Advertiser ID and Audience Key are chosen, tried on the event that came in, saved and switched on', async () => {
  await app.choice('Advertiser ID').click();
  await app.page.getByRole('option', { name: /Shop US/ }).click();
  expect(await app.choice('Segment Engage Audience Key').inputValue()).toBe(key);
  await app.says('Not there yet. Usher creates it with the first person.');
  await app.press('Load Test Event from Source');
  await app.page.getByRole('table', { name: 'Recent events' }).getByRole('button').first().click();
  await app.press('Preview request');
  await app.says('Passes the trigger');
  await app.says('EMAIL_SHA256');
  expect(await app.page.content()).not.toContain('ana@');
  expect(usher.sandbox.journal().filter(({ path }) => path.includes('/segment/'))).toEqual([]);
  await app.looksWell('mapping editor');
  await app.press('Save');
  await app.says('People who leave are not removed yet.');
  await app.page.getByRole('switch', { name: 'Enabled' }).click();
  await app.says('No audience is connected yet.');
  await app.looksWell('saved mapping');
});

test('11: Remove Users is made by one click', async () => {
  await app.press('Create Remove Users');
  const group = app.region(key);
  await group.getByRole('link', { name: `Remove Users: ${key}` }).waitFor();
  await group.getByRole('link', { name: `Add Users: ${key}` }).waitFor();
  expect(await group.getByRole('switch', { checked: true }).count()).toBe(2);
  expect(await app.page.getByRole('meter').getAttribute('aria-valuetext')).toBe('2 of 50 mappings');
  await app.looksWell('a pair of mappings');
});

test('12 and 13: back at the audience, Add Destinations warns of a renamed event, says what it sends, and sends it', async () => {
  await app.follow(`Back to ${key}`);
  await app.heading(key);
  await app.says('Not sent anywhere yet.');
  await app.press('Add Destinations');
  const panel = app.dialog('Add Destinations');
  expect(await panel.getByRole('radio', { name: 'TikTok Shop' }).isChecked()).toBe(true);
  expect(await panel.getByRole('switch', { name: 'Send Track' }).isChecked()).toBe(true);
  expect(await panel.getByRole('switch', { name: 'Send Identify' }).isChecked()).toBe(false);
  const entered = app.field('Audience Entered event name');
  expect(await entered.inputValue()).toBe('Audience Entered');
  await entered.fill('VIP Joined');
  await panel.getByText('No enabled mapping listens to “VIP Joined”').waitFor();
  await app.looksWell('panel Add Destinations');
  await app.press('Reset');
  await panel.getByText('2 of 2 on').waitFor();
  await panel.getByText('Sends 1 person').waitFor();
  await app.press('Save Settings');
  await app.row('TikTok Shop').getByText('1 on TikTok').waitFor();
  await app.says('24 to 48 hours');
  await app.looksWell('audience that is sent');
});

test('the end: the audience shows in TikTok Ads Manager > Assets > Audiences, with its person', async () => {
  adsManager = (await app.page.getByRole('link', { name: 'Open TikTok Ads Manager' }).getAttribute('href')) ?? '';
  audiencePage = app.page.url();
  await app.page.goto(adsManager);
  await app.heading('Audiences');
  const row = app.row(key);
  await row.getByText('Partner Audience').waitFor();
  expect(await row.getByRole('cell').last().innerText()).toBe('1');
  await app.looksWell('Ads Manager (sandbox)');
  await app.follow(key);
  await find(ana.email, 'In this audience since');
  await app.looksWell('audience in Ads Manager (sandbox)');
});

test('from now on who enters is added, by whatever identifier; who has none is counted and named', async () => {
  await app.page.goto(audiencePage);
  track(key, true, ben);
  await app.row('TikTok Shop').getByText('2 on TikTok').waitFor();
  track(key, true, cleo);
  const skipped = app.row('TikTok Shop').getByRole('cell').filter({ hasText: /^1$/ }).getByRole('link');
  await skipped.waitFor();
  await numbersAre({ Members: 3, 'On TikTok': 2, Owed: 0, Parked: 0, Skipped: 1 });
  await skipped.click();
  await app.says('1 person: Skipped');
  await app
    .row('c•••')
    .getByText(/identifier/)
    .waitFor();
  await app.looksWell('members');
  await app.page.goto(adsManager);
  await app.follow(key);
  await find(ben.phone, 'In this audience since');
});

test('and who leaves is removed', async () => {
  await app.page.goto(audiencePage);
  track(key, false, ana);
  await app.row('TikTok Shop').getByText('1 on TikTok').waitFor();
  await numbersAre({ Members: 2, 'On TikTok': 1, Owed: 0, Parked: 0, Skipped: 1 });
  await app.page.goto(adsManager);
  await app.follow(key);
  await find(ana.email, 'Not in this audience');
  const history = await app.page.getByRole('listitem').allInnerTexts();
  expect(history.findIndex((line) => line.startsWith('delete'))).toBeLessThan(
    history.findIndex((line) => line.startsWith('add')),
  );
});

test('an additional audience is added from Connections > Destinations, into a TikTok audience of its own', async () => {
  track('vip', true, dan);
  await app.page.goto(audiencePage);
  await app.follow('Destinations');
  await app.heading('Destinations of Production');
  await app.looksWell('destinations');
  await app.follow('TikTok Shop');
  await app.heading('TikTok Shop');
  await app.looksWell('destination');
  await app.tab('Mappings');
  await app.press('Add another audience');
  const panel = app.dialog('Add another audience');
  await panel.getByRole('checkbox', { name: 'vip' }).check();
  await panel.getByText('Sends up to 1 person').waitFor();
  await app.looksWell('panel Add another audience');
  await panel.getByRole('button', { name: 'Add audience' }).click();
  await app.region('vip').waitFor();
  expect(await app.page.getByRole('meter').getAttribute('aria-valuetext')).toBe('4 of 50 mappings');
  // The sandbox's pages show what was there when they were asked for.
  await until(
    () => emailsAt(usher.sandbox, advertiserId, 'vip'),
    (found) => found.has(emailHash(dan.email)),
    'dan at TikTok',
  );
  await app.page.goto(adsManager);
  await app.follow('vip');
  await find(dan.email, 'In this audience since');
  await app.page.goto(adsManager);
  await app.follow(key);
  await find(dan.email, 'Not in this audience');
});

test('Enable Destination off keeps what happens, and on sends it', async () => {
  await app.page.goto(destinationSettings);
  await app.page.getByRole('switch', { name: 'Enable Destination' }).click();
  await app.press('Save Changes');
  await app.dialog('Turn off Enable Destination?').getByRole('button', { name: 'Save Changes' }).click();
  await app.says('Paused. Changes are kept until you turn it on again.');
  track(key, true, eva);
  await app.tab('Overview');
  await app.says('Enable Destination is off.');
  await app.says('1 change is kept');
  await app.looksWell('a destination that is off');
  await app.tab('Settings');
  await app.page.getByRole('switch', { name: 'Enable Destination' }).click();
  await app.press('Save Changes');
  await app.says('Enabled. What is owed is sent now.');
  await app.page.goto(audiencePage);
  await app.row('TikTok Shop').getByText('2 on TikTok').waitFor();
});

test('after 48 hours TikTok has a number, and the pages say what it is good for', async () => {
  await app.page.goto(usher.sandbox.url);
  await app.heading('TikTok sandbox');
  await app.looksWell('the sandbox');
  await app.press('Move 48 hours ahead');
  await app.page.goto(destinationSettings);
  await app.tab('Overview');
  const card = app.region(`TikTok audience ${key}`);
  await card.getByRole('button', { name: 'Check now' }).click();
  await card.getByText('ads need 1,000').waitFor();
});

test('Segment’s client had nothing to complain of, and no page was passed without a look', () => {
  expect(problems).toEqual([]);
  expect(app.unseen()).toEqual([]);
});

/** The client sets the type itself; the rest it passes on. */
function track(audienceKey: string, entered: boolean, person: Parameters<typeof engageEvent>[2]): void {
  const { type: _, ...rest } = engageEvent(audienceKey, entered, person);
  segment.track(rest as Parameters<Analytics['track']>[0] & typeof rest);
}

async function find(identifier: string, answer: string): Promise<void> {
  await app.field('Find an e-mail, phone or device id').fill(identifier);
  await app.press('Find');
  await app.says(answer);
}

/** Numbers that stand under their words, which add up. */
async function numbersAre(wanted: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(wanted)) {
    const stat = app.page.locator('dl[aria-label="Numbers"] > div').filter({ hasText: name });
    await stat
      .getByRole('definition')
      .filter({ hasText: new RegExp(`^${value}$`) })
      .waitFor();
  }
}
