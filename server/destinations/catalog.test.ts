import { expect, test } from 'vitest';
import { defaultWords } from '../../contract/catalog.ts';
import { parseFql } from '../../contract/fql-parse.ts';
import { parseMapping } from '../../contract/mapping-kit-parse.ts';
import { destinationSettingsSchema, findAction, tiktokAudiences } from './catalog.ts';

test('an empty set of settings is complete', () => {
  expect(destinationSettingsSchema.parse({})).toEqual({
    emailProfile: 'api_doc',
    phoneDefaultRegion: null,
    phoneAlsoWithoutPlus: false,
    createAudiences: true,
    batchRows: 1000,
  });
});

test('the settings that are described are those that are checked, with their defaults and choices', () => {
  const described = tiktokAudiences.settings.map(({ key, default: first }) => [key, first ?? null]);
  expect(Object.fromEntries(described)).toEqual(destinationSettingsSchema.parse({}));
  for (const { key, choices = [] } of tiktokAudiences.settings) {
    for (const { value } of choices) expect(destinationSettingsSchema.safeParse({ [key]: value }).success).toBe(true);
  }
});

test.each([
  { phoneDefaultRegion: 'XX' },
  { phoneDefaultRegion: 'us' },
  { batchRows: 10_001 },
  { emailProfile: 'none' },
  { unknown: 1 },
])('the settings %j are refused', (settings) => {
  expect(destinationSettingsSchema.safeParse(settings).success).toBe(false);
});

test('all six actions are there, each with the fields of the seed or of native audiences', () => {
  expect(tiktokAudiences.actions.map(({ slug }) => slug)).toEqual([
    'addUser',
    'removeUser',
    'createAudience',
    'addToAudience',
    'removeFromAudience',
    'syncAudience',
  ]);
  for (const { slug, fields } of tiktokAudiences.actions) {
    const keys = fields.map(({ key }) => key);
    expect(new Set(keys).size, slug).toBe(keys.length);
    if (slug === 'createAudience') continue;
    for (const key of [
      'email',
      'phone',
      'advertising_id',
      'device_type',
      'send_email',
      'send_phone',
      'send_advertising_id',
    ]) {
      expect(keys, slug).toContain(key);
    }
  }
});

test('every default trigger and every default of a field can be read', () => {
  for (const action of tiktokAudiences.actions) {
    expect(parseFql(action.defaultTrigger).ok, action.slug).toBe(true);
    for (const field of action.fields) {
      if (field.default !== undefined) expect(parseMapping(field.default).ok, `${action.slug}.${field.key}`).toBe(true);
    }
  }
});

test('every preset names an action and a trigger that can be read', () => {
  for (const preset of tiktokAudiences.presets) {
    expect(findAction(preset.actionSlug), preset.name).toBeDefined();
    expect(parseFql(preset.trigger).ok, preset.name).toBe(true);
  }
});

test('what is personal data is marked as such', () => {
  for (const { fields } of tiktokAudiences.actions) {
    for (const field of fields) {
      expect(field.category === 'hashedPII').toBe(['email', 'phone', 'advertising_id'].includes(field.key));
    }
  }
});

test('defaults are said as the mapping editor says them', () => {
  const defaults = findAction('syncAudience')?.fields.map(({ key, default: first }) => [key, defaultWords(first)]);
  expect(Object.fromEntries(defaults ?? [])).toMatchObject({
    email: 'context.traits.email, else properties.email',
    advertising_id: 'context.device.advertisingId',
    send_email: 'true',
    batch_keys: 'send_email, send_phone, send_advertising_id',
  });
  expect(defaultWords(undefined)).toBe('—');
  expect(defaultWords({ '@lowercase': { '@path': '$.x' } })).toContain('@lowercase');
});
