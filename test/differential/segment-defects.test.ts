/**
 * What Segment's TikTok destination gets wrong and Usher does not (segment-spec.md 7.8), as far as it shows without a
 * server. The rest stands in test/flows/segment-defects.test.ts; docs/segment-differences.md lists all thirty.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultFields } from '../../contract/catalog.ts';
import type { MappingId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { checkSettings, findAction } from '../../server/destinations/destinations.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { Secret } from '../../server/kernel/secret.ts';
import { type CompiledMapping, compileMapping, type Evaluation } from '../../server/mappings/mappings.ts';
import { codeMeaning, createTikTok } from '../../server/tiktok/tiktok.ts';
import { apiBase, endpoints, paths } from '../../server/tiktok/wire.ts';
import { subscriptions } from './segment.ts';

const key = 'first_time_shopper';
const advertiser = '7100000000000000001';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** An event as Engage emits it (segment-spec.md 2.4); the person is invented. */
function entered(traits: object, more: { device?: object; properties?: object; personas?: object } = {}): SegmentEvent {
  const time = '2026-05-01T10:00:00.000Z';
  const personas = { computation_class: 'audience', computation_key: key, ...more.personas };
  return {
    type: 'track',
    event: 'Audience Entered',
    messageId: 'personas_1',
    userId: 'u1',
    timestamp: time,
    originalTimestamp: time,
    receivedAt: time,
    context: { traits, personas, ...(more.device ? { device: more.device } : {}) },
    properties: { audience_key: key, [key]: true, ...more.properties },
  };
}

interface Given {
  readonly fields?: Record<string, unknown>;
  readonly without?: readonly string[];
  readonly trigger?: string;
  readonly settings?: Record<string, unknown>;
}

function mapping(
  actionSlug: string,
  { fields = {}, without = [], trigger, settings = {} }: Given = {},
): CompiledMapping {
  const action = must(findAction(actionSlug), 'an action of the catalog');
  const destination = checkSettings('actions-tiktok-audiences', settings);
  if (!destination.ok) throw new Error(JSON.stringify(destination.error));
  const all = Object.entries({ ...defaultFields(action), ...fields }).filter(([name]) => !without.includes(name));
  const definition = {
    id: 1 as MappingId,
    name: 'Add Users',
    actionSlug,
    trigger: trigger ?? action.defaultTrigger,
    settings: Object.fromEntries(all),
    enabled: true,
  };
  const compiled = compileMapping(definition, destination.value);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}
/** The seed's Add Users. */
const addUsers = (given: Given = {}): CompiledMapping =>
  mapping('addUser', {
    ...given,
    fields: { selected_advertiser_id: advertiser, personas_audience_key: key, ...given.fields },
  });

/** The rows that would go to TikTok: hashes of e-mail, phone, iOS id, Android id. */
function rows(evaluation: Evaluation): (string | null)[][] {
  if (evaluation.kind !== 'people') throw new Error(JSON.stringify(evaluation));
  return evaluation.variants.map(({ hashes }) => hashes.map((hash) => hash?.toString('hex') ?? null));
}

test('defect 1: a person with only a phone is sent', () => {
  const made = addUsers().evaluate(entered({ phone: '+15555555555' }));
  expect(rows(made)).toEqual([[null, sha256('+15555555555'), null, null]]);
});

test('defect 5: codes that will pass are waited for, a dead token asks for a consent, and only a real no is a no', () => {
  const waits = ['throttle', 'throttle-advertiser', 'throttle-long', 'retry', 'retry-slow'];
  for (const code of [40016, 40100, 40133, 40202, 50000, 50002, 51305, 60001, 61000])
    expect(waits, `${code}`).toContain(codeMeaning(code).class);
  expect([40102, 40105].map((code) => codeMeaning(code).class)).toEqual(['reauth', 'reauth']);
  // A call without a token is our own mistake: it pauses the destination too, and loses nobody.
  expect(codeMeaning(40104).class).toBe('config');
  expect(codeMeaning(20001).class).toBe('partial');
  expect(codeMeaning(40002).class).toBe('drop');
});

test('defect 9: an Android id goes under AAID, an iOS id under IDFA, and the id of nobody not at all', () => {
  const advertisingId = ' AB12CD34-8CF0-11BD-B23E-10B96E40000D ';
  const hash = sha256(advertisingId.trim().toLowerCase());
  const at = (type: string | undefined, id = advertisingId) =>
    addUsers().evaluate(entered({}, { device: { advertisingId: id, ...(type ? { type } : {}) } }));
  expect(rows(at('Android'))).toEqual([[null, null, null, hash]]);
  expect(rows(at('ios'))).toEqual([[null, null, hash, null]]);
  expect(at('roku')).toMatchObject({ left: [{ type: 'advertising_id', reason: 'unknown device type' }] });
  expect(at('ios', '00000000-0000-0000-0000-000000000000')).toMatchObject({
    kind: 'nobody',
    left: [{ type: 'advertising_id', reason: 'all zero' }],
  });
});

test('defect 10: an address is trimmed, a hash is recognised before anything is cut, and the rule can be chosen', () => {
  const email = '  Ana.Maria+promo@Example.com\n';
  const byRule = (emailProfile: string) => rows(addUsers({ settings: { emailProfile } }).evaluate(entered({ email })));
  // segment-spec.md 7.7
  const [apiDoc, plain] = [
    '41f06daffee9f5651b587346ae4206198b2395ad4f8b461f45f820b441ea6674',
    'e7b0c4040235083779445d7af264466477a4867cd866e36ea5292177ff68c128',
  ];
  expect(byRule('api_doc')).toEqual([[apiDoc, null, null, null]]);
  expect(byRule('plain')).toEqual([[plain, null, null, null]]);
  expect(byRule('both').map(([hash]) => hash)).toEqual([apiDoc, plain]);
  expect(rows(addUsers().evaluate(entered({ email: ` ${apiDoc.toUpperCase()} ` })))).toEqual([
    [apiDoc, null, null, null],
  ]);
  // A digest in base64 is no address: Segment lower-cases and hashes it; here it is left out and told.
  const digest = createHash('sha256').update(plain).digest('base64');
  expect(addUsers().evaluate(entered({ email: digest }))).toMatchObject({
    kind: 'nobody',
    left: [{ type: 'email', reason: 'not an e-mail address' }],
  });
  const versions = ['api_doc', 'plain', 'both'].map((emailProfile) => {
    const made = addUsers({ settings: { emailProfile } }).evaluate(entered({ email }));
    return made.kind === 'people' && made.variants[0]?.normaliser;
  });
  expect(new Set(versions).size).toBe(3);
});

test('defect 11: a phone is brought to E.164 before it is hashed, and what is no phone is left out', () => {
  const typed = '+1 (555) 555-5555';
  // segment-spec.md 7.7: as typed, which matches nobody, and in E.164.
  const [asTyped, e164] = [
    'e5aaca26e304714083dccf6d2dbc16466e9cde94ca54feefa3dca412e2eeb74e',
    '910a625c4ba147b544e6bd2f267e130ae14c591b6ba9c25cb8573322dedbebd0',
  ];
  expect(sha256(typed)).toBe(asTyped);
  expect(rows(addUsers().evaluate(entered({ phone: typed })))).toEqual([[null, e164, null, null]]);
  const inRegion = addUsers({ settings: { phoneDefaultRegion: 'US' } });
  expect(rows(inRegion.evaluate(entered({ phone: '(555) 555-5555' })))).toEqual([[null, e164, null, null]]);
  for (const phone of ['(555) 555-5555', 'call me', '+1 555']) {
    expect(addUsers().evaluate(entered({ phone }))).toMatchObject({
      left: [{ type: 'phone', reason: 'not possible' }],
    });
  }
});

test('defect 12: only 64 hex digits and nothing else count as hashed, in lower case on the way out', () => {
  const hash = sha256('ana@example.com');
  const device = { advertisingId: ` ${hash.toUpperCase()} `, type: 'ios' };
  const whole = entered({ email: `\t${hash}`, phone: hash.toUpperCase() }, { device });
  expect(rows(addUsers().evaluate(whole))).toEqual([[hash, hash, hash, null]]);
  const sha512 = createHash('sha512').update('ana@example.com').digest('hex');
  for (const inside of [sha512, `x${hash}`, `${hash}0`, `sha256:${hash}`]) {
    const part = entered({ email: inside, phone: inside }, { device: { advertisingId: inside, type: 'ios' } });
    expect(addUsers().evaluate(part)).toMatchObject({ kind: 'nobody' });
  }
});

test('defect 13: a blank identifier is a missing one, never an empty id', () => {
  const blank = entered({ email: '  ', phone: '' }, { device: { advertisingId: '\t', type: 'ios' } });
  expect(addUsers().evaluate(blank)).toMatchObject({ kind: 'nobody' });
  const made = addUsers().evaluate(entered({ email: 'ana@example.com', phone: ' ' }));
  expect(rows(made)).toEqual([[sha256('ana@example.com'), null, null, null]]);
  // The hash of nothing, which others send for a blank, is nobody either.
  expect(addUsers().evaluate(entered({ email: sha256('') }))).toMatchObject({ kind: 'nobody' });
});

test('defect 14: a mapping without the send flags sends, and a row needs an identifier that is switched on', () => {
  const person = entered({ email: 'ana@example.com', phone: '+15555555555' });
  const old = addUsers({ without: ['send_email', 'send_phone', 'send_advertising_id'] });
  expect(rows(old.evaluate(person))).toEqual([[sha256('ana@example.com'), sha256('+15555555555'), null, null]]);
  const withoutEmail = addUsers({ fields: { send_email: false } });
  expect(withoutEmail.evaluate(entered({ email: 'ana@example.com' }))).toMatchObject({
    kind: 'nobody',
    reason: expect.stringContaining('e-mail switched off'),
  });
  const off = { send_email: false, send_phone: false, send_advertising_id: false };
  expect(() => addUsers({ fields: off })).toThrow('nothing would be sent');
});

test('defect 16: an event without audience settings never falls into another kind of mapping', () => {
  const native = mapping('addToAudience');
  const made = (personas: object) => native.evaluate(entered({ email: 'ana@example.com' }, { personas }));
  for (const audience_settings of [{}, { advertiserId: '' }, null]) {
    expect(made({ audience_settings })).toMatchObject({
      kind: 'invalid',
      reason: expect.stringContaining('no ad account is chosen'),
    });
  }
  expect(made({ audience_settings: { advertiserId: advertiser } })).toMatchObject({
    kind: 'people',
    target: { advertiserId: advertiser },
  });
});

test('defect 24: fields are cleaned one way only, and "true" is a membership', () => {
  const sync = mapping('syncAudience', { fields: { advertiser_id: advertiser } });
  const member = (value: unknown) =>
    sync.evaluate(entered({ email: 'ana@example.com' }, { properties: { [key]: value } }));
  expect(member('true')).toMatchObject({ kind: 'people', direction: 'add' });
  expect(member('false')).toMatchObject({ kind: 'people', direction: 'remove' });
  // An event without one is that event's fault alone: it is told, and nothing is thrown.
  expect(member(1)).toMatchObject({ kind: 'invalid' });
  const empty = addUsers({ fields: { selected_advertiser_id: { '@path': '$.properties.account' } } });
  const made = empty.evaluate(entered({ email: 'ana@example.com' }, { properties: { account: '' } }));
  expect(made).toMatchObject({ kind: 'invalid', reason: expect.stringContaining('no ad account is chosen') });
});

test('defect 25: one pair of mappings serves any number of audiences', () => {
  const native = mapping('addToAudience', { fields: { advertiser_id: advertiser } });
  const names = Array.from({ length: 60 }, (_, i) => `audience_${i}`).map((name) => {
    const personas = { computation_key: name };
    const made = native.evaluate(entered({ email: 'ana@example.com' }, { personas }));
    return made.kind === 'people' && made.target.audience.by === 'name' && made.target.audience.name;
  });
  expect(new Set(names).size).toBe(60);
  expect(names).toContain('audience_59');
});

test("defect 28: every path is TikTok's own, with its slash at the end", () => {
  expect(apiBase).toBe('/open_api/v1.3');
  for (const endpoint of endpoints) expect(paths[endpoint]).toMatch(/^\/[a-z_0-9/]+\/$/);
  expect(paths.audienceGet).toBe('/dmp/custom_audience/get/');
});

/** segment-spec.md 6.4: trigger, what Segment's library says, what is right. Undefined at Segment: it throws. */
const measured: [trigger: string, segment: boolean | undefined, right: boolean][] = [
  ['event = "Audience Entered"', true, true],
  ['properties.price = "100"', false, false],
  ['properties.vip != true', true, false],
  ['match(event,"A*ed")', false, true],
  ['event="a" and event="b" or type="track"', true, true],
  ['event="a" or type="track" and event="b"', false, false],
  ['event="Audience Entered" or type="identify" and event="b"', false, true],
  ['type="identify" and (contains(event,"A") or event="zz")', true, false],
  ['!(type="track")', true, false],
  ["type='track'", false, true],
  ['type="track" and ((event="a") or (event="b"))', undefined, false],
  ['messageId="personas_1"', undefined, true],
];

test.each(measured)('defect 29: the trigger %s means what it says', (trigger, segment, right) => {
  const properties = { vip: true, price: 100, s: '100', coupon: null, 'my key': 'v', list: ['a', 'b'] };
  const event = { ...entered({}), properties, traits: { age: 30 } };
  expect(addUsers({ trigger }).matches(event)).toBe(right);
  const theirs = (): boolean => subscriptions.validate(subscriptions.parseFql(trigger), event);
  if (segment === undefined) expect(asked(theirs)).toBe(false);
  else expect(theirs()).toBe(segment);
});

test('defect 29: a trigger that cannot be read is refused when it is saved', () => {
  for (const trigger of ['', 'event = "E" or', 'type = "track" event = "E"', 'type="track" AND event="no"']) {
    expect(() => addUsers({ trigger })).toThrow('"field":"trigger"');
  }
});

test('defect 30: the client to TikTok refuses to send a row without an identifier', async () => {
  const settings = {
    appId: '1',
    appSecret: new Secret('s'),
    apiUrl: 'http://127.0.0.1:9',
    authUrl: '',
    timeoutMs: 1_000,
  };
  const tiktok = createTikTok({ settings, clock: systemClock, random: systemRandom, log: silentLog });
  const call = { token: new Secret('t') };
  const batch = { advertiserId: advertiser, action: 'add', schema: [0, 1] } as const;
  const send = async (hashes: (Buffer | null)[], audienceIds = ['1']) =>
    tiktok.mapping(call, { ...batch, rows: [{ audienceIds, hashes }] });
  await expect(send([null, null])).rejects.toThrow('a row has at least one identifier');
  await expect(send([Buffer.alloc(0), null])).rejects.toThrow('an identifier is a SHA-256');
  await expect(send([Buffer.alloc(32, 1)])).rejects.toThrow('a row has one place for each id type');
  await expect(send([Buffer.alloc(32, 1), null], [])).rejects.toThrow('a row names an audience');
  await tiktok.close();
});

const asked = (ask: () => boolean): boolean => {
  try {
    return ask();
  } catch {
    return false;
  }
};

/** The document is a table: number, Segment's defect, what Usher does, the tests with their file. */
const place = /`(defect (\d+): [^`]+)` \(`([^`]+\.test\.ts)`\)/g;

test('docs/segment-differences.md names all thirty defects, each with a test that exists', () => {
  const text = readFileSync(new URL('../../docs/segment-differences.md', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  expect(lines.map((line) => Number(line.split('|')[1]))).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  for (const line of lines) {
    const number = line.split('|')[1]?.trim();
    const named = [...line.matchAll(place)];
    expect({ number, named: named.length > 0 }).toEqual({ number, named: true });
    for (const [, title = '', of, file = ''] of named) {
      expect(of).toBe(number);
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').replaceAll("\\'", "'");
      expect(titlesOf(source), `${file} has the test`).toContain(title);
    }
  }
});

/** Titles of `test(…)` and `test.each(…)(…)`. */
const titlesOf = (source: string): string[] =>
  [...source.matchAll(/^test(?:\.each[^\n]*)?\((['"])(.*?)\1, /gm)].map(([, , title = '']) => title);
