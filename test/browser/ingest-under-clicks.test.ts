import type { Browser } from 'playwright-core';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rest, restClient, textAt, undiciHttp } from '../../cli/demo/http.ts';
import { type Prepared, prepare, signInLink } from '../../cli/demo/setup.ts';
import { openStage, type Stage } from '../../cli/demo/stage.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import type { Json } from '../../server/kernel/json.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { type AppPage, openApp } from '../support/app-page.ts';
import { launchBrowser } from '../support/browser.ts';
import { freshDataDir } from '../support/database.ts';
import { pagesOf, restOf } from '../support/every-page.ts';
import { outcomesIn, type StreamAnswer, steadyStream } from '../support/steady-stream.ts';
import { engageEvent, type Numbers, until } from '../support/usher.ts';

/**
 * Somebody clicks through every page of a space with 20,000 members while events go on coming in: no page is asked of the
 * database in a way that keeps the tracking endpoint waiting. Server and sandbox are processes of their own, as in life.
 */
const parts = { clock: systemClock, random: systemRandom, http: undiciHttp, signal: new AbortController().signal };
const membersBefore = 20_000;
/** Half a megabyte is Segment's limit. */
const batchEvents = 500;

let stage: Stage;
let rest: Rest;
let shop: Prepared;
let browser: Browser;
let app: AppPage;
const agent = new Agent({ headersTimeout: 120_000, bodyTimeout: 120_000 });

beforeAll(async () => {
  stage = await openStage(parts, undefined);
  await stage.startServer({ USHER_DATA: freshDataDir() });
  rest = restClient(undiciHttp, stage.server, stage.token);
  shop = await prepare({ http: undiciHttp, rest, server: stage.server }, 'big-shop');
  await fill();
  browser = await launchBrowser();
  app = await openApp(browser, stage.server);
  await app.page.goto(await signInLink(rest));
  await app.heading('Home');
}, 600_000);
afterAll(async () => {
  await app?.close();
  await browser?.close();
  await stage?.close();
  await agent.close();
});

test('every event is taken, and none is lost, while somebody opens each page and every range of a chart', async () => {
  const quiet = stream('quiet');
  await quiet.more(100);
  await quiet.stop();

  const clicked = stream('clicked');
  const pages = await clickThrough();
  await clicked.more(1);
  await clicked.stop();

  const slowest = pages.sort((a, b) => b.ms - a.ms).slice(0, 3);
  // Figures for people; no time is asserted.
  console.log({ members: membersBefore, quiet: waits(quiet.answers), clicked: waits(clicked.answers) });
  console.log({ pages: pages.length, slowest });
  expect([...quiet.answers, ...clicked.answers].filter(({ status }) => status !== 200)).toEqual([]);
  const received = async () => outcomesIn(await rest.get(`/spaces/${shop.spaceId}/ingest`))['received'];
  expect(await received()).toBe(membersBefore + quiet.events + clicked.events);
  const expected = membersBefore + quiet.expected().size + clicked.expected().size;
  expect(await settled()).toMatchObject({ members: expected, onTikTok: expected, owed: 0, parked: 0 });
}, 600_000);

/** A hundred and twenty-five events a second: what a small machine takes even while all else runs on it. */
const stream = (name: string) =>
  steadyStream({
    urls: () => [stage.server],
    writeKey: shop.writeKey,
    audienceKey: shop.audienceKey,
    name,
    everyMs: 100,
    people: 10,
  });

async function clickThrough(): Promise<{ name: string; ms: number }[]> {
  const took: { name: string; ms: number }[] = [];
  const isAtRest = restOf(app.page);
  for (const { name, address } of await addresses()) {
    const began = systemClock.elapsed();
    await app.page.goto(stage.server + address);
    await isAtRest();
    took.push({ name, ms: Math.round(systemClock.elapsed() - began) });
  }
  return took;
}

/** Every page of the list that screenshots are taken from, and the longest ranges, filters and searches. */
async function addresses(): Promise<{ name: string; address: string }[]> {
  const { spaceId: space, destinationId: destination, audienceId: audience } = shop;
  const first = async (path: string): Promise<string> => textAt(((await rest.get(path)) as Json[])[0] ?? null, 'id');
  const pages = pagesOf({
    space,
    emptySpace: space,
    source: await first(`/spaces/${space}/sources`),
    audience,
    destination,
    mapping: await first(`/destinations/${destination}/subscriptions`),
    blocked: destination,
    unfinished: destination,
    invitation: '',
    signInLink: '',
  }).filter(({ name }) => name !== 'no-such-page');
  const at = (name: string, below: string) => ({ name, address: `/spaces/${space}${below}` });
  return [
    ...pages,
    at('overview of 30 days', `/connections/destinations/${destination}?range=30d`),
    at('pipeline of 30 days', `/connections/destinations/${destination}/delivery?range=30d`),
    at('size of 30 days', `/engage/audiences/${audience}?range=30d`),
    at('members who are skipped', `/engage/audiences/${audience}/members?outcome=skipped`),
  ];
}

/** Median, the slowest twentieth and the slowest, in milliseconds. */
function waits(answers: readonly StreamAnswer[]): object {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { requests: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

async function fill(): Promise<void> {
  const batches = membersBefore / batchEvents;
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < batches) await send(next++);
  };
  await Promise.all([client(), client(), client(), client()]);
  await settled();
}

async function send(batch: number): Promise<void> {
  const people = Array.from({ length: batchEvents }, (_, index) => `p-${batch}-${index}`);
  const body = JSON.stringify({
    batch: people.map((userId) => engageEvent(shop.audienceKey, true, { userId, email: `${userId}@example.com` })),
  });
  const headers = { 'content-type': 'application/json', authorization: `Basic ${btoa(`${shop.writeKey}:`)}` };
  const answer = await request(`${stage.server}/v1/batch`, { method: 'POST', dispatcher: agent, headers, body });
  await answer.body.dump();
  expect(answer.statusCode).toBe(200);
}

async function settled(): Promise<Numbers> {
  const numbers = async () =>
    (await rest.get(`/destinations/${shop.destinationId}/delivery`)) as unknown as Promise<Numbers>;
  return until(numbers, (found) => found.settled, 'everybody to be at TikTok');
}
