import { expect, test } from 'vitest';
import { addedAndRemoved, failuresOf, reasonsOf, totalOf } from './outcomes.ts';

const count = (time: string, outcome: string, code: string, count: number) => ({
  time: `2026-11-24T${time}:00.000Z`,
  outcome,
  code,
  count,
  mappingId: null,
});
const counts = [
  count('12:01', 'added', '', 5),
  count('12:01', 'throttle', '40100', 4),
  count('12:02', 'removed', '', 2),
  count('12:02', 'parked', '40002', 1),
  count('12:03', 'throttle', '40100', 3),
  count('12:03', 'skipped', 'no identifier', 2),
];

test('every interval has a bar, also where nothing happened, and every count finds its own', () => {
  const now = Date.parse('2026-11-24T12:03:30Z');
  const points = addedAndRemoved(counts, { bucketMs: 60_000, ms: 4 * 60_000, now });
  expect(points.map(({ time }) => time.slice(11, 16))).toEqual(['12:00', '12:01', '12:02', '12:03']);
  expect(points.map(({ values }) => values)).toEqual([
    [0, 0, 0],
    [5, 0, 0],
    [0, 2, 1],
    [0, 0, 0],
  ]);
});

test('a failure is one row however often it came; what is skipped or filtered is none', () => {
  expect(
    failuresOf(counts).map(({ outcome, people, first, last }) => [
      outcome,
      people,
      first.slice(14, 16),
      last.slice(14, 16),
    ]),
  ).toEqual([
    ['throttle', 7, '01', '03'],
    ['parked', 1, '02', '02'],
  ]);
});

test('reasons add up to their total', () => {
  const reasons = reasonsOf(counts, ['skipped', 'throttle']);
  expect(reasons.reduce((sum, reason) => sum + reason.count, 0)).toBe(totalOf(counts, 'skipped', 'throttle'));
});
