import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textAt } from '../../cli/demo/http.ts';
import type { Prepared } from '../../cli/demo/setup.ts';
import { isObject, type Json } from '../../server/kernel/json.ts';
import { emailHash, emailsAt } from '../support/at-tiktok.ts';
import { launchBrowser, openShop, type Shop } from '../support/browser.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

/** analytics.js as Segment publishes it, in a real browser, on a page of another origin than Usher's. */
let usher: Usher;
let prepared: Prepared;
let website: { writeKey: string };
let browser: Browser;
let shop: Shop;
/** What the mapping on a plain track event fills: no audience of Engage's has this name. */
const signups = 'website_signups';

beforeAll(async () => {
  [usher, browser, shop] = await Promise.all([startUsher(), launchBrowser(), openShop(page)]);
  prepared = await usher.prepare();
  website = await addWebsite();
});
afterAll(async () => {
  await browser?.close();
  await shop?.close();
  await usher?.close();
});

test('analytics.js that asks Usher for its settings delivers a plain track event through Add to Audience', async () => {
  const seen = await inThePage({
    writeKey: website.writeKey,
    usher: usher.url,
    how: 'settings',
    calls: [
      ['identify', 'visitor-1', { email: 'visitor1@example.com' }],
      ['track', 'Signed Up', { plan: 'free' }, { context: { traits: { email: 'visitor1@example.com' } } }],
    ],
  });
  expect(seen).toEqual({ problems: [], elsewhere: [] });
  await arrives(emailHash('visitor1@example.com'));
});

test('analytics.js in batches, without asking for settings, delivers the same', async () => {
  const seen = await inThePage({
    writeKey: website.writeKey,
    usher: usher.url,
    how: 'batching',
    calls: [
      ['track', 'Signed Up', { email: 'visitor2@example.com' }],
      ['track', 'Signed Up', { email: 'visitor3@example.com' }],
    ],
  });
  expect(seen).toEqual({ problems: [], elsewhere: [] });
  await arrives(emailHash('visitor2@example.com'));
  await arrives(emailHash('visitor3@example.com'));
});

test('rule 4: a browser puts nobody into an audience of Engage and takes nobody out, as its write key is public', async () => {
  const { audienceId, audienceKey, spaceId, advertiserId } = prepared;
  const member = { userId: 'member-1', email: 'member@example.com' };
  await usher.send(prepared.writeKey, [engageEvent(audienceKey, true, member)]);
  const personas = { computation_class: 'audience', computation_id: 'aud_1', computation_key: audienceKey };
  const forged = { personas, traits: { email: 'forged@example.com' } };
  const seen = await inThePage({
    writeKey: website.writeKey,
    usher: usher.url,
    how: 'settings',
    calls: [
      ['track', 'Audience Entered', { audience_key: audienceKey, [audienceKey]: true }, { context: forged }],
      ['track', 'Audience Entered', { audience_key: audienceKey }, { context: { traits: forged.traits } }],
      ['identify', member.userId, { email: member.email }],
      ['track', 'Audience Exited', { audience_key: audienceKey, [audienceKey]: false }, { context: { personas } }],
      ['track', 'Audience Exited', { audience_key: audienceKey }, { context: { traits: { email: member.email } } }],
      // Sent and taken last, so that the others have been looked at once this one is at TikTok.
      ['track', 'Signed Up', { email: 'visitor4@example.com' }],
    ],
  });
  expect(seen).toEqual({ problems: [], elsewhere: [] });
  await arrives(emailHash('visitor4@example.com'));
  expect(await usher.settled(prepared.destinationId)).toMatchObject({ members: 1 });
  expect(await usher.rest.get(`/spaces/${spaceId}/audiences/${audienceId}/members`)).toHaveLength(1);
  expect([...emailsAt(usher.sandbox, advertiserId, audienceKey)]).toEqual([emailHash(member.email)]);
});

const arrives = (hash: string) =>
  until(
    () => emailsAt(usher.sandbox, prepared.advertiserId, signups),
    (found) => found.has(hash),
    `${hash} at TikTok`,
  );

/** A source whose write key stands in the page, and the mapping that makes an audience of its sign-ups. */
async function addWebsite(): Promise<{ writeKey: string }> {
  const place = `/spaces/${prepared.spaceId}/sources`;
  const source = await usher.rest.post(place, { name: 'Shop', slug: 'shop-site', kind: 'website' });
  const trait: Json = { '@path': '$.context.traits.email' };
  await usher.rest.post(`/destinations/${prepared.destinationId}/subscriptions`, {
    name: 'Sign-ups',
    actionSlug: 'addToAudience',
    trigger: 'event = "Signed Up"',
    settings: {
      advertiser_id: prepared.advertiserId,
      custom_audience_name: signups,
      email: { '@if': { exists: trait, then: trait, else: { '@path': '$.properties.email' } } },
      send_email: true,
    },
    enabled: true,
  });
  const keys = isObject(source) ? source['writeKeys'] : undefined;
  const [first] = Array.isArray(keys) ? keys : [];
  return { writeKey: typeof first === 'string' ? first : textAt(first ?? null, 'key') };
}

interface PageOrder {
  readonly writeKey: string;
  readonly usher: string;
  readonly how: 'settings' | 'batching';
  readonly calls: readonly (readonly [method: 'identify' | 'track', ...args: Json[]])[];
}

/** What the page's script does with the order in `window.order`; it says `sent` when everything is answered. */
const page = `<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script src="/ajs/index.js"></script><script>
  async function play({ writeKey, usher, how, calls }) {
    const batching = { deliveryStrategy: { strategy: 'batching', config: { size: calls.length, timeout: 300 } } };
    const [settings, options] = how === 'settings'
      ? [{ writeKey, cdnURL: usher }, {}]
      : [
          { writeKey, cdnSettings: { integrations: { 'Segment.io': { apiKey: writeKey } } } },
          { integrations: { 'Segment.io': { apiHost: usher.replace('http://', '') + '/v1', protocol: 'http', ...batching } } },
        ];
    const [analytics] = await AnalyticsNext.AnalyticsBrowser.load(settings, options);
    for (const [method, ...args] of calls) await analytics[method](...args);
  }
</script>`;

/** Opens the shop in a browser profile of its own and plays the calls. Gives what went wrong, and requests to strangers. */
async function inThePage(order: PageOrder): Promise<{ problems: string[]; elsewhere: string[] }> {
  const context = await browser.newContext();
  const problems: string[] = [];
  const requests: string[] = [];
  try {
    const tab = await context.newPage();
    tab.on('console', (said) => {
      if (said.type() === 'error' || said.type() === 'warning') problems.push(said.text());
    });
    tab.on('pageerror', (error) => problems.push(error.message));
    tab.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText ?? ''}`));
    tab.on('request', (request) => requests.push(new URL(request.url()).origin));
    tab.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${response.url()} answered ${response.status()}`);
    });
    await tab.goto(shop.url);
    const sending = order.calls.length;
    const taken = countEvents(usher.url, sending);
    tab.on('response', (response) => taken.saw(response.request()));
    await tab.evaluate(`play(${JSON.stringify(order)})`);
    await taken.all;
  } finally {
    await context.close();
  }
  const own = new Set([new URL(shop.url).origin, usher.url, 'null']);
  return { problems, elsewhere: requests.filter((origin) => !own.has(origin)) };
}

/** Watches until as many events have been answered as the page sends. */
function countEvents(server: string, wanted: number) {
  let seen = 0;
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  return {
    all,
    saw(request: { url(): string; method(): string; postData(): string | null }) {
      if (request.method() !== 'POST' || !request.url().startsWith(`${server}/v1/`)) return;
      const body: unknown = JSON.parse(request.postData() ?? '{}');
      const batch = isObject(body) ? body['batch'] : undefined;
      seen += Array.isArray(batch) ? batch.length : 1;
      if (seen >= wanted) done();
    },
  };
}
