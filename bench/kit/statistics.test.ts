import { expect, test } from 'vitest';
import { percentile, slope, summary } from './statistics.ts';

test('a summary has the middle run, both ends, and how far they lie apart', () => {
  expect(summary([10, 40, 20, 30, 15])).toEqual({
    median: 20,
    least: 10,
    most: 40,
    spread: 1.5,
    runs: [10, 40, 20, 30, 15],
  });
  expect(summary([1, 3]).median).toBe(2);
});

test('a percentile is a value that was seen', () => {
  const values = Array.from({ length: 200 }, (_, i) => i + 1);
  expect(percentile(values, 95)).toBe(190);
  expect(percentile(values, 99)).toBe(198);
  expect(percentile([7], 99)).toBe(7);
});

test('a slope is the rise of the line that lies closest', () => {
  expect(slope([0, 1, 2, 3].map((x) => ({ x, y: 5 + 2 * x })))).toBeCloseTo(2);
  expect(slope([{ x: 1, y: 4 }])).toBe(0);
});
