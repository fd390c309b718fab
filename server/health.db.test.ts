import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase } from '../test/support/database.ts';
import { health } from './health.ts';
import { systemClock } from './kernel/clock.ts';

const database = testDatabase(import.meta.url);

test('a pool whose connections are all busy: health still answers, and a crowd of askers waits for one probe', async () => {
  const { db, pool } = database;
  const release = new AbortController();
  const ended = new Promise<void>((resolve) => release.signal.addEventListener('abort', () => resolve()));
  const busy = Array.from({ length: pool.options.max }, () =>
    db.transaction(async (tx) => {
      await tx.query(sql`select 1`);
      await ended;
    }),
  );
  const checks = health({ db, clock: systemClock });
  const answers = Array.from({ length: 20 }, () => checks.ready());
  expect(checks.live().status).toBe(200);
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ reason: 'the database does not answer in time' });
  }
  expect(pool.waitingCount).toBe(1);
  release.abort();
  await Promise.all(busy);
  expect((await checks.ready()).status).toBe(200);
});
