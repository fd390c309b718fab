import { expect, test } from 'vitest';
import { readSeen, viewOf } from './tiktok-size.ts';

const created = new Date('2026-06-01T12:00:00Z');
const after = (minutes: number): Date => new Date(created.getTime() + minutes * 60_000);
const view = (coverNum: number, minutes: number) => {
  const seen = { coverNum, isValid: false, isExpiring: false, createTime: '2026-06-01 12:00:00', expiredTime: '' };
  return viewOf(readSeen({ seen, createdAt: created.toISOString() }), after(minutes)).kind;
};

test('an audience without a number is new, then matching, and too small after 48 hours', () => {
  expect([1, 3, 47 * 60, 49 * 60].map((minutes) => view(0, minutes))).toEqual([
    'created',
    'matching',
    'matching',
    'too-small',
  ]);
});

test('a number of TikTok is shown however new the audience is', () => {
  expect([1, 3, 49 * 60].map((minutes) => view(7, minutes))).toEqual(['growing', 'growing', 'too-small']);
  expect(view(1_000, 1)).toBe('valid');
});
