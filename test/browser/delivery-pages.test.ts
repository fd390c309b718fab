import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prepared } from '../../cli/demo/setup.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { emailHash, emailsAt } from '../support/at-tiktok.ts';
import { launchBrowser } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

/** What became of people at TikTok: charts, the way of events and people, errors, calls, and who is parked. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: Prepared;

const person = (name: string) => ({ userId: name, email: `${name}@shop.example` });
/** Whom TikTok refuses on their own. */
const refused = person('rosa');

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher(), launchBrowser()]);
  app = await openApp(browser, usher.url, [usher.sandbox.url]);
  await app.createAccount(usher.setupLink);
  shop = await usher.prepare();
  const { audienceKey, writeKey, destinationId } = shop;
  const crowd = ['ana', 'ben', 'cleo', 'dan', 'eva', 'finn'].map(person);
  await usher.send(
    writeKey,
    crowd.map((one) => engageEvent(audienceKey, true, one)),
  );
  // A refusal says something about a person once TikTok has accepted others (server/delivery/isolate.ts).
  await usher.settled(destinationId);
  usher.sandbox.fault({
    hash: emailHash(refused.email),
    effect: { kind: 'code', code: 40002, message: 'batch_data: Not a valid id.' },
  });
  await usher.send(writeKey, [
    ...[refused, { userId: 'nora' }].map((one) => engageEvent(audienceKey, true, one)),
    { type: 'track', userId: 'hugo', messageId: 'an-event-without-a-name' },
  ]);
  await usher.settled(destinationId);
  await usher.send(writeKey, [engageEvent(audienceKey, false, person('finn'))]);
  await usher.settled(destinationId);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

const destination = (below: string) =>
  `${usher.url}/spaces/${shop.spaceId}/connections/destinations/${shop.destinationId}${below}`;

test('the Overview says where the members are, and draws who came and went, for eyes, arrow keys and as a table', async () => {
  await app.page.goto(destination('/overview'));
  await app.page.getByRole('img', { name: /^Of 7 members: On TikTok 5, Owed 0, Parked 1, Skipped 1/ }).waitFor();
  const chart = app.page.getByRole('figure', { name: 'Added and removed' });
  await chart.getByText(/In the last 24 hours 6 people were added and 1 removed; 1 failed\./).waitFor();
  const drawing = chart.getByRole('group');
  await drawing.focus();
  await app.page.keyboard.press('End');
  await chart.getByRole('status').getByText('6 added, 1 removed, 1 failed').waitFor();
  await chart.getByRole('button', { name: 'Show as table' }).click();
  await chart.getByRole('row', { name: /6 1 1$/ }).waitFor();
  await app.looksWell('overview with people');
});

test('the Pipeline leads from events to people, and each step opens what it is made of', async () => {
  await app.tab('Event Delivery');
  await step(/^Failed on ingest\s*1/);
  await app.page.getByRole('table', { name: 'Failed on ingest, by reason' }).getByRole('row').nth(1).waitFor();
  await app.looksWell('pipeline');
  await step(/^Mapped\s*9/);
  await step(/^Owed\s*0/);
  await app.says('Nobody waits to be sent.');
  await step(/^Skipped\s*1/);
  await app.page
    .getByRole('table', { name: 'Skipped, by reason' })
    .getByText(/identifier/i)
    .waitFor();
  await app.looksWell('pipeline, who is skipped');
  await app.page.getByRole('link', { name: '1 person of First-time shoppers' }).click();
  await app.says('1 person: Skipped');
  expect(await app.page.getByRole('table', { name: 'Members' }).getByRole('row').count()).toBe(2);
  await app.looksWell('members who are skipped');
  await app.page.goto(destination('/delivery'));
});

test('an error has its code, its meaning and what to do', async () => {
  await app.tab('Errors');
  const row = app.page.getByRole('table', { name: 'Errors' }).getByRole('row').filter({ hasText: '40002' });
  await row.getByRole('cell', { name: '1', exact: true }).waitFor();
  await app.looksWell('errors');
});

test('each call has its request_id, and opens with hashes and TikTok’s answer, without a plain identifier or a token', async () => {
  await app.tab('Calls');
  const calls = app.page.getByRole('table', { name: 'Calls' });
  const { requestId } = theRemoval();
  const row = calls.getByRole('row').filter({ hasText: requestId });
  await app.looksWell('calls');
  await row.getByRole('button').click();
  const panel = app.dialog('Call to TikTok');
  await panel.getByText(emailHash(person('finn').email)).waitFor();
  await panel.getByText(requestId).waitFor();
  await app.looksWell('one call');
  const shown = await app.page.content();
  expect(shown).not.toContain('@shop.example');
  expect(shown).not.toMatch(/access.token/i);
  await app.page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await until(
    () => app.page.evaluate('document.activeElement.getAttribute("aria-label")'),
    (focused) => focused === 'Open the call delete',
    'the focus to be back where it was',
  );
});

test('who is parked stands there with the reason, masked; a retry that is refused again parks again', async () => {
  await app.tab('Parked');
  const row = app.page.getByRole('table', { name: 'Parked' }).getByRole('row').filter({ hasText: '40002' });
  await row.getByText('Not a valid id').waitFor();
  expect(await row.innerText()).toContain('r•••');
  await app.looksWell('parked');
  await row.getByRole('button', { name: /^Retry/ }).click();
  await confirmRetry('Retry this person');
  await usher.settled(shop.destinationId);
  expect(await usher.numbers(shop.destinationId)).toMatchObject({ parked: 1, onTikTok: 5 });
});

test('once TikTok takes the person a retry brings them there, and nobody is parked', async () => {
  usher.sandbox.clearFaults();
  await row40002().waitFor();
  await app.press('Retry all 1');
  await confirmRetry('Retry all 1');
  await app.says('Nobody is parked.');
  await usher.settled(shop.destinationId);
  expect(await usher.numbers(shop.destinationId)).toMatchObject({ parked: 0, onTikTok: 6, skipped: 1, members: 7 });
  expect([...emailsAt(usher.sandbox, shop.advertiserId, shop.audienceKey)]).toContain(emailHash(refused.email));
  await app.looksWell('nobody parked');
});

test('the audience draws its size over time', async () => {
  await app.page.goto(`${usher.url}/spaces/${shop.spaceId}/engage/audiences/${shop.audienceId}`);
  const chart = app.page.getByRole('figure', { name: 'Size over time' });
  await chart.getByText(/^7 people now/).waitFor();
  await app.looksWell('audience with its size');
});

const step = (words: RegExp) => app.page.getByRole('button', { name: words }).click();

const row40002 = () => app.page.getByRole('table', { name: 'Parked' }).getByRole('row').filter({ hasText: '40002' });

async function confirmRetry(action: string): Promise<void> {
  const dialog = app.dialog('Retry what is parked?');
  await dialog.getByText('Sends 1 person to TikTok again.').waitFor();
  await dialog.getByRole('button', { name: action }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** The call that took somebody out, as the sandbox wrote it down. */
function theRemoval(): { requestId: string } {
  const call = usher.sandbox.journal().find(({ kind, action }) => kind === 'request' && action === 'delete');
  if (call === undefined) throw new Error('nobody was taken out');
  return call;
}
