import { afterAll, beforeAll, expect, test } from 'vitest';
import { engageEvent, startUsher, type Usher } from '../support/usher.ts';

let usher: Usher;
// TikTok's own windows (10 calls a second, 600 a minute for an app) and Usher's defaults below them (tiktok-api.md 10).
beforeAll(async () => {
  usher = await startUsher();
}, 60_000);
afterAll(() => usher?.close());

const key = 'first_time_shopper';
const advertisers = ['7100000000000000001', '7100000000000000002', '7100000000000000003'];

test('three busy destinations of one TikTok app share its call budget and never exceed it', async () => {
  const shops = [];
  for (const [i, advertiserId] of advertisers.entries()) {
    const made = await usher.prepare(`shop-${i}`);
    await usher.rest.patch(`/destinations/${made.destinationId}`, { settings: { batchRows: 25 } });
    const list = (await usher.rest.get(`/destinations/${made.destinationId}/subscriptions`)) as unknown as {
      id: string;
      settings: object;
    }[];
    for (const { id, settings } of list) {
      const body = { settings: { ...settings, selected_advertiser_id: advertiserId } };
      await usher.rest.patch(`/destinations/${made.destinationId}/subscriptions/${id}`, body);
    }
    shops.push(made);
  }
  const since = usher.sandbox.journal({ bodies: false }).at(-1)?.seq ?? 0;
  await Promise.all(
    shops.map((shop, i) => {
      const people = Array.from({ length: 1_000 }, (_, n) => ({
        userId: `${i}-${n}`,
        email: `s${i}p${n}@example.com`,
      }));
      return usher.send(
        shop.writeKey,
        people.map((person) => engageEvent(key, true, person)),
      );
    }),
  );
  for (const shop of shops) expect(await usher.settled(shop.destinationId)).toMatchObject({ onTikTok: 1_000 });
  const calls = usher.sandbox.journal({ since, bodies: false }).filter((line) => line.kind === 'request');
  expect(calls.length).toBeGreaterThanOrEqual(120);
  expect(calls.filter((line) => line.decision === 'throttled')).toEqual([]);
  const times = calls.map((line) => line.time);
  const most = (windowMs: number): number =>
    Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length));
  expect(most(1_000)).toBeLessThanOrEqual(10);
  expect(most(60_000)).toBeLessThanOrEqual(600);
});
