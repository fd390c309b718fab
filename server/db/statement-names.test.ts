import { expect, test } from 'vitest';
import { statementNames } from './statement-names.ts';

test('a text has one name, another text another, one without values none', () => {
  const nameOf = statementNames();
  const first = nameOf({ text: 'select $1', values: [1] });
  expect(first.name).toEqual(expect.any(String));
  expect(nameOf({ text: 'select $1', values: [2] })).toEqual(first);
  expect(nameOf({ text: 'select $1, 2', values: [1] })).not.toEqual(first);
  expect(nameOf({ text: 'begin', values: [] })).toEqual({});
});

test('texts without end get names for a while, and then none', () => {
  const nameOf = statementNames();
  const named = Array.from({ length: 5_000 }, (_, n) => nameOf({ text: `select $1, ${n}`, values: [1] }));
  expect(named.filter(({ name }) => name !== undefined)).toHaveLength(1_000);
  expect(nameOf({ text: 'select $1, 7', values: [1] })).toEqual(named[7]);
});
