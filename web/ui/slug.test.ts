import { expect, test } from 'vitest';
import { audienceKeyOf, slugOf } from './slug.ts';

test('a name becomes the key that Segment would make of it, and an identifier of the API', () => {
  expect(audienceKeyOf('First-time shoppers')).toBe('first_time_shoppers');
  expect(audienceKeyOf('  Käufer 2026! ')).toBe('kaufer_2026');
  expect(slugOf('Production EU')).toBe('production-eu');
  expect(slugOf('東京')).toBe('');
});
