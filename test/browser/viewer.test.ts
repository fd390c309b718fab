import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textAt } from '../../cli/demo/http.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { pagesOf, restOf } from '../support/every-page.ts';
import { fillShop, type ShownShop, shownEnv } from '../support/shown-shop.ts';
import { startUsher, type Usher } from '../support/usher.ts';

/** A viewer of one space looks at every page, can change nothing on any of them, and finds nothing of another space. */
let usher: Usher;
let browser: Browser;
let app: AppPage;
let shop: ShownShop;
/** A destination, a source and an audience of a space that the viewer has no role in. */
let foreign: { space: string; destination: string; source: string; audience: string };

beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher({ env: shownEnv }), launchBrowser()]);
  shop = await fillShop(usher, 60);
  foreign = await anotherSpace();
  app = await openApp(browser, usher.url);
});
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await usher?.close();
});

test('an invitation by link makes a viewer of one space', async () => {
  await app.page.goto(shop.invitation);
  await app.says('Viewer of Demo shop.');
  await app.field('E-mail').fill('cleo@example.com');
  await app.field('Password').fill('a walk of forty steps');
  await app.press('Create account');
  await app.heading('Home');
  await app.says('You can look but not change. Owners: ');
  await app.looksWell('home of a viewer');
});

test('no page has a control that changes something and can be used', async () => {
  const isAtRest = restOf(app.page);
  const own = pagesOf(shop).filter(({ name }) => name !== 'profile' && !name.startsWith('empty-'));
  // Addresses that open a panel for those who may.
  const asked = [
    { name: 'Add Destinations', address: `/spaces/${shop.space}/engage/audiences/${shop.audience}?add=destinations` },
    {
      name: 'Add another audience',
      address: `/spaces/${shop.space}/connections/destinations/${shop.destination}/mappings?add=audiences`,
    },
  ];
  const found: Record<string, readonly string[]> = {};
  for (const { name, address } of [...own, ...asked]) {
    await app.page.goto(usher.url + address);
    await isAtRest();
    const usable = await usableControls(name);
    const panels = await app.page.getByRole('dialog').count();
    if (usable.length > 0 || panels > 0) found[name] = [...usable, ...(panels > 0 ? ['an open panel'] : [])];
  }
  expect(found).toEqual({});
}, 300_000);

test('the menu of a mapping offers what copies it to the clipboard, and nothing else', async () => {
  await app.page.goto(`${usher.url}${pagesOf(shop).find(({ name }) => name === 'mapping')?.address}`);
  await app.press('Actions of Add Users');
  const usable = app.page.getByRole('menuitem', { disabled: false });
  await usable.first().waitFor();
  expect(await usable.allInnerTexts()).toEqual(['Copy as JSON', 'Copy as curl']);
  await app.page.keyboard.press('Escape');
});

test('the API refuses the same session whatever a page would have sent, and says which role it takes', async () => {
  const changes: readonly [method: string, path: string, body?: object][] = [
    ['PATCH', `/destinations/${shop.destination}`, { enabled: false }],
    ['PATCH', `/destinations/${shop.destination}/subscriptions/${shop.mapping}`, { enabled: false }],
    ['POST', `/destinations/${shop.destination}/oauth/authorize`, {}],
    ['POST', `/spaces/${shop.space}/sources`, { name: 'Mine', slug: 'mine', kind: 'server' }],
    ['PATCH', `/spaces/${shop.space}/audiences/${shop.audience}`, { name: 'Mine' }],
    ['DELETE', `/spaces/${shop.space}/audiences/${shop.audience}?people=keep`],
    ['DELETE', `/destinations/${shop.destination}?people=keep`],
    ['POST', '/invitations', { roles: [{ spaceId: shop.space, role: 'owner' }], note: '' }],
    ['POST', '/tokens', { name: 'Mine', role: 'owner', spaceId: shop.space }],
  ];
  for (const [method, path, body] of changes) {
    const answer = await fromThePage(method, path, body);
    expect({ method, path, status: answer.status }).toEqual({ method, path, status: 403 });
    expect(answer.text).toMatch(/owner|editor/);
    await app.wasRefused(403);
  }
});

test('what belongs to another space does not exist, by page and by API', async () => {
  const { space, destination, source, audience } = foreign;
  const below = `/spaces/${shop.space}`;
  const isAtRest = restOf(app.page);
  await app.page.goto(`${usher.url}/spaces/${space}/home`);
  await app.says('There is no such page.');
  for (const [id, address] of [
    [audience, `${below}/engage/audiences/${audience}`],
    [source, `${below}/connections/sources/${source}`],
    [destination, `${below}/connections/destinations/${destination}`],
    [destination, `${below}/connections/destinations/${destination}/mappings`],
  ] as const) {
    await app.page.goto(usher.url + address);
    await app.says('There is no such page in Demo shop.');
    await isAtRest();
    await app.wasRefused(404, id);
    expect(await app.page.content()).not.toContain('Secret');
  }
  await app.looksWell('no such page');
  for (const path of [
    `/spaces/${space}`,
    `/spaces/${space}/audiences`,
    `/spaces/${space}/attention`,
    `/sources/${source}`,
    `/destinations/${destination}`,
    `/destinations/${destination}/requests`,
  ]) {
    const answer = await fromThePage('GET', path);
    expect({ path, status: answer.status, tells: answer.text.includes('Secret') }).toEqual({
      path,
      status: 404,
      tells: false,
    });
    await app.wasRefused(404);
  }
  for (const list of ['/spaces', '/session']) expect((await fromThePage('GET', list)).text).not.toContain('Secret');
});

/** What only looks, by the words on it; everything else that can be used is for those who may change. */
const looking = [
  /^Copy/,
  /^Show as /,
  /^(1 h|24 h|7 d|30 d)$/,
  /^(First|Next|Previous) page$/,
  /^(Newest|Older) calls$/,
  /^Open the call /,
  /^Find/,
  /^Search destinations$/,
  /^Load (Test Event from Source|Sample Event)$/,
  /^Or paste an event as JSON/,
  /^Show (parked|calls)$/,
  // They lead on.
  /^(Go to|Send events$|Continue$)/,
];
const steps =
  /^(Successfully received|Failed on ingest|Filtered at destination|Mapped|Owed|Sent|Accepted|Skipped|Parked)/;
const lookingAt: Readonly<Record<string, readonly RegExp[]>> = {
  'audience-members': [/^(All members|On TikTok|Owed|Parked|Skipped|Leaving) [\d,]+$/, /^At destination$/, /^Why/],
  'delivery-pipeline': [/^Mapping$/, steps],
  'delivery-calls': [/^(Answer|TikTok audience|request_id)$/],
  mapping: [/^Actions of /],
  'source-debugger': [/^Pause$/, /^(Type|Event name|Result|Person)$/, /^(Audience Entered|Audience Exited|unknown)$/],
};

/** The controls of a page that can be used and do more than look; links lead on and change nothing. */
async function usableControls(page = ''): Promise<string[]> {
  const names = (await app.page.evaluate(findUsable)) as string[];
  const harmless = [...looking, ...(lookingAt[page] ?? [])];
  return names.filter((name) => !harmless.some((pattern) => pattern.test(name)));
}

/** Runs in the page, folded parts unfolded. */
const findUsable = `(() => {
  for (const folded of document.querySelectorAll('main details')) folded.open = true;
  const controls = document.querySelectorAll('main :is(button, input, textarea, select, [role=switch], [role=slider])');
  return [...controls]
    .filter((one) => !one.matches(':disabled, [readonly], [type=hidden], [role=tab], [aria-disabled=true]'))
    .map((one) => one.getAttribute('aria-label') ?? one.labels?.[0]?.innerText ?? one.innerText);
})()`;

async function fromThePage(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const order = JSON.stringify({ method, path: `/api/v1${path}`, body });
  return (await app.page.evaluate(`(async () => {
    const { method, path, body } = ${order};
    const answer = await fetch(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, text: await answer.text() };
  })()`)) as { status: number; text: string };
}

async function anotherSpace(): Promise<typeof foreign> {
  const { rest } = usher;
  const space = textAt(await rest.post('/spaces', { name: 'Secret space', slug: 'secret' }), 'id');
  const at = async (path: string, body: object): Promise<string> => textAt(await rest.post(path, body as never), 'id');
  return {
    space,
    audience: await at(`/spaces/${space}/audiences`, { name: 'Secret audience', key: 'secret', kind: 'external' }),
    source: await at(`/spaces/${space}/sources`, { name: 'Secret source', slug: 'secret', kind: 'server' }),
    destination: await at('/destinations', {
      spaceId: space,
      metadataId: 'actions-tiktok-audiences',
      name: 'Secret destination',
      settings: {},
    }),
  };
}
