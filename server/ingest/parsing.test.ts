import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mask } from './mask.ts';
import { cleanText, sanitise } from './sanitise.ts';
import { eventTimes, parseTime, timeText } from './timestamps.ts';

const received = Date.parse('2026-05-01T10:05:10Z') * 1_000;
const limits = { depth: 64, keys: 10_000 };
const us = (text: string): number => Date.parse(text) * 1_000;

test('a client five minutes slow is corrected by sentAt, as in the example of segment-spec.md 1.6', () => {
  const times = eventTimes({ timestamp: '2026-05-01T10:00:00Z', sentAt: '2026-05-01T10:00:10Z' }, received);
  expect(timeText(times.timestampUs)).toBe('2026-05-01T10:05:00.000Z');
  expect(timeText(times.originalUs)).toBe('2026-05-01T10:00:00.000Z');
});

test('without sentAt the client is believed, without a time or with a bad one it is now', () => {
  expect(eventTimes({ timestamp: '2020-01-01T00:00:00Z', sentAt: null }, received).timestampUs).toBe(
    us('2020-01-01T00:00:00Z'),
  );
  for (const timestamp of [
    undefined,
    null,
    'yesterday',
    12,
    '1969-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '+275760-09-13T00:00:00Z',
    '2026-13-45T00:00:00Z',
  ])
    expect(eventTimes({ timestamp }, received)).toEqual({
      timeUs: received,
      timestampUs: received,
      originalUs: received,
    });
});

test('an event that Engage stamped in nanoseconds keeps its microseconds and is not corrected twice', () => {
  const times = eventTimes(
    { timestamp: '2026-05-01T10:00:00.123Z', originalTimestamp: '2026-05-01T10:00:00.123456789Z', sentAt: null },
    received,
  );
  expect(timeText(times.originalUs)).toBe('2026-05-01T10:00:00.123456Z');
  expect(timeText(times.timestampUs)).toBe('2026-05-01T10:00:00.123Z');
});

test('a clock in the future does not make an event newer than now', () => {
  const times = eventTimes({ timestamp: '2036-01-01T00:00:00Z' }, received);
  expect(times.timeUs).toBe(received);
  expect(timeText(times.timestampUs)).toBe('2036-01-01T00:00:00.000Z');
});

test('zones, missing seconds and dates alone are times; no zone means UTC', () => {
  expect(parseTime('2026-05-01T12:00:00+02:00')).toBe(us('2026-05-01T10:00:00Z'));
  expect(parseTime('2026-05-01 10:00')).toBe(us('2026-05-01T10:00:00Z'));
  expect(parseTime('2026-05-01')).toBe(us('2026-05-01T00:00:00Z'));
});

test('correction takes the client clock out entirely: shifting it changes nothing', () => {
  const moment = fc.integer({ min: us('2001-01-01T00:00:00Z'), max: us('2035-01-01T00:00:00Z') });
  const delay = fc.integer({ min: 0, max: 86_400_000_000 });
  const skew = fc.integer({ min: -86_400_000_000, max: 86_400_000_000 });
  fc.assert(
    fc.property(moment, delay, skew, (sent, waited, shift) => {
      const clientAt = (shifted: number) =>
        eventTimes({ timestamp: timeText(sent - waited + shifted), sentAt: timeText(sent + shifted) }, sent + 5);
      expect(clientAt(shift).timestampUs).toBe(clientAt(0).timestampUs);
      expect(clientAt(0).timestampUs).toBe(sent + 5 - waited);
    }),
  );
});

test('every microsecond is written and read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (time) => parseTime(timeText(time)) === time),
  );
});

test('F8, T13: whatever the JSON, nothing unstorable and no prototype key is left, in values and keys', () => {
  const hostile = fc.constantFrom(
    '\0',
    '\ud800',
    'a\0b',
    '\udfff!',
    '__proto__',
    'constructor',
    'prototype',
    'ok',
    '😀',
  );
  const few = { maxLength: 3 };
  const objectOf = (value: fc.Arbitrary<unknown>) =>
    fc.array(fc.tuple(hostile, value), few).map((pairs) => {
      const text = pairs.map(([key, inner]) => `${JSON.stringify(key)}:${JSON.stringify(inner)}`).join(',');
      return JSON.parse(`{${text}}`);
    });
  const leaf = fc.oneof(hostile, fc.double({ noNaN: true }), fc.constant(null));
  const inside = fc.oneof(leaf, fc.array(leaf, few), objectOf(leaf));
  const json = objectOf(fc.oneof(inside, fc.array(inside, few), objectOf(inside)));
  fc.assert(
    fc.property(json, (value) => {
      const clean = sanitise(value, limits, true);
      const text = JSON.stringify(value);
      expect(clean.ok && clean.bytesMost).toBeGreaterThanOrEqual(Buffer.byteLength(text));
      expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      expect(text).not.toContain('"__proto__":');
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }),
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('text without harm stays as it is, pairs of surrogates too', () => {
  const harmless = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));
  fc.assert(fc.property(harmless, (text) => cleanText(text) === text));
});

test('T12: nesting and keys have an end', () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  expect(sanitise(deep, limits, false)).toEqual({ ok: false, problem: 'nested too deep' });
  const wide = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, i]));
  expect(sanitise(wide, limits, false)).toEqual({ ok: false, problem: 'too many keys' });
  expect(sanitise({ constructor: 'Ferrari' }, limits, false).ok).toBe(true);
});

test('I13: a sample has keys and types, never a value', () => {
  const event = {
    type: 'track',
    userId: 'u-771',
    traits: { email: 'ana.example@example.com', age: 44, vip: true },
    list: [1, 2, 3, 4, 5, 6],
    'ana.example@example.com': 1,
    phone_4915112345678: null,
  };
  expect(mask(event)).toEqual({
    type: '[string 5]',
    userId: '[string 5]',
    traits: { email: '[string 23]', age: '[number]', vip: '[boolean]' },
    list: ['[number]', '[number]', '[number]', '[number]', '[number]', '[1 more]'],
    '[key 23]': '[number]',
    '[key 19]': null,
  });
});
