import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLossless } from './lossless-json.ts';

test('an id of 19 digits that comes as a number keeps every digit', () => {
  expect(parseLossless('{"a":7178918106775994371,"b":[-9007199254740993],"c":{"d": 7178918106775994371 }}')).toEqual({
    a: '7178918106775994371',
    b: ['-9007199254740993'],
    c: { d: '7178918106775994371' },
  });
});

test('digits within texts, short numbers and fractions stay what they are', () => {
  const value = {
    text: 'id 7178918106775994371, "quoted 7178918106775994371" \\',
    n: 167290896,
    f: 1.2345678901234567,
    e: 1e300,
  };
  expect(parseLossless(JSON.stringify(value))).toEqual(value);
});

test('any JSON is read as JSON.parse reads it, but for whole numbers beyond 15 digits', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, fc.bigInt({ min: 10n ** 15n, max: 10n ** 25n }), (value, id) => {
      const text = `{"value":${JSON.stringify(value)},"id":${id},"text":${JSON.stringify(`"${id}\\`)}}`;
      expect(parseLossless(text)).toEqual({
        value: asTexts(JSON.parse(JSON.stringify(value))),
        id: `${id}`,
        text: `"${id}\\`,
      });
    }),
    { numRuns: 300 },
  );
});

/** What `parseLossless` promises about numbers, told from the number instead of the text. */
function asTexts(value: unknown): unknown {
  if (typeof value === 'number') return /^-?\d{16,}$/.test(JSON.stringify(value)) ? JSON.stringify(value) : value;
  if (Array.isArray(value)) return value.map(asTexts);
  if (value === null || typeof value !== 'object') return value;
  const copy = JSON.parse('{}');
  for (const [key, item] of Object.entries(value))
    Object.defineProperty(copy, key, { value: asTexts(item), enumerable: true, writable: true, configurable: true });
  return copy;
}

test('a text that is cut anywhere is a syntax error, not another value', () => {
  const whole = '{"code":0,"data":{"audience_id":7178918106775994371,"t":"a\\"b"}}';
  for (let length = 1; length < whole.length; length++)
    expect(() => parseLossless(whole.slice(0, length))).toThrow(SyntaxError);
});

test('a hostile body of four million quotes and backslashes is read in one pass', () => {
  expect(() => parseLossless(`"1234567890123456${'\\"'.repeat(2_000_000)}`)).toThrow(SyntaxError);
});
