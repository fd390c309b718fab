import { expect, test } from 'vitest';
import { parseMapping } from '../../contract/mapping-kit-parse.ts';
import { printMapping } from '../../contract/mapping-kit-print.ts';
import { compileKit } from './kit-compile.ts';

// The sample event of segment-spec.md 5.1.
const event = {
  type: 'track',
  event: 'Audience Entered',
  userId: 'u1',
  context: { traits: { email: 'Ana@Example.com', phone: null, city: '' }, personas: { computation_key: 'vip' } },
  properties: {
    vip: true,
    n: 0,
    sp: ' ',
    nul: null,
    tags: ['x', 'y'],
    items: [{ sku: 'a', price: 2 }, { sku: 'b' }],
    one: { sku: 'z' },
    nested: { a: { b: 1 }, l: [1, { c: 2 }], e: {} },
    js: '{"k":[1]}',
    'c d': 6,
    'a.b': 5,
  },
};
const absent = undefined;

function transform(json: unknown, data: unknown = event): unknown {
  const parsed = parseMapping(json);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const compiled = compileKit(parsed.value);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const result = compiled.value(data);
  // Every mapping is printed and read again on the way: it must still do the same.
  const printed = parseMapping(printMapping(parsed.value));
  expect(printed).toEqual(parsed);
  return result;
}
const field = (json: unknown): unknown => (transform({ f: json }) as { f?: unknown }).f;
const path = (text: string) => ({ '@path': text });
const email = path('$.context.traits.email');

test.each<[unknown, unknown]>([
  // 5.2
  [email, 'Ana@Example.com'],
  [path('properties.items[1].sku'), 'b'],
  [path('$.properties.items.0.price'), 2],
  [path("$.properties['c d']"), 6],
  [path("$.properties['a.b']"), absent],
  [path('$.properties.items[*].sku'), absent],
  [path('$.properties.missing'), absent],
  [path('$.context.traits.phone'), null],
  [path('$.properties.n.deep'), 0],
  [path('$.event.length'), absent],
  [path('$.constructor.name'), absent],
  [path('$.properties.__proto__.x'), absent],
  [{ '@path': { '@template': 'properties.{{context.personas.computation_key}}' } }, true],
  [path('$.'), event],
  [path('$'), absent],
  // 5.3
  [{ '@template': '{{ userId }}/{{{event}}}' }, 'u1/Audience Entered'],
  [{ '@template': '+1{{context.traits.phone}}' }, '+1'],
  [{ '@template': '{{$.userId}}' }, ''],
  [{ '@template': '{{properties.tags}} {{properties.one}}' }, 'x,y [object Object]'],
  // 5.4
  [{ '@if': { exists: email, then: email, else: path('$.properties.email') } }, 'Ana@Example.com'],
  [{ '@if': { exists: path('$.context.traits.city'), then: 'has', else: 'no' } }, 'has'],
  [{ '@if': { blank: path('$.context.traits.city'), then: 'has', else: 'no' } }, 'no'],
  [{ '@if': { blank: path('$.properties.n'), then: 'has', else: 'no' } }, 'no'],
  [{ '@if': { blank: path('$.properties.sp'), then: 'has', else: 'no' } }, 'has'],
  [{ '@if': { exists: path('$.nope'), then: 1, else: 0 } }, absent],
  [{ '@if': { exists: path('$.userId'), then: false } }, false],
  [{ '@if': { exists: path('$.nope'), then: 1 } }, absent],
  // 5.5
  [{ '@case': { operator: 'lower', value: email } }, 'ana@example.com'],
  [{ '@case': { operator: 'upper', value: path('$.properties.n') } }, 0],
  // 5.6
  [{ '@replace': { pattern: 'Audience ', replacement: '', value: path('$.event') } }, 'Entered'],
  [
    { '@replace': { pattern: 'e', replacement: '3', ignorecase: true, global: false, value: path('$.event') } },
    'Audi3nce Entered',
  ],
  [{ '@replace': { pattern: '0', replacement: 'zero', value: path('$.properties.n') } }, 'zero'],
  [{ '@replace': { pattern: 'x', replacement: 'y', value: path('$.properties.nul') } }, ''],
  [
    { '@replace': { pattern: '.', replacement: '[$&]', pattern2: '@', replacement2: ' at ', value: email } },
    'Ana at Example[.]com',
  ],
  // 5.7
  [{ '@arrayPath': ['$.properties.items', { id: path('$.sku'), p: path('price') }] }, [{ id: 'a', p: 2 }, { id: 'b' }]],
  [{ '@arrayPath': ['$.properties.one', { id: path('$.sku') }] }, [{ id: 'z' }]],
  [{ '@arrayPath': ['$.properties.tags', { a: path('$.') }] }, [{ a: 'x' }, { a: 'y' }]],
  [{ '@arrayPath': ['$.event', { a: 1 }] }, 'Audience Entered'],
  [{ '@arrayPath': ['$.properties.tags', {}] }, ['x', 'y']],
  // 5.8
  [{ '@literal': '' }, ''],
  [{ '@literal': path('$.userId') }, 'u1'],
  // 5.9
  [{ '@json': { mode: 'encode', value: path('$.properties.nul') } }, 'null'],
  [{ '@json': { mode: 'encode', value: path('$.properties.missing') } }, absent],
  [{ '@json': { mode: 'decode', value: path('$.properties.js') } }, { k: [1] }],
  [{ '@json': { mode: 'decode', value: path('$.event') } }, 'Audience Entered'],
  [{ '@json': { mode: 'Encode', value: path('$.event') } }, absent],
  // 5.10
  [{ '@flatten': { separator: '.', value: path('$.properties.nested') } }, { 'a.b': 1, 'l.0': 1, 'l.1.c': 2 }],
  [
    { '@flatten': { separator: '_', omitArrays: true, value: path('$.properties.nested') } },
    { a_b: 1, l: [1, { c: 2 }] },
  ],
  [{ '@flatten': { separator: '.', value: path('$.event') } }, { '': 'Audience Entered' }],
  [{ '@flatten': { separator: '.', value: path('$.nope') } }, {}],
  // 5.11
  [{ '@merge': { direction: 'right', objects: [{ a: 1, b: 1 }, { b: 2 }] } }, { a: 1, b: 2 }],
  [{ '@merge': { direction: 'left', objects: [{ a: 1, b: 1 }, { b: 2 }] } }, { a: 1, b: 1 }],
  [
    { '@merge': { direction: 'right', objects: [path('$.nope'), path('$.properties.nul'), path('$.userId')] } },
    { 0: 'u', 1: '1' },
  ],
  // 5.12
  [{ '@transform': { apply: { x: path('$.userId') }, mapping: { y: path('$.x'), z: path('$.userId') } } }, { y: 'u1' }],
  // 5.13
  [
    { '@excludeWhenNull': { a: null, b: { c: null, d: 1 }, l: [null, { e: null }] } },
    { b: { d: 1 }, l: [null, { e: null }] },
  ],
  [{ '@excludeWhenNull': path('$.properties.nul') }, absent],
  // 5.14
  [{ '@liquid': '{{ context.traits.email | downcase }}' }, 'ana@example.com'],
  [{ '@liquid': '{{ event }}' }, 'Audience Entered'],
  [
    {
      '@liquid':
        '{{ event.properties.items[1].sku }}{% if event == "Audience Entered" %} in{% endif %} {{event | upcase}}',
    },
    'b in AUDIENCE ENTERED',
  ],
  [{ '@liquid': '{{ nope }}' }, ''],
  [{ '@liquid': '' }, ''],
  // 5.1
  [{ deep: { empty: {}, gone: path('$.nope'), nil: null } }, { deep: { empty: {}, nil: null } }],
  [{ '@path': '$.userId', _metadata: { label: 'x' } }, 'u1'],
])('%j gives %j', (mapping, expected) => {
  expect(field(mapping)).toEqual(expected);
  if (expected === undefined) expect(Object.keys(transform({ f: mapping }) as object)).toEqual([]);
});

test('the root may be a directive, and __segment_internal_directive wraps the other keys', () => {
  expect(transform({ '@merge': { direction: 'right', objects: [{ a: path('$.userId') }] } })).toEqual({ a: 'u1' });
  expect(
    transform({ __segment_internal_directive: { '@transform': { apply: { x: path('$.userId') } } }, y: path('$.x') }),
  ).toEqual({ y: 'u1' });
});

test('lists keep their slots', () => {
  expect(transform({ l: [path('$.nope'), path('$.userId')] })).toEqual({ l: [undefined, 'u1'] });
});

test('a value put into a template is not read as a template again', () => {
  expect(transform({ '@template': '{{{a}}}' }, { a: '{{secret}}', secret: 's' })).toBe('{{secret}}');
});

test.each<[unknown, string, string]>([
  [
    { f: { '@replace': { pattern: '12345678901', value: 'a' } } },
    '/f/@replace/pattern',
    'should be a string of length 10 or less',
  ],
  [{ f: { '@replace': { pattern: '', value: 'a' } } }, '/f/@replace/pattern', 'of length 1 or greater'],
  [{ f: { '@replace': { pattern: 'a', pattern2: '12345678901', value: 'a' } } }, '/f/@replace/pattern2', '10 or less'],
  [
    { f: { '@replace': { pattern: 'a', ignorecase: 'yes', value: 'a' } } },
    '/f/@replace/ignorecase',
    'should be a boolean but it is a string',
  ],
  [{ f: { '@nope': 1 } }, '/f', 'has an invalid directive: @nope'],
  [{ f: [{ '@nope': 1 }] }, '/f/0', 'has an invalid directive'],
  [{ f: { '@path': 'a', '@template': 'b' } }, '/f', 'only have one @-prefixed key but it has 2 keys'],
  [{ f: { '@path': 'a', stray: 1 } }, '/f', 'only have one @-prefixed key'],
  [{ f: { '@path': 5 } }, '/f/@path', 'should be a string or a mapping directive but it is a number'],
  [{ f: { '@if': { exists: '' } } }, '/f/@if', 'requires an "exists" key'],
  [{ f: { '@if': { '@path': 'a' } } }, '/f/@if', "shouldn't have directive"],
  [{ f: { '@case': { operator: 'title', value: 'a' } } }, '/f/@case/operator', 'should be "lower" or "upper"'],
  [{ f: { '@case': { value: 'a' } } }, '/f/@case', 'should have field "operator"'],
  [{ f: { '@json': { mode: 'x', value: 'a' } } }, '/f/@json/mode', 'should be one of encode, decode'],
  [{ f: { '@flatten': { value: 'a' } } }, '/f/@flatten', 'should have field "separator"'],
  [{ f: { '@merge': { objects: [] } } }, '/f/@merge', 'should have field "direction"'],
  [{ f: { '@merge': { objects: ['a'], direction: 'left' } } }, '/f/@merge/objects/0', 'should be a object'],
  [{ f: { '@transform': { mapping: {} } } }, '/f/@transform/apply', 'should be a object'],
  [{ f: { '@arrayPath': 'a' } }, '/f/@arrayPath', 'should be an array but it is a string'],
  [{ f: { '@liquid': 'x'.repeat(1001) } }, '/f/@liquid', '1000 or less'],
  [{ f: { '@liquid': '{% case x %}{% endcase %}' } }, '/f/@liquid', 'tag "case" is disabled'],
  [{ f: { '@liquid': '{{ x | map: "y" }}' } }, '/f/@liquid', 'undefined filter: map'],
  [{ __segment_internal_directive: 5, a: 1 }, '/__segment_internal_directive', 'single directive'],
  [JSON.parse('{"__proto__": {"a": 1}}'), '/__proto__', 'is no allowed key'],
])('%j is refused at its place', (mapping, place, words) => {
  const parsed = parseMapping(mapping);
  const compiled = parsed.ok ? compileKit(parsed.value) : parsed;
  expect(compiled.ok ? [] : compiled.error).toContainEqual({ path: place, message: expect.stringContaining(words) });
});

test('bombs are refused: depth and number of values', () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 5000; level += 1) deep = [deep];
  expect(parseMapping(deep).ok).toBe(false);
  expect(parseMapping(Array.from({ length: 6000 }, () => 1)).ok).toBe(false);
});

test('no mapping and no event reaches Object.prototype (T13)', () => {
  const hostile = JSON.parse('{"p":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}');
  const made = transform(
    {
      a: { '@flatten': { separator: '.', value: path('$.p') } },
      b: { '@merge': { direction: 'right', objects: [path('$.p')] } },
      c: path('$.p'),
    },
    hostile,
  );
  for (const value of Object.values(made as object)) expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('an own toString in an event does not break a template', () => {
  expect(transform({ '@template': 'a{{x}}' }, { x: { toString: 1, valueOf: 2 } })).toBe('a[object Object]');
});
