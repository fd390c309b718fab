import fs from 'node:fs';
import { expect, test } from 'vitest';
import { rules } from './rules.ts';

test('every rule that can be taken out is still found in its file, once', () => {
  for (const { rule, file, find, replace } of rules) {
    const source = fs.readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find).length - 1, `"${rule}" in ${file}`).toBe(1);
    expect(replace, rule).not.toBe(find);
  }
});

test('every rule has its own name and says which rule of docs/rules.md it is', () => {
  expect(new Set(rules.map(({ rule }) => rule)).size).toBe(rules.length);
  for (const { rule, what } of rules) expect(what, rule).toMatch(/^Rule \d+: .*\.$/);
});
