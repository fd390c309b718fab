import { expect, test } from 'vitest';
import { checkRequest, type RequestSetting } from './check-request.ts';
import { defaultLimits } from './limits.ts';

const setting: RequestSetting = {
  shape: { kind: 'batch' },
  kind: 'server',
  receivedUs: Date.parse('2026-05-01T10:00:00Z') * 1_000,
  limits: defaultLimits,
  newMessageId: () => 'made-up',
};
const check = (value: unknown, change: Partial<RequestSetting> = {}) => {
  const text = JSON.stringify(value);
  return checkRequest({ value: JSON.parse(text), bytes: text.length, escapes: true }, { ...setting, ...change });
};
const track = { type: 'track', event: 'Ordered', userId: 'u1', messageId: 'm1' };
const reasonOf = (item: Record<string, unknown>) => check({ batch: [item] }).failures.map((f) => f.reason)[0];

test.each<[string, Record<string, unknown>]>([
  ['no_user_anon_id', { ...track, userId: undefined }],
  ['no_user_anon_id', { ...track, userId: '  ' }],
  ['event_not_defined', { ...track, event: undefined }],
  ['event_not_defined', { ...track, event: '' }],
  ['event_not_string', { ...track, event: 5 }],
  ['properties_not_object', { ...track, properties: ['a'] }],
  ['traits_not_object', { type: 'identify', userId: 'u', traits: 'x' }],
  ['name_not_string', { type: 'page', userId: 'u', name: 1 }],
  ['category_not_string', { type: 'screen', userId: 'u', category: {} }],
  ['id_required', { type: 'alias', userId: 'u' }],
  ['id_required', { type: 'group', userId: 'u' }],
  ['id_not_string', { ...track, userId: 17 }],
  ['consent_categorypreferences_should_exist', { ...track, context: { consent: { version: 2 } } }],
  [
    'consent_categorypreferences_fields_should_be_object',
    { ...track, context: { consent: { categoryPreferences: [] } } },
  ],
  [
    'consent_categorypreferences_fields_should_be_bool',
    { ...track, context: { consent: { categoryPreferences: { ads: 'yes' } } } },
  ],
  ['consent_version_should_be_number', { ...track, context: { consent: { categoryPreferences: {}, version: '2' } } }],
  ['device_advertisingid_should_be_string', { ...track, context: { device: { advertisingId: 4 } } }],
  ['bad_request', { ...track, type: 'delete' }],
  ['bad_request', { ...track, messageId: 'm'.repeat(101) }],
  ['bad_request', { ...track, context: 'x' }],
  ['bad_request', { ...track, properties: { long: 'x'.repeat(33_000) } }],
  [
    'bad_request',
    { type: 'identify', userId: 'u', traits: Object.fromEntries(Array.from({ length: 301 }, (_, i) => [`t${i}`, 1])) },
  ],
])('an event is refused as %s, and its neighbours are kept', (reason, item) => {
  const checked = check({ batch: [track, item, { ...track, messageId: 'm2' }] });
  expect(checked.failures.map((f) => f.reason)).toEqual([reason]);
  expect(checked.events.map((e) => e.event.messageId)).toEqual(['m1', 'm2']);
  expect(checked.batchReason).toBe('multi_user_error');
  expect(JSON.stringify(checked.failures)).not.toContain('u1');
});

test('an empty batch, a batch of bad events only and a batch that is too long each have their reason', () => {
  expect(check({ batch: [] }).failures.map((f) => f.reason)).toEqual(['empty_batch']);
  expect(check({ batch: [5, null] })).toMatchObject({ events: [], batchReason: 'empty_batch_result' });
  const long = check({ batch: Array.from({ length: 2_501 }, () => track) });
  expect(long.failures).toMatchObject([{ reason: 'bad_request', count: 2_501 }]);
  expect(check({ hello: 1 }).failures.map((f) => f.reason)).toEqual(['bad_request']);
});

test('allowed: an empty consent, blank optional fields, a messageId of 100 characters', () => {
  expect(reasonOf({ ...track, context: { consent: {} } })).toBeUndefined();
  expect(reasonOf({ ...track, properties: null, anonymousId: null })).toBeUndefined();
  expect(reasonOf({ ...track, messageId: 'm'.repeat(100) })).toBeUndefined();
});

test('what the batch says goes into every item, whose own word wins; the write key and diagnostics go', () => {
  const { events } = check({
    context: { ip: '1.2.3.4', locale: 'de' },
    integrations: { All: false, 'TikTok Audiences': true },
    sentAt: '2026-05-01T10:00:00Z',
    batch: [
      {
        ...track,
        messageId: undefined,
        writeKey: 'K',
        _metadata: {},
        timestamp: '2026-05-01T09:00:00Z',
        context: { locale: 'en' },
        integrations: { All: true },
      },
    ],
  });
  expect(events[0]?.event).toMatchObject({
    messageId: 'made-up',
    context: { ip: '1.2.3.4', locale: 'en' },
    integrations: { All: true, 'TikTok Audiences': true },
    timestamp: '2026-05-01T09:00:00.000Z',
    receivedAt: '2026-05-01T10:00:00.000Z',
  });
  expect(events[0]?.event).not.toHaveProperty('writeKey');
  expect(events[0]?.event).not.toHaveProperty('_metadata');
});

test('rule 4: a membership from a browser or an app is taken out, from a server or a webhook it stays', () => {
  const claim = { ...track, context: { personas: { computation_key: 'vip' }, locale: 'en' } };
  for (const kind of ['website', 'mobile'] as const) {
    const [event] = check({ batch: [claim] }, { kind }).events;
    expect(event).toMatchObject({ membershipRemoved: true });
    expect(event?.event.context).toEqual({ locale: 'en' });
  }
  for (const kind of ['server', 'webhook'] as const)
    expect(check({ batch: [claim] }, { kind }).events[0]?.event.context).toHaveProperty('personas');
  const named = { ...track, properties: { audience_key: 'vip', vip: true, plan: 'free' } };
  const [nameless] = check({ batch: [named] }, { kind: 'website' }).events;
  expect(nameless).toMatchObject({ membershipRemoved: true });
  expect(nameless?.event.properties).toEqual({ vip: true, plan: 'free' });
  expect(check({ batch: [named] }, { kind: 'server' }).events[0]?.event.properties).toEqual(named.properties);
  const shared = check({ batch: [track], context: { personas: {} } }, { kind: 'website' });
  expect(shared.events[0]?.event.context).toEqual({});
});

test('a single endpoint gives the type; a webhook brings one event or many', () => {
  const single = check({ ...track, type: 'page' }, { shape: { kind: 'single', type: 'track' } });
  expect(single.events[0]?.event.type).toBe('track');
  expect(check(track, { shape: { kind: 'forwarded' } }).events).toHaveLength(1);
  expect(check([track, track], { shape: { kind: 'forwarded' } }).events).toHaveLength(2);
});
