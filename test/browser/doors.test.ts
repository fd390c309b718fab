import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { emailHash, emailsAt } from '../support/at-tiktok.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

/** Whatever stands in the way has a door on the page: a name TikTok has twice, an audience that is gone, a mass removal, … */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: Prepared;

beforeAll(async () => {
  // So small that four people are a mass.
  const env = { USHER_REMOVAL_GATE_PEOPLE: '2', USHER_REMOVAL_GATE_PERCENT: '20' };
  [usher, browser] = await Promise.all([startUsher({ env }), launchBrowser()]);
  app = await openApp(browser, usher.url);
  await app.createAccount(usher.setupLink);
  shop = await usher.prepare();
  for (const name of ['ana', 'ben', 'cleo', 'dan']) await enters(shop.audienceKey, name);
  await usher.settled(shop.destinationId);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const person = (name: string) => ({ userId: name, email: `${name}@shop.example` });
const enters = (key: string, name: string) => usher.send(shop.writeKey, [engageEvent(key, true, person(name))]);
const destination = (below: string) =>
  `${usher.url}/spaces/${shop.spaceId}/connections/destinations/${shop.destinationId}${below}`;
const arrives = (key: string, name: string) =>
  until(
    () => emailsAt(usher.sandbox, shop.advertiserId, key),
    (found) => found.has(emailHash(person(name).email)),
    `${name} at TikTok`,
  );
const peopleIn = (key: string, count: number) =>
  until(
    () => [...emailsAt(usher.sandbox, shop.advertiserId, key)],
    (found) => found.length === count,
    `${count} people in ${key}`,
  );

test('Test Mapping sends one person for real, after it was said where, and takes them out again', async () => {
  await app.page.goto(destination('/mappings'));
  await app.follow('Add Users');
  await app.press('Load Sample Event');
  await app.press('Test Mapping');
  const dialog = app.dialog('Send this person to TikTok?');
  await dialog.getByText(`${shop.audienceKey} in ad account ${shop.advertiserId}`).waitFor();
  await app.looksWell('Test Mapping asks');
  await dialog.getByRole('button', { name: 'Send this person' }).click();
  await app.says('On its way to TikTok.');
  await peopleIn(shop.audienceKey, 5);
  await app.looksWell('Test Mapping sent');
  await app.press('Take this person out again');
  await peopleIn(shop.audienceKey, 4);
});

test('two editors: who saves second is told, compares, and saves knowingly', async () => {
  await app.field('Mapping name').fill('Mine');
  const path = `/destinations/${shop.destinationId}/subscriptions`;
  const [first] = (await usher.rest.get(path)) as { id: string }[];
  await usher.ask('PATCH', `${path}/${first?.id}`, { name: 'Theirs' });
  await app.press('Save');
  const dialog = app.dialog('Somebody else saved this mapping');
  await app.wasRefused(412);
  await dialog.getByText('Your changes are still in the form.').waitFor();
  await dialog.getByRole('button', { name: 'Compare' }).click();
  await dialog.getByText('Theirs', { exact: false }).first().waitFor();
  await app.looksWell('two editors');
  await dialog.getByRole('button', { name: 'Save mine' }).click();
  await app.heading('Mine');
  await app.says('Mapping saved.');
  expect(await usher.rest.get(`${path}/${first?.id}`)).toMatchObject({ name: 'Mine' });
});

test('an audience that TikTok has twice is chosen by a person, and then its people arrive', async () => {
  for (const _ of [1, 2]) usher.sandbox.makeAudience(shop.advertiserId, 'vip');
  await newAudience('vip', 'eva');
  await app.page.goto(destination('/overview'));
  const card = app.region('TikTok audience vip');
  await card.getByText('has 2 TikTok audiences called vip, so Usher does not guess.').waitFor();
  await card.getByText('1 person waits.').waitFor();
  await app.looksWell('a name that is there twice');
  await card.getByRole('button', { name: 'Choose one' }).click();
  const dialog = app.dialog('Which TikTok audience?');
  const option = dialog.getByRole('radio').first();
  await app.looksWell('which audience?');
  await option.check();
  await dialog.getByRole('button', { name: 'Choose this audience' }).click();
  await dialog.waitFor({ state: 'detached' });
  await usher.settled(shop.destinationId);
  const ids = usher.sandbox.journal().flatMap(({ audienceIds, action }) => (action === 'add' ? audienceIds : []));
  expect(usher.sandbox.members(shop.advertiserId, ids.at(-1) ?? '')?.get('EMAIL_SHA256')).toEqual(
    new Set([emailHash(person('eva').email)]),
  );
});

test('with creating switched off an audience waits until somebody has it created', async () => {
  await app.page.goto(destination('/settings'));
  await app.region('TikTok audiences').getByText('TikTok audiences', { exact: true }).click();
  await app.page.getByRole('switch', { name: /^Create a TikTok audience/ }).click();
  await app.press('Save Changes');
  await app.says('Saved.');
  await newAudience('winter', 'finn');
  await app.tab('Overview');
  const card = app.region('TikTok audience winter');
  await card.getByText('has no TikTok audience called winter, and creating is off.').waitFor();
  await app.looksWell('creating is off');
  await card.getByRole('button', { name: 'Create it now' }).click();
  await app.dialog('Create winter?').getByRole('button', { name: 'Create it now' }).click();
  await arrives('winter', 'finn');
  await card.getByText('creating is off').waitFor({ state: 'detached' });
});

test('an audience somebody deleted at TikTok is made again with everybody in it', async () => {
  const [id = ''] = usher.sandbox.journal().flatMap(({ audienceIds, action }) => (action === 'add' ? audienceIds : []));
  usher.sandbox.deleteAudience(id);
  await enters(shop.audienceKey, 'gita');
  await app.page.goto(destination('/overview'));
  const card = app.region(`TikTok audience ${shop.audienceKey}`);
  await card.getByText('The TikTok audience no longer exists.').waitFor();
  await app.looksWell('an audience that is gone');
  await card.getByRole('button', { name: 'Create again' }).click();
  const dialog = app.dialog(`Create again ${shop.audienceKey}?`);
  await dialog.getByText('ad groups must be set anew').waitFor();
  await dialog.getByRole('button', { name: 'Create again' }).click();
  await arrives(shop.audienceKey, 'gita');
  await arrives(shop.audienceKey, 'ana');
  await usher.settled(shop.destinationId);
});

test('people who were left on TikTok on purpose stand there by number, and are taken off only when it is typed', async () => {
  await openAudience();
  await app.press('Actions of TikTok Audiences');
  await app.page.getByRole('menuitem', { name: 'Remove destination' }).click();
  const dialog = app.dialog('Remove TikTok Audiences from this audience?');
  expect(await dialog.getByRole('button', { name: 'Remove destination' }).isDisabled()).toBe(true);
  await dialog.getByRole('radio', { name: 'Leave them on TikTok, as Segment does' }).check();
  await app.looksWell('remove a destination');
  await dialog.getByRole('button', { name: 'Remove destination' }).click();
  await app.says('Not sent anywhere yet.');
  await app.page.goto(destination('/overview'));
  const left = app.page.getByRole('table', { name: 'Left behind' });
  await left
    .getByRole('row')
    .filter({ hasText: shop.audienceKey })
    .getByRole('cell', { name: '5', exact: true })
    .waitFor();
  await app.looksWell('left behind');
  await left.getByRole('button', { name: 'Take them off TikTok' }).click();
  await passGate(`Take the kept people off ${shop.audienceKey}?`, 'Take them off TikTok');
  await peopleIn(shop.audienceKey, 0);
});

test('removing a destination with its people asks for their number, when they are many', async () => {
  await connectAgain();
  await openAudience();
  await app.row('TikTok Audiences').getByText('5 on TikTok').waitFor();
  await app.press('Actions of TikTok Audiences');
  await app.page.getByRole('menuitem', { name: 'Remove destination' }).click();
  const title = 'Remove TikTok Audiences from this audience?';
  await app.dialog(title).getByRole('radio', { name: 'Take them off TikTok first' }).check();
  await passGate(title, 'Remove destination');
  await app.says('Not sent anywhere yet.');
  await peopleIn(shop.audienceKey, 0);
});

test('deleting an audience with its people asks for their number, too', async () => {
  await connectAgain();
  await openAudience();
  await app.row('TikTok Audiences').getByText('5 on TikTok').waitFor();
  await app.tab('Settings');
  await app.press('Delete audience');
  const title = 'Delete this audience?';
  await app.dialog(title).getByRole('radio', { name: 'Take them off TikTok first' }).check();
  await app.field(`Type ${shop.audienceKey} to confirm`).fill(shop.audienceKey);
  await passGate(title, 'Delete audience');
  await app.heading('Audiences in Demo shop');
  await app.looksWell('audiences without the one that is gone');
  await peopleIn(shop.audienceKey, 0);
});

const openAudience = () => app.page.goto(`${usher.url}/spaces/${shop.spaceId}/engage/audiences/${shop.audienceId}`);

/** Presses the button, is refused with a number, types it, and presses again. */
async function passGate(title: string, action: string): Promise<void> {
  const dialog = app.dialog(title);
  await dialog.getByRole('button', { name: action }).click();
  const words = await dialog.getByText(/^Type \d+ to confirm$/).innerText();
  await app.wasRefused(409);
  await dialog.getByText('Nothing was changed yet.').waitFor();
  await app.looksWell(`gate of ${action}`);
  await app.field(words).fill(words.replaceAll(/\D/g, ''));
  await dialog.getByRole('button', { name: action }).click();
}

async function connectAgain(): Promise<void> {
  const path = `/spaces/${shop.spaceId}/audiences/${shop.audienceId}/destination-connections`;
  await usher.rest.post(path, { destinationId: shop.destinationId, sendTrack: true, sendIdentify: false });
}

/** Another audience with its pair and its connection; one person enters. */
async function newAudience(key: string, name: string): Promise<void> {
  const { rest } = usher;
  const subscriptions = `/destinations/${shop.destinationId}/subscriptions`;
  const [model] = (await rest.get(subscriptions)) as { trigger: string; settings: Record<string, string> }[];
  const made = (await rest.post(`/spaces/${shop.spaceId}/audiences`, { name: key, key, kind: 'external' })) as {
    id: string;
  };
  await rest.post(subscriptions, {
    name: `Add Users: ${key}`,
    actionSlug: 'addUser',
    trigger: model?.trigger ?? '',
    settings: { ...model?.settings, personas_audience_key: key },
    enabled: true,
  });
  await rest.post(`/spaces/${shop.spaceId}/audiences/${made.id}/destination-connections`, {
    destinationId: shop.destinationId,
    sendTrack: true,
    sendIdentify: false,
  });
  await enters(key, name);
}
