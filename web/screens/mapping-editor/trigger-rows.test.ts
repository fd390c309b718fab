import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFql } from '../../../contract/fql-parse.ts';
import { printFql } from '../../../contract/fql-print.ts';
import {
  type BuiltTrigger,
  expressionOf,
  operatorsOf,
  type RowField,
  readAs,
  rowsOf,
  takesNumber,
  takesValue,
} from './trigger-rows.ts';

function built(text: string): BuiltTrigger | undefined {
  const parsed = parseFql(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return rowsOf(parsed.value);
}

test('the trigger of the guide is one row', () => {
  expect(built('event = "Audience Entered"')).toEqual({
    join: 'and',
    rows: [{ field: 'event', name: '', operator: 'is', value: 'Audience Entered' }],
  });
});

test.each([
  ['type = "track" and properties.plan.tier != "free"', 2],
  ['event = "A" or contains(event, "B") or match(event, "C*")', 3],
  ['context.device.type = null and properties.total >= 9.5', 2],
  ['properties.vip = true', 1],
])('%s is shown as rows', (text, rows) => {
  expect(built(text)?.rows).toHaveLength(rows);
});

test.each([
  'event = "A" or type = "track" and event = "B"',
  '!(event = "A")',
  'event in ["A", "B"]',
  'lowercase(event) = "a"',
  'match(event, "a*b")',
  'properties.vip',
  'properties.a\\.b = 1',
])('%s is edited as code', (text) => {
  expect(built(text)).toBeUndefined();
});

const name = fc
  .array(fc.stringMatching(/^[A-Za-z_][\w -]{0,8}$/), { minLength: 1, maxLength: 3 })
  .map((keys) => keys.join('.'));
const row = fc
  .constantFrom<RowField>('type', 'event', 'property', 'trait', 'context', 'userId')
  .chain((field) =>
    fc.record({
      field: fc.constant(field),
      name: field === 'property' || field === 'trait' || field === 'context' ? name : fc.constant(''),
      operator: fc.constantFrom(...operatorsOf(field)),
      text: fc.string({ maxLength: 20 }),
      number: fc.integer({ min: -1_000, max: 1_000 }),
    }),
  )
  .map(({ text, number, ...rest }) => ({
    ...rest,
    value: takesNumber(rest.operator) ? String(number) : takesValue(rest.operator) ? text : '',
  }))
  // Ends with nothing is the same trigger as starts with nothing, and is shown as that.
  .filter(({ operator, value }) => operator !== 'ends' || value !== '');

test('whatever the builder makes is printed, read, and shown as the same rows', () => {
  void fc.assert(
    fc.property(
      fc.constantFrom('and' as const, 'or' as const),
      fc.array(row, { minLength: 1, maxLength: 4 }),
      (join, rows) => {
        const wanted = { join: rows.length === 1 ? ('and' as const) : join, rows };
        const expression = expressionOf(wanted);
        if (expression === undefined) throw new Error('the rows are complete');
        expect(built(printFql(expression))).toEqual(wanted);
      },
    ),
  );
});

test('a row without its name or its number is no trigger yet', () => {
  const base = { name: '', operator: 'is', value: 'x' } as const;
  expect(expressionOf({ join: 'and', rows: [{ ...base, field: 'property' }] })).toBeUndefined();
  expect(
    expressionOf({ join: 'and', rows: [{ field: 'property', name: 'n', operator: '>', value: 'many' }] }),
  ).toBeUndefined();
});

test('both words in one trigger are read with brackets', () => {
  const parsed = parseFql('event = "A" or type = "track" and event = "B"');
  expect(parsed.ok && readAs(parsed.value)).toBe('event = "A" or (type = "track" and event = "B")');
});
