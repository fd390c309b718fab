// A process that is there to be killed: writes one row a transaction and prints its number once the commit is answered.
import sql from 'sql-template-tag';
import { openDatabase } from '../../server/db/open-database.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { systemRandom } from '../../server/kernel/random.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog };
const opened = await openDatabase({ dataDir: process.argv[2] ?? '' }, parts);
if (!opened.ok) throw new Error(opened.error);
const db = opened.value;
await db.query(sql`create table if not exists kept (n bigint primary key)`);
const [start] = await db.query<{ n: number }>(sql`select coalesce(max(n), 0) as n from kept`);
for (let n = (start?.n ?? 0) + 1; ; n += 1) {
  await db.transaction((tx) => tx.query(sql`insert into kept (n) values (${n})`));
  process.stdout.write(`${n}\n`);
}
