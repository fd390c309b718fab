import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HashTally, hashKey, RowLog } from './hash-tally.ts';

const key = fc.integer({ min: 0, max: 2 ** 50 - 1 });

test('a tally of hashes counts as a map would, however many there are and wherever they fall', () => {
  const steps = fc.array(fc.tuple(fc.oneof(key, fc.integer({ min: 0, max: 40 })), fc.integer({ min: -2, max: 2 })), {
    maxLength: 3_000,
  });
  fc.assert(
    fc.property(steps, (changes) => {
      const tally = new HashTally();
      const model = new Map<number, number>();
      for (const [one, by] of changes) {
        tally.change(one, by);
        model.set(one, (model.get(one) ?? 0) + by);
      }
      for (const [one, count] of model) expect(tally.after(one)).toBe(count);
    }),
    { numRuns: 30 },
  );
});

test('who holds a hash now is asked once, also where the answer was nobody', () => {
  const tally = new HashTally();
  const hash = hashKey(1, Buffer.alloc(32, 9));
  expect(tally.isKnown(hash)).toBe(false);
  tally.change(hash, -1);
  tally.stand(hash, 0);
  expect(tally.isKnown(hash)).toBe(true);
  tally.stand(hash, 2);
  expect(tally.after(hash)).toBe(1);
});

test('the same bytes of two types are two hashes', () => {
  const bytes = Buffer.alloc(32, 255);
  expect(hashKey(0, bytes)).not.toBe(hashKey(1, bytes));
  expect(Number.isSafeInteger(hashKey(3, bytes))).toBe(true);
});

test('rows come back as they went in, beyond the first room', () => {
  const log = new RowLog();
  for (let i = 0; i < 5_000; i += 1) log.push([i, -1, i + 1, -1]);
  const rows = [...log.rows()].map((row) => [...row]);
  expect(rows.length).toBe(5_000);
  expect(rows[4_999]).toEqual([4_999, -1, 5_000, -1]);
});
