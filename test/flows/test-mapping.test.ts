/** Test Mapping with *send*, from the button to TikTok's stand-in. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../../server/kernel/json.ts';
import { engageEvent, startUsher, type Usher, until } from '../support/usher.ts';

let usher: Usher;

beforeAll(async () => {
  usher = await startUsher();
}, 60_000);
afterAll(() => usher.close());

interface Tested {
  readonly sent: boolean;
  readonly notSentBecause: string | null;
}
interface Target {
  readonly name: string | null;
  readonly state: string;
}

async function shop(slug: string) {
  const made = await usher.prepare(slug);
  const path = `/destinations/${made.destinationId}`;
  const press = async (subscription: Json, event: Json): Promise<Tested> =>
    (await usher.rest.post(`${path}/subscriptions/test`, { subscription, event, send: true })) as unknown as Tested;
  const target = async (name: string) =>
    ((await usher.rest.get(`${path}/targets`)) as unknown as Target[]).find((one) => one.name === name);
  const ready = (name: string) =>
    until(
      () => target(name),
      (found) => found?.state === 'ready',
      `the audience ${name} to be ready`,
    );
  return { ...made, path, press, target, ready };
}

const createCalls = (name: string) =>
  usher.sandbox
    .journal()
    .filter(({ kind, path, body }) => kind === 'request' && path === '/segment/audience/' && nameIn(body) === name);
const nameIn = (body: unknown): unknown =>
  typeof body === 'object' && body !== null ? Reflect.get(body, 'custom_audience_name') : undefined;

const createEvent = (name: string): Json => ({
  type: 'track',
  event: 'Create Audience',
  userId: 'ana',
  properties: { audience_key: name },
});

test('defect 20: Create Audience pressed twice makes one TikTok audience', async () => {
  const { press, ready, advertiserId } = await shop('twice');
  const subscription = {
    actionSlug: 'createAudience',
    trigger: 'event = "Create Audience"',
    settings: { selected_advertiser_id: advertiserId, custom_audience_name: { '@path': '$.properties.audience_key' } },
  };
  const event = createEvent('winter@sale');
  expect(await press(subscription, event)).toMatchObject({ sent: true, notSentBecause: null });
  expect(await press(subscription, event)).toMatchObject({ sent: true });
  await ready('winter@sale');
  expect(await press(subscription, event)).toMatchObject({ sent: true });
  // Another audience, made after the third click: by then that click has been dealt with.
  await press(subscription, createEvent('marker'));
  await ready('marker');
  expect(createCalls('winter@sale')).toHaveLength(1);
  // The stand-in gives nothing for a name that two audiences have.
  expect(usher.sandbox.members(advertiserId, 'winter@sale')).toBeDefined();
});

test('what cannot be sent says why, and leaves nothing behind', async () => {
  const { path, press, target, advertiserId, audienceKey } = await shop('why');
  const add = {
    actionSlug: 'addUser',
    trigger: 'event = "Audience Entered"',
    settings: {
      selected_advertiser_id: advertiserId,
      custom_audience_name: 'why_not',
      personas_audience_key: audienceKey,
      email: { '@path': '$.context.traits.email' },
      send_email: true,
    },
  };
  const entered = engageEvent(audienceKey, true, { userId: 'ana', email: 'ana@example.com' }) as Record<string, Json>;
  const because = async (event: Json) => (await press(add, event)).notSentBecause;
  const { userId: _, ...rest } = entered;
  expect(await because({ ...rest, context: { personas: { computation_key: audienceKey } } })).toBe(
    'the event names nobody',
  );
  expect(await because({ ...entered, event: 'Order Completed' })).toBe('the event does not match the trigger');
  expect(await because({ ...entered, context: { traits: { email: ' ' } } })).toMatch(/audience key differs/);
  expect(await because(engageEvent(audienceKey, true, { userId: 'ana' }) as Json)).toMatch(/^no usable identifier/);
  expect(await target('why_not')).toBeUndefined();
  const create = { actionSlug: 'createAudience', trigger: 'type = "track"', settings: { ...add.settings } };
  const long = { ...create, settings: { selected_advertiser_id: advertiserId, custom_audience_name: 'x'.repeat(71) } };
  expect((await press(long, entered)).notSentBecause).toContain('71 characters');
  await usher.rest.patch(path, { settings: { createAudiences: false } });
  const named = { ...create, settings: { selected_advertiser_id: advertiserId, custom_audience_name: 'why_not' } };
  expect((await press(named, entered)).notSentBecause).toContain('createAudiences');
  expect(await target('why_not')).toBeUndefined();
  expect(await press(add, entered)).toMatchObject({ sent: true, notSentBecause: null });
});
