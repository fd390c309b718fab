import { expect, test } from 'vitest';
import { defaultFields } from '../../contract/catalog.ts';
import type { MappingId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { destinationSettingsSchema, findAction } from '../destinations/catalog.ts';
import { must } from '../kernel/result.ts';
import { sha256 } from './hash.ts';
import {
  type CompiledMapping,
  compileMapping,
  type Evaluation,
  explainMapping,
  type MappingDefinition,
} from './mappings.ts';

const settings = destinationSettingsSchema.parse({});
const key = 'first_time_shopper';
const typed = { selected_advertiser_id: '7100000000000000001', personas_audience_key: key };
const ana = 'Ana.Maria+promo@Example.com';
const anaHash = '41f06daffee9f5651b587346ae4206198b2395ad4f8b461f45f820b441ea6674';
const deviceHash = 'd4181bb455a74b3bc8b37c75ac9b2c702eb6b9930bd040b861403b31ca85634d';

function define(
  actionSlug: string,
  fields: Record<string, unknown> = {},
  rest: Partial<MappingDefinition> = {},
): MappingDefinition {
  const action = findAction(actionSlug);
  const defaults = action === undefined ? {} : defaultFields(action);
  const trigger = action?.defaultTrigger ?? '';
  return {
    id: 1 as MappingId,
    name: 'M',
    actionSlug,
    trigger,
    settings: { ...defaults, ...fields },
    enabled: true,
    ...rest,
  };
}
function compiled(definition: MappingDefinition, given = settings): CompiledMapping {
  const result = compileMapping(definition, given);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
const problems = (definition: MappingDefinition) => {
  const result = compileMapping(definition, settings);
  return result.ok ? [] : result.error;
};

/** The event of segment-spec.md 2.4. */
function entered(
  change: { context?: object; properties?: object; personas?: object; type?: 'identify' } = {},
): SegmentEvent {
  const { type = 'track' } = change;
  return {
    type,
    event: 'Audience Entered',
    messageId: 'personas_1',
    userId: 'u123',
    timestamp: '2026-05-01T10:00:00.123Z',
    originalTimestamp: '2026-05-01T10:00:00.123Z',
    receivedAt: '2026-05-01T10:00:00.456Z',
    context: {
      traits: { email: ana },
      device: { advertisingId: '38400000-8cf0-11bd-b23e-10b96e40000d', type: 'android' },
      personas: {
        computation_class: 'audience',
        computation_key: key,
        audience_settings: { advertiserId: '71' },
        external_audience_id: '180012345',
        ...change.personas,
      },
      ...change.context,
    },
    properties: { audience_key: key, [key]: true, ...change.properties },
  };
}
const rows = (evaluation: Evaluation) =>
  evaluation.kind === 'people'
    ? evaluation.variants.map(({ hashes }) => hashes.map((one) => one?.toString('hex') ?? null))
    : evaluation;

test("the seed's Add Users adds the person to the audience that is named like the key", () => {
  const mapping = compiled(define('addUser', typed));
  expect(mapping.action).toBe('add');
  expect(mapping.matches(entered())).toBe(true);
  const evaluation = mapping.evaluate(entered());
  expect(evaluation).toMatchObject({
    kind: 'people',
    direction: 'add',
    target: { advertiserId: '7100000000000000001', audience: { by: 'name', name: key } },
    left: [],
  });
  expect(rows(evaluation)).toEqual([[anaHash, null, null, deviceHash]]);
});

test('Remove Users removes, whatever the boolean says', () => {
  const mapping = compiled(define('removeUser', typed));
  expect(mapping.action).toBe('remove');
  expect(mapping.matches(entered())).toBe(false);
  expect(mapping.evaluate(entered())).toMatchObject({ kind: 'people', direction: 'remove' });
});

test('an event of another audience is filtered silently, whatever its fields hold', () => {
  const mapping = compiled(define('addUser', typed));
  const other = entered({ personas: { computation_key: 'other' }, context: { traits: { email: {} } } });
  expect(mapping.evaluate(entered({ personas: { computation_key: 'other' } }))).toEqual({
    kind: 'filtered',
    reason: 'audience key differs',
  });
  expect(
    mapping.evaluate({ ...other, context: { ...other.context, personas: { computation_key: 'other' } } }).kind,
  ).toBe('filtered');
});

test("the typed key is compared with the event's own, also where the name is a literal", () => {
  const mapping = compiled(define('addUser', { ...typed, custom_audience_name: key }));
  expect(mapping.evaluate(entered({ personas: { computation_key: 'other' } })).kind).toBe('filtered');
});

test('a direct event has no key of its own: the resolved name is compared instead', () => {
  const mapping = compiled(define('addUser', typed));
  expect(mapping.evaluate(entered({ context: { personas: undefined } })).kind).toBe('people');
  expect(mapping.evaluate(entered({ context: { personas: undefined }, properties: { audience_key: 'x' } })).kind).toBe(
    'filtered',
  );
});

test('an audience ID wins over the name, and the key is asked for all the same', () => {
  const mapping = compiled(define('addUser', { ...typed, audience_id: ' 180012345 ' }));
  expect(mapping.evaluate(entered())).toMatchObject({ target: { audience: { by: 'id', id: '180012345' } } });
  expect(mapping.evaluate(entered({ personas: { computation_key: 'other' } })).kind).toBe('filtered');
});

test('one native mapping takes advertiser and audience from the event', () => {
  const mapping = compiled(define('addToAudience'));
  expect(mapping.evaluate(entered())).toMatchObject({
    target: { advertiserId: '71', audience: { by: 'id', id: '180012345' } },
  });
  const unresolved = mapping.evaluate(entered({ personas: { external_audience_id: undefined } }));
  expect(unresolved).toMatchObject({ target: { audience: { by: 'name', name: key } } });
  const literal = compiled(define('addToAudience', { advertiser_id: '72', custom_audience_name: 'Buyers' }));
  expect(literal.evaluate(entered({ context: { personas: undefined } }))).toMatchObject({
    target: { advertiserId: '72', audience: { by: 'name', name: 'Buyers' } },
  });
});

test.each<[unknown, string]>([
  [true, 'add'],
  [false, 'remove'],
  ['true', 'add'],
  ['false', 'remove'],
])('Sync Audience takes its direction from the membership %j', (value, direction) => {
  expect(compiled(define('syncAudience')).evaluate(entered({ properties: { [key]: value } }))).toMatchObject({
    direction,
  });
});

test('Sync Audience without a membership boolean says so', () => {
  const mapping = compiled(define('syncAudience'));
  for (const value of [undefined, 1, 'yes', null]) {
    expect(mapping.evaluate(entered({ properties: { [key]: value } }))).toMatchObject({
      kind: 'invalid',
      reason: expect.stringContaining('membership'),
    });
  }
  const identify = { ...entered({ type: 'identify' }), traits: { [key]: false } };
  expect(mapping.evaluate(identify)).toMatchObject({ direction: 'remove' });
});

test("Create Audience changes nobody's membership", () => {
  const mapping = compiled(define('createAudience', { selected_advertiser_id: '71', custom_audience_name: 'x' }));
  expect(mapping.action).toBe('none');
  expect(mapping.evaluate(entered()).kind).toBe('filtered');
});

test('a person with only a phone is sent', () => {
  const mapping = compiled(define('addToAudience'));
  const evaluation = mapping.evaluate(entered({ context: { traits: { phone: '+16577770000' }, device: {} } }));
  expect(rows(evaluation)).toEqual([
    [null, 'a6e82c2f4091baff57a4f33d01efb65bfbeacbbfbcfaa9d0ff9f57d28d78fedb', null, null],
  ]);
});

test('nobody usable is no error and tells why, without the values', () => {
  const mapping = compiled(define('addToAudience', { send_advertising_id: false }));
  const evaluation = mapping.evaluate(entered({ context: { traits: { email: ' ', phone: '555-0199' } } }));
  expect(evaluation).toEqual({
    kind: 'nobody',
    direction: 'add',
    target: { advertiserId: '71', audience: { by: 'id', id: '180012345' } },
    reason: 'no usable identifier: e-mail blank, phone not possible, device id switched off',
    left: [
      { type: 'email', reason: 'blank' },
      { type: 'phone', reason: 'not possible' },
    ],
  });
});

test('a flag that is off keeps its identifier in; one that resolves to nothing is off; one never mapped is on', () => {
  const flags = { send_email: { '@path': '$.context.consent.email' } };
  const asked = compiled(define('addToAudience', flags));
  expect(rows(asked.evaluate(entered()))).toEqual([[null, null, null, deviceHash]]);
  expect(rows(asked.evaluate(entered({ context: { consent: { email: true } } })))).toEqual([
    [anaHash, null, null, deviceHash],
  ]);
  const definition = define('addToAudience');
  const { send_email: _, ...without } = definition.settings;
  expect(rows(compiled({ ...definition, settings: without }).evaluate(entered()))).toEqual([
    [anaHash, null, null, deviceHash],
  ]);
});

test('fields are coerced: a phone may be a number, a flag a text', () => {
  const mapping = compiled(define('addToAudience', { send_email: 'false' }), { ...settings, phoneDefaultRegion: 'US' });
  const evaluation = mapping.evaluate(entered({ context: { traits: { email: ana, phone: 6577770000 }, device: {} } }));
  expect(rows(evaluation)).toEqual([[null, sha256('+16577770000').toString('hex'), null, null]]);
});

test('an event that makes a field impossible is invalid with the field named, and throws nothing', () => {
  const mapping = compiled(define('addToAudience'));
  const evaluation = mapping.evaluate(entered({ context: { traits: { email: { secret: ana } } } }));
  expect(evaluation).toEqual({
    kind: 'invalid',
    reason: 'email should be a string',
    problems: [{ field: 'email', message: 'should be a string' }],
  });
  const dynamic = compiled(define('addToAudience', { email: { '@path': { '@path': '$.nope' } } }));
  expect(dynamic.evaluate(entered()).kind).toBe('invalid');
  let deep: unknown = 'x';
  for (let level = 0; level < 20_000; level += 1) deep = [deep];
  const encoded = compiled(
    define('addToAudience', { email: { '@json': { mode: 'encode', value: { '@path': '$.properties.deep' } } } }),
  );
  expect(encoded.evaluate(entered({ properties: { deep } })).kind).toBe('invalid');
});

test.each<[object, string]>([
  [{ selected_advertiser_id: { '@path': '$.nope' } }, 'advertiser is missing'],
  [{ custom_audience_name: { '@path': '$.nope' } }, 'audience is missing'],
  [{ custom_audience_name: 'x'.repeat(71) }, 'has 71 characters; TikTok takes 1 to 70'],
])('a target that cannot be is told: %j', (fields, words) => {
  expect(compiled(define('addUser', { ...typed, ...fields })).evaluate(entered())).toMatchObject({
    kind: 'invalid',
    reason: expect.stringContaining(words),
  });
});

test('a name of 70 characters counts characters, not code units', () => {
  const name = '😀'.repeat(70);
  expect(
    compiled(define('addUser', { ...typed, custom_audience_name: ` ${name} ` })).evaluate(entered()),
  ).toMatchObject({ target: { audience: { name } } });
});

test.each<[string, MappingDefinition, string, string]>([
  ['an unknown action', define('addUsers'), 'actionSlug', 'there is no action "addUsers"'],
  [
    'a trigger that cannot be read',
    define('addUser', typed, { trigger: 'event = "a" AND type = "b"' }),
    'trigger',
    'write "and" in lower case instead of "AND" (at character 13)',
  ],
  [
    'a directive that cannot be',
    define('addUser', { ...typed, email: { '@replace': { pattern: '12345678901', value: 'a' } } }),
    '/email/@replace/pattern',
    '10 or less',
  ],
  [
    'a Liquid template that cannot be',
    define('addUser', { ...typed, email: { '@liquid': '{% for a in b %}{% endfor %}' } }),
    '/email/@liquid',
    'tag "for" is disabled',
  ],
  ['an unknown field', define('addUser', { ...typed, e_mail: 'x' }), 'e_mail', 'is no field of Add Users'],
  [
    'a required field that is missing',
    define('addUser', { personas_audience_key: key }),
    'selected_advertiser_id',
    'is required',
  ],
  [
    'a required field that is blank',
    define('addUser', { ...typed, personas_audience_key: ' ' }),
    'personas_audience_key',
    'is required',
  ],
  [
    'a name that is blank, with no audience ID',
    define('addUser', { ...typed, custom_audience_name: '' }),
    'custom_audience_name',
    'is required',
  ],
  [
    'a key that is no literal',
    define('addUser', { ...typed, personas_audience_key: { '@path': '$.properties.audience_key' } }),
    'personas_audience_key',
    'must be typed in',
  ],
  [
    'a literal of another type',
    define('addUser', { ...typed, send_email: 'yes' }),
    'send_email',
    'should be a boolean',
  ],
  ['an object where a text belongs', define('addUser', { ...typed, email: { a: 1 } }), 'email', 'should be a string'],
  [
    'all flags off',
    define('addToAudience', { send_email: false, send_phone: false, send_advertising_id: 'false' }),
    'send_email',
    'nothing would be sent',
  ],
])('saving %s is refused at its place', (_, definition, field, words) => {
  expect(problems(definition)).toContainEqual({ field, message: expect.stringContaining(words) });
});

test('several problems are told at once', () => {
  const found = problems(define('addUser', { e_mail: 1 }, { trigger: '' })).map(({ field }) => field);
  expect(found).toEqual(['trigger', 'e_mail', 'selected_advertiser_id', 'personas_audience_key']);
});

test("a blank name is fine beside an audience ID, and Segment's bookkeeping keys are let through", () => {
  const fields = { ...typed, custom_audience_name: '', audience_id: '1', __segment_internal_sync_mode: 'add' };
  expect(problems(define('addUser', fields))).toEqual([]);
});

test('one directive may make all fields of a native action', () => {
  const merged = {
    '@merge': {
      direction: 'right',
      objects: [defaultFields(must(findAction('addToAudience'), 'action')), { advertiser_id: '73' }],
    },
  };
  const mapping = compiled({ ...define('addToAudience'), settings: merged });
  expect(mapping.evaluate(entered())).toMatchObject({ kind: 'people', target: { advertiserId: '73' } });
  expect(problems({ ...define('addUser'), settings: merged })).toMatchObject([{ field: 'personas_audience_key' }]);
});

test('I13: what Test Mapping shows holds hashes and the request, and no plain identifier', () => {
  const mapping = compiled(
    define('addToAudience', {
      device_type: { '@template': '{{context.device.type}}' },
      custom_audience_name: { '@template': 'x {{context.traits.phone}}' },
    }),
  );
  const phone = '+16577770000';
  const explanation = explainMapping(mapping, entered({ context: { traits: { email: ana, phone } } }));
  expect(explanation.matched).toBe(true);
  expect(explanation.fields).toContainEqual({ key: 'email', label: 'User Email', value: 'A***', hashes: [anaHash] });
  expect(explanation.request).toEqual({
    advertiser_ids: ['71'],
    action: 'add',
    id_schema: ['EMAIL_SHA256', 'PHONE_SHA256', 'AAID_SHA256'],
    batch_data: [
      [anaHash, sha256(phone).toString('hex'), deviceHash].map((id) => ({ id, audience_ids: ['180012345'] })),
    ],
  });
  const text = JSON.stringify(explanation).toLowerCase();
  for (const plain of [ana.toLowerCase(), 'anamaria', 'example.com', '6577770000', '38400000-8cf0'])
    expect(text).not.toContain(plain);
});
