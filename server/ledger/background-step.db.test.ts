import sql from 'sql-template-tag';
import { expect, test } from 'vitest';
import { testDatabase, testEngine } from '../../test/support/database.ts';
import { promised } from '../../test/support/promised.ts';
import { systemClock } from '../kernel/clock.ts';
import { silentLog } from '../kernel/log.ts';
import { backgroundStep } from './background-step.ts';

const database = testDatabase(import.meta.url);

test.runIf(testEngine === 'embedded')(
  'a walk that finds the one session taken lets go first who comes after it',
  async () => {
    const { db } = database;
    const order: string[] = [];
    const { promise, keep } = promised();
    const call = db.transaction(async (tx) => {
      await tx.query(sql`select 1`);
      await promise;
    });
    const walk = backgroundStep(
      { db, clock: systemClock, log: silentLog },
      {
        name: 'a walk',
        claim: async () => void order.push('walk'),
        takeStep: async () => {},
        postpone: async () => {},
        named: () => ({}),
      },
    );
    const event = db.query(sql`select 1`).then(() => order.push('event'));
    keep();
    await Promise.all([call, walk, event]);
    expect(order).toEqual(['event', 'walk']);
  },
);
