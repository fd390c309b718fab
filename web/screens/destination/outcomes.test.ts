import { expect, test } from 'vitest';
import { addedAndRemoved, byMapping, failuresOf, heldIn, reasonsOf, totalOf } from './outcomes.ts';

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

test('a call refused for people who were then parked is no failure of all who were in it', () => {
  const refused = [...counts, count('12:02', 'refused', '40002', 1_000), count('12:04', 'refused', '40700', 8)];
  expect(failuresOf(refused).map(({ outcome, code, people }) => [outcome, code, people])).toEqual([
    ['refused', '40700', 8],
    ['throttle', '40100', 7],
    ['parked', '40002', 1],
  ]);
});

test('each mapping is told what it did, and nothing of the others', () => {
  const of = (mappingId: string, outcome: string, n: number) => ({ ...count('12:01', outcome, '', n), mappingId });
  const rows = byMapping([of('map_1', 'mapped', 9), of('map_1', 'added', 5), of('map_2', 'removed', 7), ...counts]);
  expect(rows).toEqual([
    { mappingId: 'map_2', mapped: 0, added: 0, removed: 7, failed: 0, skipped: 0 },
    { mappingId: 'map_1', mapped: 9, added: 5, removed: 0, failed: 0, skipped: 0 },
  ]);
});

test('a throttled minute lies in the point before it, the last point reaching until now', () => {
  const points = ['12:00', '12:05', '12:10'].map((time) => ({ time: `2026-11-24T${time}:00.000Z` }));
  const throttled = [count('12:06', 'throttled', '40100', 1), count('12:30', 'throttled', '40100', 1)];
  expect(heldIn(throttled, points)).toEqual([false, true, true]);
  expect(heldIn(counts, points)).toEqual([false, false, false]);
});
