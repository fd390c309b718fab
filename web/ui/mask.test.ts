import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskValue, shortHash } from './mask.ts';

test('each kind of identifier keeps just enough to tell two apart', () => {
  expect(maskValue('ana@example.com')).toBe('a•••@e•••.com');
  expect(maskValue('+15550100255')).toBe('+1••••••••55');
  expect(maskValue('38400000-8cf0-11bd-b23e-10b96e40000d')).toBe('3840…000d');
  expect(shortHash('8d771c40'.padEnd(60, '0').concat('8978'))).toBe('8d771c40…8978');
  expect(maskValue('user-1')).toBe('u•••');
});

test('I13: a masked value never holds the value', () => {
  void fc.assert(
    fc.property(fc.oneof(fc.emailAddress(), fc.string({ minLength: 3 }), fc.uuid()), (value) => {
      expect(maskValue(value)).not.toContain(value);
    }),
  );
});
