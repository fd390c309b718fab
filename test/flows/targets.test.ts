// Rule 12 from the front door to the sandbox's sets: an audience deleted and made again, an ad account that is missing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { giveConsent } from '../../cli/demo/consent.ts';
import { type Http, undiciHttp } from '../../cli/demo/http.ts';
import { must } from '../../server/kernel/result.ts';
import { emailHash, emailsAt } from '../support/at-tiktok.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

let usher: Usher;
let shops = 0;
/** Deletes the audience of the last shop: one TikTok audience may be fed by one destination only (I9). */
let letGo = async () => {};
beforeAll(async () => {
  usher = await startUsher({
    env: { USHER_TIKTOK_CALLS_PER_SECOND: '50', USHER_TIKTOK_CALLS_PER_MINUTE: '3000' },
    sandbox: { rate: { perSecond: null, perMinute: null, perDay: null } },
  });
}, 60_000);
afterAll(() => usher?.close());

const key = 'first_time_shopper';
const person = (n: number) => ({ userId: `s${shops}-u${n}`, email: `shop${shops}person${n}@example.com` });
const people = (...numbers: number[]) => new Set(numbers.map((n) => emailHash(person(n).email)));
const numbersTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

async function shop() {
  shops += 1;
  // Otherwise this one, of the same name in the same ad account, would wait for it for ever.
  await letGo();
  const made = await usher.prepare(`shop-${shops}`);
  const at = `/destinations/${made.destinationId}`;
  const send = (entered: boolean, ...numbers: number[]) =>
    usher.send(
      made.writeKey,
      numbers.map((n) => engageEvent(key, entered, person(n))),
    );
  type Shown = {
    id: string;
    state: string;
    problem: string | null;
    reason: string | null;
    tiktokId: string | null;
    advertiserId: string;
    owed: number;
  };
  const targets = async () => (await usher.rest.get(`${at}/targets`)) as unknown as Shown[];
  const live = async () =>
    must(
      (await targets()).find((target) => target.state !== 'gone'),
      'a live target',
    );
  const members = () => emailsAt(usher.sandbox, made.advertiserId, key);
  letGo = async () => void usher.sandbox.deleteAudience(must((await live()).tiktokId, 'found'));
  return { ...made, at, send, targets, live, members };
}

test('an audience deleted at TikTok is created again on request, with everybody in it, in few calls', async () => {
  const { destinationId, send, live, members, at } = await shop();
  await send(true, ...numbersTo(300));
  await usher.settled(destinationId);
  usher.sandbox.deleteAudience(must((await live()).tiktokId, 'found'));
  await send(false, 0);
  await until(live, (target) => target.problem === 'gone', 'the target to be blocked');
  await send(true, 300);
  const since = usher.sandbox.journal({ bodies: false }).at(-1)?.seq ?? 0;
  await usher.rest.post(`${at}/targets/${(await live()).id}/resolve`, { create: true });
  const numbers = await usher.settled(destinationId);
  expect(numbers).toMatchObject({ members: 300, onTikTok: 300, owed: 0 });
  expect(members()).toEqual(people(...numbersTo(301).slice(1)));
  const told = usher.sandbox
    .journal({ since, bodies: false })
    .filter((line) => line.kind === 'request' && line.path.endsWith('/segment/mapping/'));
  expect(told.length).toBeLessThanOrEqual(3);
});

test('an audience deleted and made again by hand under its name gets everybody, found by a check', async () => {
  const { destinationId, advertiserId, send, live, members, at } = await shop();
  await send(true, 1, 2, 3);
  await usher.settled(destinationId);
  usher.sandbox.deleteAudience(must((await live()).tiktokId, 'found'));
  const { id } = await live();
  const checked = (await usher.rest.post(`${at}/targets/${id}/check`, {})) as unknown as { problem: string };
  expect(checked.problem).toBe('gone');
  const again = usher.sandbox.makeAudience(advertiserId, key);
  await usher.rest.post(`${at}/resume`, {});
  await until(live, (target) => target.tiktokId === again && target.state === 'ready', 'the new audience to be found');
  expect(await usher.settled(destinationId)).toMatchObject({ members: 3, onTikTok: 3 });
  expect(members()).toEqual(people(1, 2, 3));
});

test('connected again without its ad account, what is owed there is kept, said, and sent once it is back', async () => {
  const { destinationId, advertiserId, send, live, members, at } = await shop();
  await send(true, 1);
  await usher.settled(destinationId);
  /** Walks through the consent; `except` is an ad account that is not ticked. */
  const connect = async (except?: string) => {
    const { url } = (await usher.rest.post(`${at}/oauth/authorize`, {})) as { url: string };
    const http: Http = (question) => {
      const fields = [...new URLSearchParams(question.body ?? '')].filter(([, value]) => value !== except);
      return undiciHttp(
        question.body === undefined ? question : { ...question, body: new URLSearchParams(fields).toString() },
      );
    };
    await giveConsent(http, url, usher.url);
  };
  await connect(advertiserId);
  const blocked = await live();
  expect(blocked).toMatchObject({
    state: 'blocked',
    problem: 'advertiser',
    reason: expect.stringContaining(advertiserId),
  });
  await send(true, 2);
  await until(live, (target) => target.owed === 1, 'the change to be owed');
  expect(members()).toEqual(people(1));
  await connect();
  expect(await usher.settled(destinationId)).toMatchObject({ members: 2, onTikTok: 2 });
  expect(members()).toEqual(people(1, 2));
});
