import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase } from '../../test/support/database.ts';
import { engageEvent, makeWorld, type World } from '../../test/support/world.ts';
import { shareAudiences } from '../audiences/audiences.sql.ts';
import { manage } from '../audiences/audiences.ts';
import type { Tx } from '../db/port.ts';
import { beginWalk, selectWalks } from '../ledger/ledger.ts';
import { holdConnection, reapply } from './feeding.ts';

/** Two transactions at once, which only PostgreSQL has. */
const database = testDatabase(import.meta.url);

const fields = {
  enabled: true,
  sendTrack: true,
  sendIdentify: false,
  enteredEvent: 'Audience Entered',
  exitedEvent: 'Audience Exited',
  settings: {},
};

async function connect(
  tx: Tx,
  { clock, spaceId, destinationId }: World,
  audienceId: Awaited<ReturnType<World['audience']>>,
) {
  const place = { spaceId, audienceId, destinationId };
  await holdConnection(tx, place);
  await manage.connectAudience(tx, clock, place, fields);
  await beginWalk(tx, { clock }, { ...place, reason: 'connected' });
}

/** Runs `second` while `first` is open; `first` commits once `second` waits for it, or has not waited at all. */
async function overlap(first: (tx: Tx) => Promise<unknown>, second: (tx: Tx) => Promise<unknown>): Promise<void> {
  let other: Promise<unknown> | undefined;
  await database.db.transaction(async (tx) => {
    await first(tx);
    let done = false;
    other = database.db.transaction(second).finally(() => {
      done = true;
    });
    while (!done && !(await anybodyWaits())) {
      // The second transaction is on its way to the lock.
    }
  });
  await other;
}

const anybodyWaits = async () =>
  (
    await database.db.query(sql`
      select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where not l.granted and a.datname = current_database() limit 1`)
  ).length > 0;

test('rule 6: a new connection waits for the micro-batches under way, so that its walk misses nobody', async () => {
  const world = await makeWorld(database.db);
  await world.process(engageEvent('vip', true, { userId: 'u1' }));
  const audienceId = await world.audience('vip');
  await overlap(
    async (tx) => {
      await shareAudiences(tx, [world.spaceId], ['vip']);
      // What the micro-batch writes after it has looked for connections and found none.
      await tx.query(sql`
        insert into audience_members (space_id, audience_id, person_id, present)
        values (${world.spaceId}, ${audienceId}, 987654321, true)`);
    },
    (tx) => connect(tx, world, audienceId),
  );
  expect(await selectWalks(database.db, world.destinationId)).toMatchObject([{ reason: 'connected', total: 2 }]);
});

test('rule 6: a mapping that changes while an audience is being connected walks that audience too', async () => {
  const world = await makeWorld(database.db);
  const audienceId = await world.audience('vip');
  const { clock, spaceId, destinationId } = world;
  await overlap(
    (tx) => connect(tx, world, audienceId),
    (tx) => reapply(tx, { clock }, { id: destinationId, spaceId }, 'mapping'),
  );
  expect(await selectWalks(database.db, destinationId)).toMatchObject([{ reason: 'mapping', finished_at: null }]);
});
