import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Hashes, owed } from '../ledger/ledger.ts';
import { mappingBatch, planWindow, type ReadyTarget } from './batch.ts';
import { createClaims } from './claims.ts';
import { packRows, unpackRows } from './payload.ts';

const target: ReadyTarget = { id: 1 as TargetId, tiktokId: '180012345', advertiserId: '7100000000000000001' };
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

const owedRow = (seq: number, level: 0 | 1 | 2 | null, hashes: Hashes, lane: 0 | 1 = 0): owed.Owed => ({
  pointer: { spaceId: 1 as SpaceId, targetId: target.id, lane, seq, originId: 7, personId: seq as PersonId },
  row:
    level === null
      ? null
      : { variant: hash(`${seq}${level}`).subarray(0, 8), level, mappingId: 3 as MappingId, hashes },
});
const email = (text: string): Hashes => [hash(text), null, null, null];
const plan = (rows: owed.Owed[], limits = { rows: 1_000, bytes: 1_000_000 }) =>
  planWindow([{ target, owed: rows }], createClaims(), limits);

test('present rows are added, absent ones deleted, each action in calls of its own', () => {
  const { calls } = plan([owedRow(1, 1, email('a')), owedRow(2, 0, email('b')), owedRow(3, 1, email('c'))]);
  expect(calls.map((call) => [call.action, call.rows.length])).toEqual([
    ['add', 2],
    ['delete', 1],
  ]);
});

test('rule 8: a pointer that a newer one has overtaken, or whose level is kept, needs no call', () => {
  const { calls, empty } = plan([owedRow(1, null, email('a')), owedRow(2, 2, email('b'))]);
  expect(calls).toEqual([]);
  expect(empty.map((p) => p.seq)).toEqual([1, 2]);
});

test('I2: a pointer that touches a hash in flight is left for later, and others go on', () => {
  const shared = [owedRow(1, 1, email('shared')), owedRow(2, 0, email('shared')), owedRow(3, 0, email('own'))];
  const { calls, empty } = plan(shared);
  expect(empty).toEqual([]);
  expect(calls.flatMap((call) => call.rows.map((row) => row.task.pointer.seq))).toEqual([1, 3]);
});

test('live changes come before the backfill', () => {
  const { calls } = plan([owedRow(1, 1, email('a'), 1), owedRow(2, 1, email('b'), 0)]);
  expect(calls[0]?.rows.map((row) => row.task.pointer.seq)).toEqual([2, 1]);
});

test('no call has more rows or bytes than allowed, and no row is lost or doubled', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 300, max: 5_000 }),
      (n, rows, bytes) => {
        const all = Array.from({ length: n }, (_, i) =>
          owedRow(i + 1, i % 3 ? 1 : 0, [hash(`e${i}`), i % 2 ? hash(`p${i}`) : null, null, null]),
        );
        const { calls } = plan(all, { rows, bytes });
        const told = calls.flatMap((call) => call.rows.map((row) => row.task.pointer.seq)).sort((a, b) => a - b);
        expect(told).toEqual(all.map((row) => row.pointer.seq));
        for (const call of calls) {
          expect(call.rows.length).toBeLessThanOrEqual(rows);
          const body = JSON.stringify(
            call.rows.map((row) =>
              row.hashes.map((h) => (h ? { id: h.toString('hex'), audience_ids: [target.tiktokId] } : {})),
            ),
          );
          expect(call.rows.length === 1 || body.length <= bytes + 2).toBe(true);
        }
      },
    ),
  );
});

test('the columns of a call are the types that any of its rows has, and each row has all of them', () => {
  const rows = [
    { target, hashes: [hash('a'), null, null, null] },
    { target, hashes: [null, null, null, hash('d')] },
  ];
  expect(mappingBatch('add', rows)).toEqual({
    advertiserId: target.advertiserId,
    action: 'add',
    schema: [0, 3],
    rows: [
      { audienceIds: [target.tiktokId], hashes: [hash('a'), null] },
      { audienceIds: [target.tiktokId], hashes: [null, hash('d')] },
    ],
  });
});

test('what was told can be read back from the request', () => {
  const rows = [
    { targetId: 5 as TargetId, hashes: [hash('a'), null, hash('c'), null] },
    { targetId: (2 ** 40) as TargetId, hashes: [null, hash('b'), null, null] },
  ];
  expect(unpackRows(packRows(rows))).toEqual(rows);
});
