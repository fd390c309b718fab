import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FieldDefinition, FieldType } from '../../contract/catalog.ts';
import { fieldCleaner } from './fields.ts';

const definition = (type: FieldType, multiple = false): FieldDefinition => ({
  key: 'f',
  label: 'F',
  description: '',
  type,
  required: false,
  multiple,
});

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      '0',
      '1',
      'true',
      'false',
      'null',
      '5.5',
      ' 7 ',
      '1e3',
      '0x10',
      'abc',
      0,
      1,
      -1.5,
      2,
      true,
      false,
      null,
    ),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 2 }),
  ),
})).value;

const types: FieldType[] = ['string', 'number', 'integer', 'boolean'];

/** Segment's order: removeEmptyValues at the root, then AJV with coerceTypes 'array' (segment-spec.md 4.3). */
function segmentCleaner(type: FieldType, multiple: boolean): (value: unknown) => { ok: boolean; value?: unknown } {
  const f = multiple ? { type: 'array', items: { type } } : { type };
  const ajv = new Ajv({ coerceTypes: 'array', allErrors: true, removeAdditional: true });
  const validate = ajv.compile({ type: 'object', properties: { f }, additionalProperties: false });
  return (value) => {
    if (value === null || value === '') return { ok: true };
    const isEmpty = (item: unknown): boolean => item === null || (item === '' && type !== 'string');
    const cleaned = multiple && Array.isArray(value) ? value.filter((item) => !isEmpty(item)) : value;
    const object: { f?: unknown } = { f: multiple && !Array.isArray(cleaned) ? [cleaned] : cleaned };
    return validate(object) ? { ok: true, value: object.f } : { ok: false };
  };
}

test.each(
  types.flatMap(
    (type) =>
      [
        [type, false],
        [type, true],
      ] as const,
  ),
)('a %s field (multiple: %s) is coerced as AJV coerces it', (type, multiple) => {
  const clean = fieldCleaner(definition(type, multiple));
  const bySegment = segmentCleaner(type, multiple);
  fc.assert(
    fc.property(json, (value) => {
      const expected = bySegment(structuredClone(value));
      const cleaned = clean(value);
      expect(cleaned.ok).toBe(expected.ok);
      if (cleaned.ok) expect(cleaned.value).toEqual(expected.value);
    }),
    { numRuns: 400 },
  );
});

test.each<[FieldType, unknown, unknown]>([
  ['boolean', 'true', true],
  ['string', 1, '1'],
  ['string', '', undefined],
  ['string', null, undefined],
  ['boolean', '', undefined],
  ['string', ['a'], 'a'],
])('a %s field makes %j into %j', (type, value, expected) => {
  expect(fieldCleaner(definition(type))(value)).toEqual({ ok: true, value: expected });
});

test('a value that cannot be coerced says what it should be', () => {
  expect(fieldCleaner(definition('boolean'))('yes')).toEqual({ ok: false, message: 'should be a boolean' });
  expect(fieldCleaner(definition('string', true))([{}])).toEqual({
    ok: false,
    message: 'should be a list of type string',
  });
});
