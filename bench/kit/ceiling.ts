/** What the engine itself can do at most, measured in the same run: rows like a membership, in, durably, and nothing else. */
import { randomBytes } from 'node:crypto';
import sql from 'sql-template-tag';
import { openDatabase } from '../../server/db/open-database.ts';
import type { Db } from '../../server/db/port.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';

/** Rows a second into one table of a membership's width, with its key and one hash index, 2,000 a transaction. */
export async function engineCeiling(
  where: { readonly url: string | undefined; readonly dataDir: string },
  rows: number,
): Promise<number> {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog };
  const opened = await openDatabase(where, parts);
  if (!opened.ok) throw new Error(opened.error);
  const db = opened.value;
  try {
    await db.query(sql`create table ceiling (
      space_id int8, target_id int8, person_id int8, email bytea, phone bytea, device bytea, at timestamptz,
      primary key (space_id, target_id, person_id))`);
    await db.query(sql`create index on ceiling using hash (email)`);
    await fill(db, 0, chunk); // the first transaction pays for the start
    const began = systemClock.elapsed();
    for (let from = chunk; from < chunk + rows; from += chunk) await fill(db, from, chunk);
    return (rows * 1_000) / (systemClock.elapsed() - began);
  } finally {
    await db.query(sql`drop table ceiling`);
    await db.close();
  }
}

const chunk = 2_000;

async function fill(db: Db, from: number, count: number): Promise<void> {
  const people = Array.from({ length: count }, (_, i) => from + i);
  const hashes = () => people.map(() => randomBytes(32));
  const now = new Date(systemClock.now());
  await db.transaction((tx) =>
    tx.query(sql`
      insert into ceiling select 1, 1, person, email, phone, device, ${now}
      from unnest(${people}::int8[], ${hashes()}::bytea[], ${hashes()}::bytea[], ${hashes()}::bytea[]) as n (person, email, phone, device)`),
  );
}
