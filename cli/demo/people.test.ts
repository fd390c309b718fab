import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { difference, expectedAtTikTok } from './expected.ts';
import { type DemoEvent, demoEvents, engagePayload, type Identifiers } from './people.ts';

const startMs = Date.UTC(2026, 0, 1);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const step = (event: DemoEvent['event'], minute: number, identifiers: Identifiers): DemoEvent => ({
  event,
  messageId: `m${minute}`,
  userId: 'ana',
  timestamp: new Date(startMs + minute * 60_000).toISOString(),
  identifiers,
});

test('the same plan gives the same events, and every person is among them', () => {
  const events = demoEvents({ people: 1_000, startMs });
  expect(demoEvents({ people: 1_000, startMs })).toEqual(events);
  expect(new Set(events.map((event) => event.userId)).size).toBe(1_000);
});

test('the stream holds everything a shop has: leavers, changed addresses, duplicates, late events, unusable people', () => {
  const events = demoEvents({ people: 1_000, startMs });
  const expected = expectedAtTikTok(events);
  expect(expected.members + expected.left).toBe(1_000);
  expect(expected.left).toBe(220); // 14 leave, 5 change the address and leave, 3 are late, of a hundred
  expect(expected.unusable).toBe(30);
  expect(events.length - new Set(events.map((event) => event.messageId)).size).toBe(50);
  const phoneOnly = events.filter(({ identifiers }) => Object.keys(identifiers).join() === 'phone');
  expect(phoneOnly.length).toBeGreaterThan(100);
  const seen = new Set<string>();
  const late = events.filter(
    ({ event, userId }) => event === 'Audience Exited' && !seen.has(userId) && seen.add(userId),
  );
  expect(late.length).toBeGreaterThan(0);
});

test('a changed e-mail is held under both hashes until the exit, then under neither', () => {
  const first = step('Audience Entered', 0, { email: 'ana@example.com' });
  const second = step('Audience Entered', 1, { email: 'Ana.New+shop@Example.com' });
  const exit = step('Audience Exited', 2, { email: 'Ana.New+shop@Example.com' });
  expect(expectedAtTikTok([second, first]).identifiers).toEqual(
    new Set([`EMAIL_SHA256:${sha256('ana@example.com')}`, `EMAIL_SHA256:${sha256('ananew@example.com')}`]),
  );
  expect(expectedAtTikTok([exit, first, second]).identifiers.size).toBe(0);
});

test('phones and devices are expected in the form TikTok documents', () => {
  const held = expectedAtTikTok([
    step('Audience Entered', 0, {
      phone: '+1 (202) 555-0142',
      device: { type: 'iOS', advertisingId: '5F3A2B18-9C4D-4E7F-B8E2-17D3A1E69B25' },
    }),
  ]);
  expect([...held.identifiers]).toEqual([
    `PHONE_SHA256:${sha256('+12025550142')}`,
    'IDFA_SHA256:83dc3f5f32b9472613b0f038d36f22585a609d018af6f6067f50da318bf354bd', // tiktok-api.md 8.4
  ]);
});

test('a shared phone stays while one of the two is in', () => {
  const events = demoEvents({ people: 100, startMs });
  const phones = events
    .filter(({ userId }) => userId === 'shop-57' || userId === 'shop-58')
    .map((e) => e.identifiers.phone);
  expect(new Set(phones).size).toBe(1);
  const held = expectedAtTikTok(events).identifiers;
  expect(held).toContain(`PHONE_SHA256:${sha256(`+${phones[0]?.replace(/\D/g, '')}`)}`);
});

test('people are told apart by every identifier except the shared phones', () => {
  const owners = new Map<string, Set<string>>();
  for (const { userId, identifiers } of demoEvents({ people: 20_000, startMs })) {
    for (const value of [identifiers.phone?.replace(/\D/g, ''), identifiers.device?.advertisingId.toLowerCase()]) {
      if (value === undefined || value.length < 5 || value.startsWith('00000000-')) continue;
      owners.set(value, (owners.get(value) ?? new Set()).add(userId));
    }
  }
  const shared = [...owners.values()].filter((people) => people.size > 1);
  expect(shared).toHaveLength(200); // one pair of a hundred people
  expect(shared.every((people) => people.size === 2)).toBe(true);
});

test('an event carries the audience as Engage writes it', () => {
  const [event] = demoEvents({ people: 1, startMs });
  const payload = engagePayload(event as DemoEvent, { key: 'shoppers', computationId: 'aud_x', spaceId: 'spa_x' });
  expect(payload.properties).toEqual({ audience_key: 'shoppers', shoppers: true });
  expect(payload.context.personas).toMatchObject({ computation_class: 'audience', computation_key: 'shoppers' });
});

test('the comparison names both sides', () => {
  expect(difference(new Set(['a', 'b']), new Set(['b', 'c']))).toEqual({ missing: ['a'], extra: ['c'] });
});
