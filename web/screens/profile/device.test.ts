import { expect, test } from 'vitest';
import { deviceOf } from './device.ts';

test('a browser is named by what it is, not by the forebears that it also claims to be', () => {
  const like =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0 Safari/537.36';
  expect(deviceOf(like)).toBe('Chrome on Windows');
  expect(deviceOf(`${like} Edg/147.0`)).toBe('Edge on Windows');
  expect(deviceOf('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1')).toBe(
    'Safari on iPhone',
  );
});

test('what is no browser shows its own name', () => {
  expect([deviceOf('curl/8.5.0'), deviceOf('')]).toEqual(['curl/8.5.0', 'Unknown device']);
});
