import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FqlExpression, type FqlOperand, fqlDepthMax, fqlFunctions, fqlTextMax } from './fql.ts';
import { parseFql } from './fql-parse.ts';
import { printFql } from './fql-print.ts';

const problemOf = (text: string) => {
  const parsed = parseFql(text);
  return parsed.ok ? undefined : parsed.error;
};

test('"and" binds tighter than "or", and brackets change that', () => {
  const plain = parseFql('event = "a" or type = "track" and event = "b"');
  expect(plain).toMatchObject({ ok: true, value: { kind: 'or', parts: [{ kind: 'compare' }, { kind: 'and' }] } });
  const bracketed = parseFql('(event = "a" or type = "track") and event = "b"');
  expect(bracketed).toMatchObject({ ok: true, value: { kind: 'and', parts: [{ kind: 'or' }, { kind: 'compare' }] } });
});

test.each([
  ['', 0, 'needs a condition'],
  ['type = "track" AND event = "no"', 15, 'write "and" in lower case instead of "AND"'],
  ['type = "track" Or event = "no"', 15, 'write "or" in lower case'],
  ['type IN ["track"]', 5, 'write "in" in lower case'],
  ['properties.vip = TRUE', 17, 'write "true" in lower case'],
  ['type = "track" event = "E"', 15, 'expected "and", "or" or the end, found "event"'],
  ['event = "E" or', 14, 'expected a field or a value, found the end'],
  ['event = "E', 8, 'no closing "'],
  ['event == "E"', 6, 'write ='],
  ['event = "E" && type = "track"', 12, 'write and'],
  ['event = Signup', 8, 'a text needs quotes: "Signup"'],
  ['not event = "E"', 0, 'write !'],
  ['(event = "E"', 12, 'expected ")"'],
  ['event = "E")', 11, 'found ")"'],
  ['event', 0, undefined],
  ['"E"', 0, 'no condition yet'],
  ['lower(event) = "e"', 0, 'no function "lower"'],
  ['Lowercase(event) = "e"', 0, 'write "lowercase" in lower case'],
  ['match(event, name)', 13, 'must be a text in quotes'],
  ['properties. = 1', 11, 'a name is missing'],
  ['properties.a = 5x', 15, 'a number cannot go on'],
  ['event in [name]', 10, 'a list holds values'],
  ['event = "a" ; drop', 12, '";" has no meaning here'],
])('the trigger %j is answered with a place and words', (text, at, words) => {
  const problem = problemOf(text);
  if (words === undefined) expect(problem).toBeUndefined();
  else {
    expect(problem?.message).toContain(words);
    expect(problem?.at).toBe(at);
  }
});

test.each([
  "type='track'",
  'event = "a\\"b"',
  'type="track" and ((event="a") or (event="b"))',
  'anonymousId = null',
  'length(event) > 3',
  'properties.items[0].a = "x"',
  'properties.my\\ key = "v"',
  'event in ["a", 1, null]',
  "!( type in ['track','identify'] )",
  "'dark-mode' in properties.features",
  'traits.vip and bool(traits.other)',
  'properties.größe >= -1.5e3',
  '!match(event, "A*") and !!contains(name, \'x\')',
])('the trigger %j is read', (text) => {
  expect(problemOf(text)).toBeUndefined();
});

test('too long and too deep are refused', () => {
  expect(problemOf(`event = "${'x'.repeat(fqlTextMax)}"`)?.message).toContain('at most');
  expect(problemOf(`${'('.repeat(2000)}event = "a"${')'.repeat(2000)}`)?.message).toContain('nested deeper');
  expect(problemOf(`${'!'.repeat(4000)}contains(event, "a")`)?.message).toContain('nested deeper');
  const deepest = fqlDepthMax - 2;
  expect(problemOf(`${'('.repeat(deepest)}event = "a"${')'.repeat(deepest)}`)).toBeUndefined();
});

test('printing a tree and reading it gives the same tree', () => {
  fc.assert(
    fc.property(expression, (tree) => {
      expect(parseFql(printFql(tree))).toEqual({ ok: true, value: tree });
    }),
    { numRuns: 500 },
  );
});

test('no text makes the parser throw', () => {
  const piece = fc.constantFrom(
    'event',
    '=',
    '!=',
    '"a"',
    '(',
    ')',
    'and',
    'or',
    '!',
    'contains(',
    ',',
    '[',
    ']',
    'in',
    '\\',
    "'",
    '5',
    '.',
    'AND',
    ' ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join(' ')),
      ),
      (text) => {
        parseFql(text);
      },
    ),
    { numRuns: 2000 },
  );
});

const literal = fc
  .oneof(
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    fc.boolean(),
    fc.constant(null),
  )
  .map((value) => ({ kind: 'literal' as const, value }));
const roots = fc.constantFrom('event', 'properties', 'traits', 'context', 'messageId');
const path = fc
  .tuple(roots, fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 3 }))
  .map(([root, rest]) => ({ kind: 'path' as const, keys: [root, ...rest] }));
const operand: fc.Arbitrary<FqlOperand> = fc.oneof(
  literal,
  path,
  fc.record({
    kind: fc.constant('call' as const),
    name: fc.constantFrom(...fqlFunctions),
    argument: fc.oneof(literal, path),
  }),
);
const condition: fc.Arbitrary<FqlExpression> = fc.oneof(
  fc.record({
    kind: fc.constant('compare' as const),
    operator: fc.constantFrom('=' as const, '!=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
    left: operand,
    right: operand,
  }),
  fc.record({
    kind: fc.constant('in' as const),
    item: operand,
    list: fc.oneof(path, fc.array(literal, { minLength: 1, maxLength: 3 })),
  }),
  fc.record({ kind: fc.constant('contains' as const), text: operand, part: operand, negated: fc.boolean() }),
  fc.record({
    kind: fc.constant('match' as const),
    text: operand,
    glob: fc.string({ maxLength: 20 }),
    negated: fc.boolean(),
  }),
  path.map((found) => ({ kind: 'truth' as const, operand: found })),
);
const expression: fc.Arbitrary<FqlExpression> = fc.letrec<{ tree: FqlExpression }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    tie('tree').map((part) => negation(part)),
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('tree'), { minLength: 2, maxLength: 3 }))
      .map(([kind, parts]) => flat(kind, parts)),
  ),
})).tree;

const negation = (part: FqlExpression): FqlExpression => ({ kind: 'not', part });
const flat = (kind: 'and' | 'or', parts: FqlExpression[]): FqlExpression => ({
  kind,
  parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])),
});
