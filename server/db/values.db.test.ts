import sql, { type Sql } from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';

const database = testDatabase(import.meta.url, { migrated: false });

const bytes = Buffer.from([0, 1, 254, 255]);
const moment = new Date('2026-02-03T04:05:06.789Z');

/** What is sent, and what must come back, on either engine (design.md 4.2: one driver, no differences). */
const cases: [name: string, value: Sql, back: unknown][] = [
  ['int8', sql`${123_456_789_012}::bigint`, 123_456_789_012],
  ['the largest safe int8', sql`${Number.MAX_SAFE_INTEGER}::bigint`, Number.MAX_SAFE_INTEGER],
  ['count(*)', sql`(select count(*) from generate_series(1, 3))`, 3],
  ['int4', sql`${-7}::int`, -7],
  ['float8', sql`${0.25}::float8`, 0.25],
  ['numeric', sql`${'12.50'}::numeric`, '12.50'],
  ['sum(int8)', sql`(select sum(n::bigint) from generate_series(1, 3) n)`, '6'],
  ['text', sql`${'Zoë "the" \\ one'}::text`, 'Zoë "the" \\ one'],
  ['boolean', sql`${true}::boolean`, true],
  ['null', sql`${null}::text`, null],
  ['bytea', sql`${bytes}::bytea`, bytes],
  ['empty bytea', sql`${Buffer.alloc(0)}::bytea`, Buffer.alloc(0)],
  ['timestamptz(3)', sql`${moment}::timestamptz(3)`, moment],
  ['date', sql`${'2026-02-03'}::date`, '2026-02-03'],
  ['jsonb object', sql`${{ a: [1, 'b', null] }}::jsonb`, { a: [1, 'b', null] }],
  ['jsonb array as text', sql`${JSON.stringify([1, 2])}::jsonb`, [1, 2]],
  ['jsonb string as text', sql`${JSON.stringify('x')}::jsonb`, 'x'],
  ['text[]', sql`${['a', null, 'b,"c"']}::text[]`, ['a', null, 'b,"c"']],
  ['bigint[]', sql`${[1, null, 9_007_199_254_740_991]}::bigint[]`, [1, null, 9_007_199_254_740_991]],
  ['boolean[]', sql`${[true, false, null]}::boolean[]`, [true, false, null]],
  ['no elements', sql`${[]}::text[]`, []],
  ['text[] beyond ASCII', sql`${['', 'Zoë \\ "x"', '日本語', '👋']}::text[]`, ['', 'Zoë \\ "x"', '日本語', '👋']],
  ['text[] of text that is not whole', sql`${['a\ud800b']}::text[]`, ['a\ufffdb']],
  ['negative bigint[]', sql`${[-1, -4_294_967_296, -4_294_967_297]}::bigint[]`, [-1, -4_294_967_296, -4_294_967_297]],
  ['bigint[] of text', sql`${['7', '9']}::bigint[]`, [7, 9]],
  ['int[]', sql`${[-2_147_483_648, 2_147_483_647]}::int[]`, [-2_147_483_648, 2_147_483_647]],
  ['smallint[]', sql`${[-32_768, 32_767, null]}::smallint[]`, [-32_768, 32_767, null]],
  ['bytea[] with null', sql`${[bytes, null]}::bytea[]`, [bytes, null]],
];

test.each(cases)('%s comes back alike on both engines', async (_name, value, back) => {
  const [row] = await database.db.query(sql`select ${value} as value`);
  expect(row?.['value']).toEqual(back);
});

test('an int8 beyond 2^53 fails its query and nothing else', async () => {
  await expect(database.db.query(sql`select ${'9007199254740993'}::bigint as value`)).rejects.toThrow(RangeError);
  expect(await database.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }]);
});

test('an element beyond its type fails its query with the words of the database', async () => {
  const tooMuch = database.db.query(sql`select ${[1, 40_000]}::smallint[] as value`);
  await expect(tooMuch).rejects.toThrow('value "40000" is out of range for type smallint');
});

test('70,000 rows go in as arrays in one statement (reliability.md F9: bind values end at 65,535)', async () => {
  const numbers = Array.from({ length: 70_000 }, (_, i) => i);
  const [row] = await database.db.query(sql`select count(*) as n, max(v) as most from unnest(${numbers}::bigint[]) v`);
  expect(row).toEqual({ n: 70_000, most: 69_999 });
});
