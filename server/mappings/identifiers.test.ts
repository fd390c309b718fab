import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { expect, test } from 'vitest';
import { sha256 } from './hash.ts';
import {
  type IdentifierProfile,
  identifierHasher,
  normaliserVersion,
  type RawIdentifiers,
  variantKey,
} from './identifiers.ts';
import { phoneNormaliser } from './phone.ts';

const defaults: IdentifierProfile = { emailProfile: 'api_doc', phoneDefaultRegion: null, phoneAlsoWithoutPlus: false };
const none: RawIdentifiers = { email: undefined, phone: undefined, advertisingId: undefined, deviceType: undefined };
const hashed = (raw: Partial<RawIdentifiers>, profile: Partial<IdentifierProfile> = {}) => {
  const { variants, left } = identifierHasher({ ...defaults, ...profile })({ ...none, ...raw });
  return { rows: variants.map((variant) => variant.hashes.map((found) => found?.toString('hex') ?? null)), left };
};

// tiktok-api.md 8.4 and segment-spec.md 7.7.
const odd = 'local-part.123+suffix@domain.com';
const ana = 'Ana.Maria+promo@Example.com';
test.each<[string, Partial<IdentifierProfile>, string]>([
  ['janedoe@gmail.com', {}, 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69'],
  [odd, {}, '8d771c407c5ac0a6d864156f7f3018b8f3b6f5ce3a6ab66ed8da18a6903f8978'],
  [odd, { emailProfile: 'plain' }, 'd4fbd45fef165cec3d84c7cd401d341b732d9a2f3292792bff930c0c4156ffae'],
  ['testing@testing.com', {}, '584c4423c421df49955759498a71495aba49b8780eb9387dff333b6f0982c777'],
  [ana, {}, '41f06daffee9f5651b587346ae4206198b2395ad4f8b461f45f820b441ea6674'],
  [`  ${ana}\n`, {}, '41f06daffee9f5651b587346ae4206198b2395ad4f8b461f45f820b441ea6674'],
  [ana, { emailProfile: 'plain' }, 'e7b0c4040235083779445d7af264466477a4867cd866e36ea5292177ff68c128'],
  [
    'ana.maria+promo@ example.com',
    { emailProfile: 'plain' },
    'e7b0c4040235083779445d7af264466477a4867cd866e36ea5292177ff68c128',
  ],
])('the e-mail %j under %j gives the published hash', (email, profile, expected) => {
  expect(hashed({ email }, profile)).toEqual({ rows: [[expected, null, null, null]], left: [] });
});

test.each<[string, Partial<IdentifierProfile>, string]>([
  ['+16577770000', {}, 'a6e82c2f4091baff57a4f33d01efb65bfbeacbbfbcfaa9d0ff9f57d28d78fedb'],
  ['+1 (555) 555-5555', {}, '910a625c4ba147b544e6bd2f267e130ae14c591b6ba9c25cb8573322dedbebd0'],
  ['(555) 555-5555', { phoneDefaultRegion: 'US' }, '910a625c4ba147b544e6bd2f267e130ae14c591b6ba9c25cb8573322dedbebd0'],
  ['+37493828222', {}, '241371e614f8650dfae0f111361c69de1bb4829a72b71bb8044daae8b2e7791d'],
])('the phone %j under %j gives the published hash', (phone, profile, expected) => {
  expect(hashed({ phone }, profile).rows).toEqual([[null, expected, null, null]]);
});

// Vectors that no profile of ours produces, as hashes only.
test.each([
  ['local-part.123@domain.com', 'f8d99c2440b2145fcdf1c5b8ed180f732156ed8335062557db31c3f2860eda24'],
  ['16577770000', '8d7bdaaf75196f351d22942fc0dd79304ffabc3eaf3339460ef9da0773e3aec2'],
  ['37493828222', '65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4'],
  ['anamaria@examplecom', '3d5280fcfa736575adf3997568a6968d6998a3a22e4a23fde11ae3e248c1bd12'],
  ['ana.maria@example.com', '412e44a5f1610d54dbf2fd1bc8761a469265d9e9c105b560e7c9781adbb0de79'],
  ['+1 (555) 555-5555', 'e5aaca26e304714083dccf6d2dbc16466e9cde94ca54feefa3dca412e2eeb74e'],
  ['15555555555', '009875cdd7e8a0abe6dc0444d693ff435599e9c68793dac5bc277066d4bc0dc3'],
  ['1234567890', 'c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646'],
])('the text %j has the published hash', (text, expected) => {
  expect(sha256(text).toString('hex')).toBe(expected);
});

const idfa = '5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25';
const idfaHash = '83dc3f5f32b9472613b0f038d36f22585a609d018af6f6067f50da318bf354bd';
test('a device id is trimmed and lower-cased, and goes under the type of its device', () => {
  expect(hashed({ advertisingId: ` ${idfa.toUpperCase()} `, deviceType: 'iOS' }).rows).toEqual([
    [null, null, idfaHash, null],
  ]);
  expect(hashed({ advertisingId: idfa, deviceType: 'android' }).rows).toEqual([[null, null, null, idfaHash]]);
  const seed = '38400000-8cf0-11bd-b23e-10b96e40000d';
  expect(hashed({ advertisingId: seed, deviceType: 'android' }).rows[0]?.[3]).toBe(
    'd4181bb455a74b3bc8b37c75ac9b2c702eb6b9930bd040b861403b31ca85634d',
  );
});

const nothing = createHash('sha256').update('').digest('hex');
const zeros = '00000000-0000-0000-0000-000000000000';
test.each<[Partial<RawIdentifiers>, string, string]>([
  [{ email: '  ' }, 'email', 'blank'],
  [{ email: 'ana' }, 'email', 'not an e-mail address'],
  [{ email: '@example.com' }, 'email', 'not an e-mail address'],
  [{ email: 'ana@' }, 'email', 'not an e-mail address'],
  [{ email: 'a@b@c.com' }, 'email', 'not an e-mail address'],
  [{ email: 'ana maria@example.com' }, 'email', 'not an e-mail address'],
  [{ email: '+tag@example.com' }, 'email', 'not an e-mail address'],
  [{ email: nothing.toUpperCase() }, 'email', 'hash of nothing'],
  [{ phone: ' ' }, 'phone', 'blank'],
  [{ phone: '5555555555' }, 'phone', 'not possible'],
  [{ phone: '+999123' }, 'phone', 'not possible'],
  [{ phone: '+12' }, 'phone', 'not possible'],
  [{ phone: 'call +16577770000 now' }, 'phone', 'not possible'],
  [{ phone: nothing }, 'phone', 'hash of nothing'],
  [{ advertisingId: ' ', deviceType: 'ios' }, 'advertising_id', 'blank'],
  [{ advertisingId: zeros, deviceType: 'ios' }, 'advertising_id', 'all zero'],
  [{ advertisingId: idfa }, 'advertising_id', 'unknown device type'],
  [{ advertisingId: idfa, deviceType: 'windows' }, 'advertising_id', 'unknown device type'],
  [{ advertisingId: '123', deviceType: 'ios' }, 'advertising_id', 'not a device id'],
  [
    { advertisingId: createHash('sha256').update(zeros).digest('hex'), deviceType: 'ios' },
    'advertising_id',
    'hash of nothing',
  ],
])('%j is left out with a reason', (raw, type, reason) => {
  expect(hashed(raw)).toEqual({ rows: [], left: [{ type, reason }] });
});

test('a value hashed already is taken as it is, but only if it is 64 hex digits and nothing else', () => {
  const hex = 'AB'.repeat(32);
  const lower = hex.toLowerCase();
  expect(hashed({ email: ` ${hex} `, phone: hex, advertisingId: hex, deviceType: 'ios' }).rows).toEqual([
    [lower, lower, lower, null],
  ]);
  expect(hashed({ email: 'g'.repeat(64) }).left).toEqual([{ type: 'email', reason: 'not an e-mail address' }]);
  expect(hashed({ email: `${hex}ab` }).left).toEqual([{ type: 'email', reason: 'not an e-mail address' }]);
  expect(hashed({ email: `${hex}@x.com` }).rows[0]?.[0]).not.toBe(lower);
});

test('both e-mail forms and the phone without plus pair up in two rows, the device only in the first', () => {
  const raw = { email: ana, phone: '+16577770000', advertisingId: idfa, deviceType: 'ios' };
  const { rows } = hashed(raw, { emailProfile: 'both', phoneAlsoWithoutPlus: true });
  expect(rows).toEqual([
    [
      '41f06daffee9f5651b587346ae4206198b2395ad4f8b461f45f820b441ea6674',
      'a6e82c2f4091baff57a4f33d01efb65bfbeacbbfbcfaa9d0ff9f57d28d78fedb',
      idfaHash,
      null,
    ],
    [
      'e7b0c4040235083779445d7af264466477a4867cd866e36ea5292177ff68c128',
      '8d7bdaaf75196f351d22942fc0dd79304ffabc3eaf3339460ef9da0773e3aec2',
      null,
      null,
    ],
  ]);
  expect(hashed({ email: 'ana@example.com' }, { emailProfile: 'both' }).rows).toHaveLength(1);
});

test('every profile has a version of its own', () => {
  const versions = (['api_doc', 'plain', 'both'] as const).flatMap((emailProfile) =>
    [false, true].map((phoneAlsoWithoutPlus) => normaliserVersion({ ...defaults, emailProfile, phoneAlsoWithoutPlus })),
  );
  expect(new Set(versions).size).toBe(6);
  expect(Math.max(...versions)).toBeLessThan(32768);
});

test('the key of a variant is made of all four places', () => {
  const some = sha256('a');
  const keys = [
    [some, null, null, null],
    [null, some, null, null],
    [null, null, some, null],
    [null, null, null, some],
    [some, some, null, null],
  ] as const;
  const texts = keys.map((hashes) => variantKey(hashes).toString('hex'));
  expect(new Set(texts).size).toBe(5);
  expect(texts.every((text) => text.length === 16)).toBe(true);
});

test('the short way for E.164 gives what libphonenumber gives', () => {
  const normalise = phoneNormaliser(null);
  const digits = fc.stringMatching(/^[0-9]{3,14}$/);
  const codes = fc.constantFrom(
    '1',
    '7',
    '20',
    '39',
    '44',
    '49',
    '52',
    '54',
    '55',
    '61',
    '81',
    '86',
    '91',
    '225',
    '354',
    '374',
    '590',
    '800',
    '979',
    '999',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        digits,
        fc.tuple(codes, digits).map((parts) => parts.join('')),
      ),
      (text) => {
        const parsed = parsePhoneNumberFromString(`+${text}`, { extract: false });
        expect(normalise(`+${text}`)).toBe(parsed?.isPossible() ? parsed.number : undefined);
      },
    ),
    { numRuns: 3000 },
  );
});
