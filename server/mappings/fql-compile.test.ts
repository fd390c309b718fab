import { expect, test } from 'vitest';
import { parseFql } from '../../contract/fql-parse.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { compileFql } from './fql-compile.ts';
import { compileGlob } from './glob.ts';

const event: SegmentEvent = {
  type: 'track',
  event: 'Audience Entered',
  userId: 'u1',
  messageId: 'm1',
  properties: {
    vip: true,
    price: 100,
    s: '100',
    coupon: null,
    'my key': 'v',
    list: ['a', 'b'],
    items: [{ a: 'x' }],
    kana: 'か',
  },
  traits: { age: 30 },
  timestamp: '2026-05-01T10:00:00.000Z',
  originalTimestamp: '2026-05-01T10:00:00.000Z',
  receivedAt: '2026-05-01T10:00:00.000Z',
};

function matches(text: string): boolean {
  const parsed = parseFql(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return compileFql(parsed.value)(event);
}

// The "Correct" column of segment-spec.md 6.4, then 6.2 and 6.3.
test.each<[string, boolean]>([
  ['event = "Audience Entered"', true],
  ['properties.price = "100"', false],
  ['properties.s = 100', false],
  ['properties.s > 99', false],
  ['properties.vip != true', false],
  ['properties.missing != "x"', true],
  ['!contains(properties.missing,"a")', false],
  ['!match(properties.missing,"a*")', false],
  ['!(contains(properties.missing,"a"))', true],
  ['contains(event,"aud")', false],
  ['!match(event,"B*d")', true],
  ['!contains(event,"aud")', true],
  ['match(event,"A*ed")', true],
  ['contains(properties.list,"a")', false],
  ['properties.my\\ key = "v"', true],
  ['event="a" and event="b" or type="track"', true],
  ['event="a" or type="track" and event="b"', false],
  ['event="Audience Entered" or type="identify" and event="b"', true],
  ['type="identify" and (contains(event,"A") or event="zz")', false],
  ['!(type="track")', false],
  ["type='track'", true],
  ['type="track" and ((event="a") or (event="b"))', false],
  ['anonymousId = null', true],
  ['messageId="m1"', true],
  ['length(event) > 3', true],
  ['lowercase(event) = "audience entered"', true],
  ['properties.items[0].a="x"', true],
  ['event in ["Audience Entered", "b"]', true],
  ['properties.missing in [null]', true],
  ["'b' in properties.list", true],
  ["'c' in properties.list", false],
  ['properties.price = 100 and properties.price != 99 and properties.price >= 100', true],
  ['properties.s != 5', false],
  ['properties.missing != 5', false],
  ['properties.price > "99"', true],
  ['properties.price > ""', false],
  ['properties.coupon = null and properties.price != null', true],
  ['properties.missing != true', true],
  ['properties.missing = ""', false],
  ['properties.vip', true],
  ['properties.s', false],
  ['!properties.missing', true],
  ['length(properties.kana) = 3 and length(properties.list) = 2 and length(properties.missing) = 0', true],
  ['uppercase(properties.missing) = null', true],
  ['snakecase(event) = "Audience_Entered" and kebabcase(event) = "Audience-Entered"', true],
  ['titlecase("two words") = "Two Words"', true],
  ['typeof(properties.list) = "list" and typeof(properties.vip) = "bool" and typeof(traits.age) = "number"', true],
  ['number(properties.s) = 100 and string(properties.price) = "100" and bool("true")', true],
  ['properties.s = string(properties.price)', true],
  ['properties.list = properties.list', false],
  ['contains(event, event)', true],
])('%s is %s', (text, expected) => {
  expect(matches(text)).toBe(expected);
});

test('a quoted quote is part of the text', () => {
  const parsed = parseFql('event = "a\\"b"');
  expect(parsed.ok && compileFql(parsed.value)({ ...event, event: 'a"b' })).toBe(true);
});

test('names that every object inherits read as missing', () => {
  for (const path of [
    'constructor',
    'properties.constructor',
    'properties.__proto__',
    'properties.toString.name',
    'event.length',
  ]) {
    expect(matches(`${path} = null`), path).toBe(true);
  }
});

test.each<[string, string, boolean]>([
  ['', '', true],
  ['*', '', true],
  ['a*', 'abc', true],
  ['*c', 'abc', true],
  ['*b*', 'abc', true],
  ['a', 'abc', false],
  ['a?c', 'abc', true],
  ['?', '😀', true],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['[^a]', 'b', true],
  ['[abc', '[abc', true],
  ['[]]', ']', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['A*B*C', 'A-B-B-C', true],
  ['A*B*C', 'A-B-B-', false],
  ['a**b', 'ab', true],
])('the pattern %j on %j is %s', (glob, text, expected) => {
  expect(compileGlob(glob)(text)).toBe(expected);
});

test('a hostile pattern takes bounded steps', () => {
  // 60 stars on 20,000 characters: a backtracking matcher would never come back.
  expect(compileGlob(`${'a*'.repeat(60)}b`)('a'.repeat(20_000))).toBe(false);
});
