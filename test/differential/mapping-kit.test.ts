import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMapping } from '../../contract/mapping-kit-parse.ts';
import { compileKit } from '../../server/mappings/kit-compile.ts';
import { mappingKit, seed } from './segment.ts';

type Outcome = { readonly refused: true } | { readonly failed: true } | { readonly value: unknown };

function ours(mapping: unknown, event: object): Outcome {
  const parsed = parseMapping(mapping);
  const compiled = parsed.ok ? compileKit(parsed.value) : parsed;
  if (!compiled.ok) return { refused: true };
  try {
    return { value: compiled.value(event) };
  } catch {
    return { failed: true };
  }
}
function segments(mapping: object, event: object): Outcome {
  try {
    // Segment writes defaults into the mapping it is given.
    return { value: mappingKit.transform(structuredClone(mapping), event) };
  } catch {
    return { failed: true };
  }
}

const keys = fc.constantFrom('a', 'b', 'c d', 'n', 'x.y');
const leaf = fc.constantFrom('', ' ', 'Text', 'a.b', '{"k":[1]}', 'x', 'ÄÖ', 0, 1, -2.5, true, false, null);
const nested = fc.letrec<{ value: unknown; object: object }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));
/** `items`, the one that paths index, is a list: an index into a text is in the list of differences below. */
const data = fc
  .tuple(nested.object, fc.array(nested.value, { maxLength: 3 }), fc.boolean())
  .map(([event, items, has]) => (has ? { ...event, items } : event));

const path = fc.constantFrom(
  '$.a',
  'a',
  '$.b.a',
  'a.b.n',
  "$.b['c d']",
  "b['x.y']",
  '$.items[0]',
  'items[1].a',
  '$.items.0.n',
  '$.n.a',
  '$.',
  '.',
  '',
  '$',
  'items[*].a',
  'missing',
);
const template = fc
  .array(
    fc.oneof(
      path.map((p) => `{{${p}}}`),
      path.map((p) => `{{{ ${p} }}}`),
      fc.constantFrom('-', '+1', '{', '}}', ' '),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const short = fc.constantFrom('a', 'e', '.', 'b.', '$', '(', 'Text', '0', '\\');
const replacement = fc.constantFrom('', 'y', '$&$&', '$1', '[');

const mapping = fc.letrec<{ any: unknown; directive: object; text: unknown; object: object }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('directive'),
    tie('directive'),
    tie('object'),
    fc.array(tie('any'), { maxLength: 2 }),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'n'), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  text: fc.oneof({ depthSize: 'small', withCrossShrink: true }, path, tie('directive')),
  directive: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    path.map((p) => ({ '@path': p })),
    template.map((text) => ({ '@template': text })),
    tie('text').map((text) => ({ '@path': text })),
    tie('any').map((value) => ({ '@literal': value })),
    tie('any').map((value) => ({ '@excludeWhenNull': value })),
    fc
      .tuple(fc.constantFrom('exists', 'blank'), tie('directive'), tie('any'), tie('any'))
      .map(([test, value, met, unmet]) => ({ '@if': { [test]: value, then: met, else: unmet } })),
    fc
      .tuple(fc.constantFrom('lower', 'upper'), tie('text'))
      .map(([operator, value]) => ({ '@case': { operator, value } })),
    fc
      .tuple(short, replacement, fc.boolean(), fc.boolean(), tie('text'))
      .map(([pattern, with_, ignorecase, global, value]) => ({
        '@replace': { pattern, replacement: with_, ignorecase, global, value },
      })),
    fc
      .tuple(short, short, replacement, tie('text'))
      .map(([pattern, pattern2, replacement2, value]) => ({ '@replace': { pattern, pattern2, replacement2, value } })),
    fc.tuple(tie('text'), tie('object')).map((pair) => ({ '@arrayPath': pair })),
    fc.constantFrom('Encode', 'DECODE').map((mode) => ({ '@json': { mode, value: { '@path': '$.a' } } })),
    fc
      .tuple(fc.constantFrom('encode', 'decode'), tie('directive'))
      .map(([mode, value]) => ({ '@json': { mode, value } })),
    fc
      .tuple(fc.constantFrom('.', '_'), fc.boolean(), tie('any'))
      .map(([separator, omitArrays, value]) => ({ '@flatten': { separator, omitArrays, value } })),
    fc
      .tuple(
        fc.constantFrom('left', 'right', 'LEFT'),
        fc.array(fc.oneof(tie('object'), tie('directive')), { maxLength: 3 }),
      )
      .map(([direction, objects]) => ({ '@merge': { direction, objects } })),
    fc
      .tuple(tie('object'), fc.oneof(tie('object'), tie('directive')))
      .map(([apply, inner]) => ({ '@transform': { apply, mapping: inner } })),
    fc
      .constantFrom(
        '{{ a }}',
        '{{ b.a | upcase }}x',
        '{% if n %}{{ n }}{% else %}none{% endif %}',
        '{{ items | join: "-" }}',
        '',
      )
      .map((text) => ({ '@liquid': text })),
  ),
}));

/** Segment fails where @arrayPath gives a @transform an item that is not there; here it is nothing. */
const failsOnMissingItem = (mapping: object, theirs: Outcome): boolean => {
  const text = JSON.stringify(mapping);
  return 'failed' in theirs && text.includes('"@transform"') && text.includes('"@arrayPath"');
};

test("every mapping of Segment's directives gives what Segment's kit gives, or fails where it fails", () => {
  fc.assert(
    fc.property(mapping.object, data, (fields, event) => {
      const mine = ours(fields, event);
      const theirs = segments(fields, event);
      fc.pre(!failsOnMissingItem(fields, theirs));
      if ('value' in mine) expect(mine).toStrictEqual(theirs);
      else expect(theirs).toStrictEqual({ failed: true });
    }),
    { seed, numRuns: 2000 },
  );
});

test('a directive at the root gives what it gives at Segment', () => {
  fc.assert(
    fc.property(mapping.directive, data, (root, event) => {
      const mine = ours(root, event);
      const theirs = segments(root, event);
      fc.pre(!failsOnMissingItem(root, theirs));
      if ('value' in mine) expect(mine).toStrictEqual(theirs);
      else expect(theirs).toStrictEqual({ failed: true });
    }),
    { seed, numRuns: 1000 },
  );
});

/** Mappings with one thing wrong somewhere: what is saved here must never be refused by Segment's own validation. */
test("what can be saved here, Segment's kit takes as well", () => {
  const broken = fc.constantFrom<unknown>(
    { '@nope': 1 },
    { '@path': 5 },
    { '@path': 'a', x: 1 },
    { '@path': 'a', '@case': {} },
    { '@if': {} },
    { '@if': 'x' },
    { '@case': 5 },
    { '@case': { operator: 5 } },
    { '@replace': { value: 'a' } },
    { '@replace': { pattern: '', value: 'a' } },
    { '@replace': { pattern: 'a'.repeat(11), value: 'a' } },
    { '@replace': { pattern: 'a' } },
    { '@replace': { pattern: 'a', replacement: 5, value: 'a' } },
    { '@replace': { pattern: 'a', value: 5 } },
    { '@arrayPath': 'a' },
    { '@arrayPath': [5] },
    { '@json': { mode: 'x', value: 'a' } },
    { '@json': { mode: 'encode' } },
    { '@flatten': { separator: '.' } },
    { '@flatten': { separator: 5, value: 'a' } },
    { '@merge': { direction: 'up', objects: [] } },
    { '@merge': { direction: 'left' } },
    { '@merge': { direction: 'left', objects: [5] } },
    { '@transform': {} },
    { '@transform': { apply: 'x', mapping: {} } },
    { '@liquid': 5 },
    { '@liquid': 'x'.repeat(1001) },
  );
  fc.assert(
    fc.property(broken, mapping.object, data, (wrong, fields, event) => {
      expect(ours({ ...fields, wrong }, event)).toEqual({ refused: true });
      expect(segments({ ...fields, wrong }, event)).toEqual({ failed: true });
    }),
    { seed, numRuns: 500 },
  );
});

const event = {
  event: 'Name',
  userId: 'u1',
  text: 'abc',
  list: ['x', 'y'],
  injected: '{{userId}}',
  properties: { x: 1 },
};
/** Where ours differs, on purpose. */
const differences: [mapping: object, segment: Outcome, ours: Outcome, reason: string][] = [
  [
    { f: { '@path': '$.text.length' } },
    { value: { f: 3 } },
    { value: {} },
    'only own properties of the event are read',
  ],
  [{ f: { '@path': '$.text[0]' } }, { value: { f: 'a' } }, { value: {} }, 'as above: a text has no members'],
  [{ f: { '@template': '{{constructor.name}}' } }, { value: { f: 'Object' } }, { value: { f: '' } }, 'as above'],
  [
    { f: { '@template': '{{{injected}}}' } },
    { value: { f: 'u1' } },
    { value: { f: '{{userId}}' } },
    'a value is not read as a template again',
  ],
  [
    { f: { '@liquid': '{{event.properties.x}}' } },
    { value: { f: '' } },
    { value: { f: '1' } },
    "event.<field> is what Segment's own examples write",
  ],
  [
    { f: { '@liquid': '{{ text | nope }}' } },
    { value: { f: 'abc' } },
    { refused: true },
    'an unknown filter is a slip of the pen, told when saving',
  ],
  [
    { f: { '@case': { operator: 'title', value: { '@path': '$.list' } } } },
    { value: { f: ['x', 'y'] } },
    { refused: true },
    'every text would fail on it, so it is refused when saving',
  ],
  [
    { f: { '@replace': { pattern: 'a', pattern2: 'x'.repeat(11), value: { '@path': '$.list' } } } },
    { value: { f: '' } },
    { refused: true },
    'as above',
  ],
  [
    { f: { '@if': { exists: '', blank: { '@path': '$.text' }, then: 1 } } },
    { value: { f: 1 } },
    { refused: true },
    'two tests at once, one of them empty',
  ],
  [
    { f: { '@if': { exists: { '@path': '$.nope' }, then: [{ '@nope': 1 }] } } },
    { value: {} },
    { refused: true },
    'directives inside lists are checked when saving, not when reached',
  ],
];
test.each(differences)('on purpose: %j is %j at Segment and %j here, because %s', (fields, segment, expected) => {
  expect(segments(fields, event)).toStrictEqual(segment);
  expect(ours(fields, event)).toStrictEqual(expected);
});
