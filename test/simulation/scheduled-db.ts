import type { Sql } from 'sql-template-tag';
import type { Db, Row, TransactionOptions, Tx } from '../../server/db/port.ts';
import { type Actor, Killed, type Scheduler, type Unit } from './scheduler.ts';

/** A database as one actor sees it: each statement waits for its turn, and what a killed one began is rolled back. */
export function scheduledDb(real: Db, scheduler: Scheduler, actor: Actor): Db {
  return {
    engine: real.engine,
    close: async () => {},
    async query<R extends Row>(statement: Sql): Promise<R[]> {
      const unit = await scheduler.turn(actor, 'query', wordsOf(statement));
      scheduler.opened();
      try {
        return await inUnit(unit, actor, () => real.query<R>(statement));
      } finally {
        scheduler.closed();
      }
    },
    async transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T> {
      let unit = await scheduler.turn(actor, 'begin');
      scheduler.opened();
      try {
        return await real.transaction(async (tx) => {
          const { pid } = unit;
          unit.finish();
          try {
            const value = await work(scheduledTx(tx, { scheduler, actor, pid }));
            unit = await scheduler.turn(actor, 'commit');
            return value;
          } catch (error) {
            unit = scheduler.rollsBack();
            throw error;
          }
        }, options);
      } finally {
        scheduler.closed();
        unit.finish();
      }
    },
  };
}

function scheduledTx(real: Tx, own: { scheduler: Scheduler; actor: Actor; pid: number | undefined }): Tx {
  return {
    alone: real.alone,
    async query<R extends Row>(statement: Sql): Promise<R[]> {
      const unit = await own.scheduler.turn(own.actor, 'statement', wordsOf(statement));
      unit.pid = own.pid;
      return inUnit(unit, own.actor, () => real.query<R>(statement));
    },
  } as Tx;
}

const wordsOf = ({ text, values }: Sql): string => `${text} ${JSON.stringify(values)}`;

async function inUnit<T>(unit: Unit, actor: Actor, run: () => Promise<T>): Promise<T> {
  try {
    const value = await run();
    if (actor.dead) throw new Killed(`${actor.name} was killed while it waited`);
    return value;
  } finally {
    unit.finish();
  }
}
