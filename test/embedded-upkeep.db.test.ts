import fs from 'node:fs';
import path from 'node:path';
import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { embeddedDb } from '../server/db/embedded.ts';
import { openEngine } from '../server/db/embedded-engine.ts';
import { embeddedUpkeep, maintenanceLimits } from '../server/db/maintenance.ts';
import { migrate } from '../server/db/migrate.ts';
import { maintenanceIdle } from '../server/db/open-database.ts';
import type { Db } from '../server/db/port.ts';
import { backoff } from '../server/kernel/backoff.ts';
import { manualClock, seconds, systemClock } from '../server/kernel/clock.ts';
import { silentLog } from '../server/kernel/log.ts';
import { runLoop } from '../server/kernel/loop.ts';
import { systemRandom } from '../server/kernel/random.ts';
import { freshDataDir } from './support/database.ts';
import { advertiserId, engageEvent, makeWorld, type World } from './support/world.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog };
const people = 10_000;
const microBatches = 500;
const megabyte = 1024 * 1024;

/** In production every 50 million; the loop and its tasks are the same. */
const limits = { ...maintenanceLimits, transactionAge: 300 };

test('the folder stays bounded: after 500 micro-batches over the same 10,000 people the log is short, dead rows are gone and transaction ids are young', async () => {
  const dataDir = freshDataDir();
  const engine = await openEngine(dataDir, parts);
  if (!engine.ok) throw new Error(engine.error);
  const db = embeddedDb(engine.value, parts);
  await migrate(db, silentLog);
  const world = await connectedWorld(db);
  const clock = manualClock();
  const tasks = { done: 0, failed: 0 };
  const upkeep = embeddedUpkeep({ db, engine: engine.value, log: silentLog, clock }, limits);
  const loop = runLoop(
    {
      clock,
      idle: maintenanceIdle,
      backoff: backoff({ first: seconds(1), most: seconds(1), random: systemRandom }),
      report: () => (tasks.failed += 1),
    },
    async () => {
      const found = await upkeep();
      if (found === 'more') tasks.done += 1;
      return found;
    },
  );
  let longestLog = 0;
  for (let batch = 0; batch < microBatches; batch += 1) {
    await world.process(...eventsOf(batch));
    if (batch % 20 === 19) await world.settleAll();
    await clock.advance(maintenanceIdle);
    longestLog = Math.max(longestLog, logBytes(dataDir));
  }
  await db.query(sql`select pg_stat_force_next_flush()`);
  await expect
    .poll(
      async () => {
        await clock.advance(maintenanceIdle);
        return await upkeepDue(db);
      },
      { timeout: 60_000 },
    )
    .toBe(0);
  await loop.stop();

  const state = { ...tasks, longestLogMB: Math.round(longestLog / megabyte), ...(await stateOf(db)) };
  console.log(state);
  expect(tasks.failed).toBe(0);
  expect(longestLog).toBeLessThanOrEqual(256 * megabyte);
  expect(state.members).toBe(people);
  expect(state.dead, 'reliability.md 5: at most 20 % of the living, and what a small table may keep').toBeLessThan(
    0.2 * state.live + maintenanceLimits.rows,
  );
  expect(state.age, 'younger than all transactions of this test').toBeLessThan(microBatches);
  await db.close();
  await engine.value.close();
}, 900_000);

async function connectedWorld(db: Db): Promise<World> {
  const world = await makeWorld(db);
  const settings = { selected_advertiser_id: advertiserId, personas_audience_key: 'vip' };
  await world.mapping('addUser', settings);
  await world.mapping('removeUser', settings);
  await world.connect('vip');
  await world.walk();
  return world;
}

/** A hundred people at a time, so that each of them comes five times: in, out, in, out, in. */
function eventsOf(batch: number): Record<string, unknown>[] {
  const size = (people * 5) / microBatches;
  return Array.from({ length: size }, (_, i) => {
    const event = batch * size + i;
    const person = event % people;
    const entered = Math.floor(event / people) % 2 === 0;
    return engageEvent('vip', entered, { userId: `u-${person}`, email: `u-${person}@example.com` });
  });
}

function logBytes(dataDir: string): number {
  const folder = path.join(dataDir, 'database', 'pg_wal');
  const sizes = fs.readdirSync(folder).map((name) => fs.statSync(path.join(folder, name)));
  return sizes.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

/** How many of the tasks would find something to do. */
async function upkeepDue(db: Db): Promise<number> {
  const { dead, live, age } = await stateOf(db);
  return Number(dead > 0.2 * live + limits.rows) + Number(age > limits.transactionAge);
}

async function stateOf(db: Db): Promise<{ live: number; dead: number; age: number; members: number }> {
  const [state] = await db.query<{ live: number; dead: number; age: number; members: number }>(sql`
    select (select sum(n_live_tup)::bigint from pg_stat_user_tables) as live,
      (select sum(n_dead_tup)::bigint from pg_stat_user_tables) as dead,
      (select max(age(datfrozenxid)) from pg_database) as age,
      (select count(*) from audience_members where present) as members`);
  if (!state) throw new Error('no state');
  return state;
}
