import type { Page } from 'playwright-core';
import { askJson, undiciHttp } from '../../cli/demo/http.ts';
import type { ShownShop } from './shown-shop.ts';
import type { Usher } from './usher.ts';

/** A page as people see it: its address, and the router's for it (web/app/router.tsx). */
export interface ShownPage {
  readonly name: string;
  readonly route: string;
  readonly address: string;
}

/** Before anybody has signed in. */
export function pagesOfStrangers(shop: ShownShop): ShownPage[] {
  return [
    { name: 'sign-in', route: '/sign-in', address: '/sign-in' },
    { name: 'set-up', route: '/setup', address: '/setup#token=a-link-of-the-console' },
    { name: 'invite', route: '/invite', address: `/invite${new URL(shop.invitation).hash}` },
  ];
}

/** All others, in the order of the navigation; every-page.test.ts notices when one is missing. */
export function pagesOf(shop: ShownShop): ShownPage[] {
  return [
    { name: 'first-space', route: '/first-space', address: '/first-space' },
    ...engagePages(shop),
    ...connectionPages(shop),
    ...pagesOfNothing(shop),
    { name: 'users', route: '/settings/users', address: '/settings/users' },
    { name: 'api-tokens', route: '/settings/tokens', address: '/settings/tokens' },
    { name: 'audit', route: '/settings/audit', address: '/settings/audit' },
    { name: 'tiktok-app', route: '/settings/tiktok-app', address: '/settings/tiktok-app' },
    { name: 'profile', route: '/profile', address: '/profile' },
    { name: 'no-such-page', route: '', address: '/nothing-here' },
  ];
}

const inSpace = (space: string, route: string, pages: readonly (readonly [name: string, below: string])[]) =>
  pages.map(([name, below]) => ({ name, route: `/spaces/$space${route}`, address: `/spaces/${space}${below}` }));

function engagePages({ space, audience }: ShownShop): ShownPage[] {
  const one = `/engage/audiences/${audience}`;
  return [
    ...inSpace(space, '/home', [['home', '/home']]),
    ...inSpace(space, '/engage/audiences', [['audiences', '/engage/audiences']]),
    ...inSpace(space, '/engage/audiences/$audience/{-$tab}', [
      ['audience-overview', one],
      ['audience-members', `${one}/members`],
      ['audience-settings', `${one}/settings`],
    ]),
    ...inSpace(space, '/engage/settings/{-$tab}', [
      ['engage-settings-destinations', '/engage/settings/destinations'],
      ['engage-settings-sources', '/engage/settings/sources'],
      ['engage-settings-general', '/engage/settings/general'],
    ]),
  ];
}

function connectionPages(shop: ShownShop): ShownPage[] {
  const { space } = shop;
  const source = `/connections/sources/${shop.source}`;
  const destination = `/connections/destinations/${shop.destination}`;
  const entry = '/catalog/destinations/actions-tiktok-audiences';
  return [
    ...inSpace(space, '/connections/sources', [['sources', '/connections/sources']]),
    ...inSpace(space, '/connections/sources/$source/{-$tab}', [
      ['source-overview', source],
      ['source-debugger', `${source}/debugger`],
      ['source-connect', `${source}/connect`],
      ['source-settings', `${source}/settings`],
    ]),
    ...inSpace(space, '/connections/destinations', [['destinations', '/connections/destinations']]),
    ...inSpace(space, '/connections/destinations/$destination/{-$tab}', [
      ['destination-overview', destination],
      ['destination-overview-blocked', `/connections/destinations/${shop.blocked}`],
      ['destination-mappings', `${destination}/mappings`],
      ['delivery-pipeline', `${destination}/delivery`],
      ['delivery-errors', `${destination}/delivery?view=errors`],
      ['delivery-calls', `${destination}/delivery?view=calls`],
      ['delivery-parked', `${destination}/delivery?view=parked`],
      ['destination-settings', `${destination}/settings`],
      ['destination-settings-unfinished', `/connections/destinations/${shop.unfinished}/settings`],
    ]),
    ...inSpace(space, '/connections/destinations/$destination/mappings/$mapping', [
      ['mapping', `${destination}/mappings/${shop.mapping}`],
      ['mapping-new', `${destination}/mappings/new?action=removeUser&audience=${shop.audience}`],
    ]),
    ...inSpace(space, '/catalog/destinations', [['catalog', '/catalog/destinations']]),
    ...inSpace(space, '/catalog/destinations/$entry/{-$tab}', [
      ['catalog-overview', entry],
      ['catalog-actions', `${entry}/actions`],
    ]),
    ...inSpace(space, '/catalog/destinations/$entry/configure', [['select-source', `${entry}/configure`]]),
    ...inSpace(space, '/quick-connect', [['quick-connect', '/quick-connect']]),
  ];
}

/** Empty states, which say the next step. */
function pagesOfNothing({ emptySpace }: ShownShop): ShownPage[] {
  return [
    ...inSpace(emptySpace, '/home', [['empty-home', '/home']]),
    ...inSpace(emptySpace, '/engage/audiences', [['empty-audiences', '/engage/audiences']]),
    ...inSpace(emptySpace, '/connections/sources', [['empty-sources', '/connections/sources']]),
    ...inSpace(emptySpace, '/connections/destinations', [['empty-destinations', '/connections/destinations']]),
    ...inSpace(emptySpace, '/quick-connect', [['empty-quick-connect', '/quick-connect']]),
  ];
}

/** The stand-in for TikTok is looked at too: people come to its consent page and to its Ads Manager. */
export async function sandboxPages({ url, sandbox }: Usher): Promise<ShownPage[]> {
  const asked = new URLSearchParams({
    app_id: '7000000000000000001',
    redirect_uri: `${url}/oauth/tiktok/callback`,
    state: 'shown',
  });
  const { data } = (await askJson(undiciHttp, { url: `${sandbox.url}/__sandbox/audiences` })) as {
    data: { id: string; name: string }[];
  };
  const audience = data.find(({ name }) => name === 'first_time_shopper')?.id;
  return [
    { name: 'sandbox-overview', route: '', address: '/' },
    { name: 'sandbox-consent', route: '', address: `/portal/auth?${asked}` },
    { name: 'sandbox-audiences', route: '', address: '/ads-manager/audiences' },
    { name: 'sandbox-audience', route: '', address: `/ads-manager/audiences/${audience}` },
  ];
}

export interface Look {
  readonly width: 1440 | 390;
  readonly scheme: 'light' | 'dark';
  /** Between them these two show each width and each scheme: a whole examination of all four would find the same twice. */
  readonly whole: boolean;
}

export const looks: readonly Look[] = [
  { width: 1440, scheme: 'light', whole: true },
  { width: 1440, scheme: 'dark', whole: false },
  { width: 390, scheme: 'light', whole: false },
  { width: 390, scheme: 'dark', whole: true },
];

export async function wear(page: Page, { width, scheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
}

/** Says when a page has come to rest: nothing asked of the API is open, and nothing on the page is still loading. */
export function restOf(page: Page): () => Promise<void> {
  const open = new Set<object>();
  page.on('request', (request) => {
    // The debugger's stream never ends.
    if (!request.url().endsWith('/debugger')) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return async () => {
    await page.locator('h1').first().waitFor();
    for (let calm = 0; calm < 5; ) {
      const busy = await page.evaluate(oneFrame);
      calm = busy || open.size > 0 ? 0 : calm + 1;
    }
  };
}

/** Runs in the page: after the next frame, whether something there is still loading. */
const oneFrame = `new Promise((done) =>
  requestAnimationFrame(() => done(document.querySelector('[aria-busy=true]') !== null)))`;
