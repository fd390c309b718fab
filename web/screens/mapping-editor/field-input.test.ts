import { expect, test } from 'vitest';
import { inputOf, jsonOf, sentenceOf, variableJson } from './field-input.ts';

const trait = { '@path': '$.context.traits.email' };
const property = { '@path': '$.properties.email' };

test('paths, templates and plain values have their own inputs', () => {
  expect(inputOf(trait)).toEqual({ kind: 'variable', text: 'context.traits.email' });
  expect(inputOf({ '@template': '+1{{context.traits.phone}}' })).toEqual({
    kind: 'variable',
    text: '+1{{context.traits.phone}}',
  });
  expect(inputOf(true)).toEqual({ kind: 'value', value: true });
  expect(inputOf(undefined)).toEqual({ kind: 'value', value: null });
});

test('text beside a variable concatenates', () => {
  expect(variableJson('+1{{context.traits.phone}}')).toEqual({ '@template': '+1{{context.traits.phone}}' });
  expect(variableJson('context.traits.phone')).toEqual({ '@path': '$.context.traits.phone' });
});

test('a default that looks in two places is a sentence', () => {
  const input = inputOf({ '@if': { exists: trait, then: trait, else: property } });
  expect(input.kind === 'function' && sentenceOf(input.of)).toBe('context.traits.email, else properties.email');
});

test.each([
  [{ '@case': { operator: 'lower', value: trait } }],
  [{ '@replace': { pattern: '-', replacement: '', value: trait } }],
  [{ '@flatten': { separator: '_', value: trait } }],
  [{ '@json': { mode: 'encode', value: trait } }],
  [{ '@liquid': '{{ properties.email }}' }],
])('the function %j is shown as a form that writes the same', (json) => {
  const input = inputOf(json);
  expect(input.kind).toBe('function');
  expect(jsonOf(input)).toEqual(json);
});

test.each([
  [{ '@if': { exists: trait, then: property, else: trait } }],
  [{ '@replace': { pattern: 'a', replacement: 'b', pattern2: 'c', replacement2: 'd', value: trait } }],
  [{ '@arrayPath': ['$.properties.products'] }],
  [['send_email', 'send_phone']],
  [{ '@case': { operator: 'lower', value: { '@liquid': 'x' } } }],
])('%j says more than a form can, so it is edited as JSON', (json) => {
  const input = inputOf(json);
  expect(input.kind).toBe('json');
  expect(jsonOf(input)).toEqual(json);
});
