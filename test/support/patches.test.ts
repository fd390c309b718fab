import fs from 'node:fs';
import { expect, test } from 'vitest';
import { faultyDisk, mutants, plannedCrash } from './patches.ts';

test('every patch finds its text exactly once, so that moved code is noticed before a process starts', () => {
  for (const { file, find } of [...faultyDisk, ...plannedCrash, ...Object.values(mutants).flat()]) {
    const source = fs.readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find).length - 1, `${file}: ${find}`).toBe(1);
  }
});
