import { expect, test } from 'vitest';
import {
  absolute,
  axisEnds,
  axisNumber,
  count,
  duration,
  moment,
  number,
  people,
  percent,
  timeLeft,
} from './format.ts';

const en = { language: 'en-GB', timeZone: 'Europe/Berlin' };
const now = new Date('2026-11-24T13:30:00Z');
const before = (ms: number): Date => new Date(now.getTime() - ms);

test('a moment is told by its age up to an hour, then by the clock, then by the day, and by the year if it is another', () => {
  expect(moment(before(12_400), now, en)).toBe('12 s ago');
  expect(moment(before(5 * 60_000), now, en)).toBe('5 min ago');
  expect(moment(before(2 * 3_600_000), now, en)).toBe('12:30');
  expect(moment(new Date('2026-11-21T13:02:00Z'), now, en)).toBe('21 Nov, 14:02');
  expect(moment(new Date('2025-11-21T13:02:00Z'), now, en)).toBe('21 Nov 2025, 14:02');
});

test('the day is that of the viewer’s zone', () => {
  const late = new Date('2026-11-23T23:30:00Z');
  expect(moment(late, now, en)).toBe('00:30');
  expect(moment(late, now, { ...en, timeZone: 'UTC' })).toBe('23 Nov, 23:30');
  expect(absolute(late, en)).toContain('24 Nov 2026');
});

test('numbers are whole in text and short on axes; a share of nothing is unknown', () => {
  expect(number(12_431, { language: 'en' })).toBe('12,431');
  expect(axisNumber(12_431, { language: 'en' })).toBe('12.4K');
  expect(percent(38, 100, { language: 'en' })).toBe('38%');
  expect(percent(1, 64, { language: 'en' })).toBe('1.6%');
  expect(percent(0, 0, { language: 'en' })).toBe('—');
});

test('a noun follows its number', () => {
  expect([people(1), people(0), count(1, 'call'), count(13, 'call')]).toEqual([
    '1 person',
    '0 people',
    '1 call',
    '13 calls',
  ]);
});

test('time left is rounded up, and told by the hour only when it is long', () => {
  expect(timeLeft(20, now, en)).toBe('less than a minute left');
  expect(timeLeft(61, now, en)).toBe('about 2 minutes left');
  expect(timeLeft(3 * 3_600, new Date('2026-11-24T16:40:00Z'), en)).toBe('about 3 hours left, done near 17:40');
  expect([duration(30), duration(200)]).toEqual(['under a minute', 'about 4 minutes']);
});

test('the ends of an axis are short, unless both would read the same', () => {
  expect(axisEnds(0, 12_431, { language: 'en' })).toEqual(['0', '12.4K']);
  expect(axisEnds(1_165, 1_221, { language: 'en' })).toEqual(['1,165', '1,221']);
});
