import { expect, test } from 'vitest';
import { own } from './json.ts';

test('what JSON inherits is never read, whatever it is called; what it holds under such a name is', () => {
  const inherited = [Object.prototype, Array.prototype].flatMap((prototype) => Object.getOwnPropertyNames(prototype));
  expect(inherited).toContain('__proto__');
  for (const key of inherited) {
    expect(own({}, key)).toBeUndefined();
    expect(own(JSON.parse(`{${JSON.stringify(key)}: {"a": 1}}`), key)).toEqual({ a: 1 });
    if (key !== 'length') expect(own([], key)).toBeUndefined();
  }
  expect(own('text', 'length')).toBeUndefined();
  expect(own(null, 'a')).toBeUndefined();
  expect(own(['a'], '0')).toBe('a');
});
