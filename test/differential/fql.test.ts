import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFql } from '../../contract/fql-parse.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { compileFql } from '../../server/mappings/fql-compile.ts';
import { seed, subscriptions } from './segment.ts';

function ours(text: string, event: object): boolean | string {
  const parsed = parseFql(text);
  return parsed.ok ? compileFql(parsed.value)(event as SegmentEvent) : parsed.error.message;
}
const segments = (text: string, event: object): boolean => subscriptions.validate(subscriptions.parseFql(text), event);

const words = fc.constantFrom('a', 'ab', 'abc', 'b', 'Audience Entered', '100', 'true', '', 'ä');
const scalar = fc.oneof(words, fc.constantFrom(0, 1, 100, -5, 2.5, true, false, null));
/** What stands on the way to a field is an object: a falsy one is in the list of differences below. */
const holder = fc.record(
  { x: fc.oneof(scalar, fc.array(words)), y: scalar, deep: fc.record({ z: scalar }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const event = fc.record(
  {
    type: fc.constantFrom('track', 'identify'),
    event: words,
    name: words,
    userId: words,
    properties: holder,
    traits: holder,
    context: holder,
  },
  { requiredKeys: ['type'] },
);

const field = fc.constantFrom(
  'event',
  'name',
  'userId',
  'properties.x',
  'properties.y',
  'traits.x',
  'context.x',
  'properties.deep.z',
);
const number = fc.constantFrom('0', '1', '100', '-5', '2.5');
const nested = fc.constantFrom('properties.x', 'properties.y', 'traits.x', 'context.x');
const quoted = words.map((word) => `"${word}"`);
const condition = fc.oneof(
  fc.tuple(field, fc.constantFrom('=', '!='), quoted).map((parts) => parts.join(' ')),
  fc.tuple(nested, fc.constantFrom('=', '!=', '<', '<=', '>', '>='), number).map((parts) => parts.join(' ')),
  fc.tuple(nested, fc.constantFrom('= true', '= false', '= null', '!= null')).map((parts) => parts.join(' ')),
  fc.tuple(fc.constantFrom('', '!'), field, quoted).map(([bang, path, word]) => `${bang}contains(${path}, ${word})`),
  fc.tuple(fc.constantFrom('', '!'), field, words).map(([bang, path, word]) => `${bang}match(${path}, "${word}*")`),
  fc.tuple(fc.constantFrom('', '!'), field, words).map(([bang, path, word]) => `${bang}match(${path}, "*${word}")`),
  fc.constantFrom('type = "track"', 'type != "identify"'),
);
/** What Segment's trigger editor makes: one group, all or any. */
const trigger = fc
  .tuple(fc.constantFrom(' and ', ' or '), fc.array(condition, { minLength: 1, maxLength: 4 }))
  .map(([operator, conditions]) => conditions.join(operator));

test("every trigger that Segment's editor can make matches the same events as with Segment's library", () => {
  fc.assert(
    fc.property(trigger, event, (text, data) => {
      expect(ours(text, data), text).toBe(segments(text, data));
    }),
    { seed, numRuns: 2500 },
  );
});

test('one level of brackets around conditions of one kind means the same', () => {
  fc.assert(
    fc.property(trigger, event, (conditions, data) => {
      expect(ours(`(${conditions})`, data), conditions).toBe(segments(`(${conditions})`, data));
    }),
    { seed, numRuns: 1000 },
  );
});

const sample = {
  type: 'track',
  event: 'Audience Entered',
  userId: 'u1',
  messageId: 'm1',
  properties: { vip: true, price: 100, s: '100', coupon: null, list: ['a', 'b'], zero: 0 },
  traits: { age: 30 },
};
/** Where ours differs, on purpose: text, Segment's answer, ours (a text: the problem told when saving), the reason. */
const differences: [text: string, segment: boolean, ours: boolean | string, reason: string][] = [
  [
    'event="Audience Entered" or type="identify" and event="b"',
    false,
    true,
    'the last operator speaks for all of them; ours: and binds tighter',
  ],
  ['event="a" or event="Audience Entered" and type="track"', false, true, 'as above'],
  ['type="identify" and (contains(event,"A") or event="zz")', true, false, 'a group is flattened into its parent'],
  ['!(type="track")', true, false, 'the negation of a group is lost'],
  ['properties.vip != true', true, false, 'compared with the text "true"'],
  ['match(event,"A*ed")', false, true, 'only a star at either end is known'],
  ["type='track'", false, true, 'single quotes stay in the value'],
  [
    'type="track" and ((event="a") or (event="Audience Entered"))',
    false,
    true,
    'nesting is an error, and an error never matches',
  ],
  ['anonymousId = null', false, true, 'fields outside the trigger dialect are an error'],
  ['messageId = "m1"', false, true, 'as above'],
  ['length(event) > 3', false, true, 'functions are an error'],
  ['event in ["Audience Entered"]', false, true, 'lists are not understood'],
  [
    'type="track" AND event="no"',
    false,
    'write "and" in lower case instead of "AND"',
    'upper case is passed over, and the default "and" taken',
  ],
  [
    'type = "track" event = "Audience Entered"',
    true,
    'expected "and", "or" or the end, found "event"',
    'a missing operator passes for "and"',
  ],
  ['type = "track" or', true, 'expected a field or a value, found the end', 'an operator without a right side passes'],
  ['', false, 'a trigger needs a condition, such as event = "Audience Entered"', 'an error that is told at saving'],
  ['properties.zero.deep = 0', true, false, 'a falsy value on the way is taken for the field'],
  ['properties.s.length = 3', true, false, 'properties of JavaScript leak through; ours: own properties of the event'],
  ['event != 5', true, false, 'a number against event or name is made a text; ours: numbers only, as for properties'],
];
test.each(differences)('on purpose: %s is %s at Segment and %j here, because %s', (text, segment, expected) => {
  expect(segments(text, sample)).toBe(segment);
  expect(ours(text, sample)).toBe(expected);
});
