import type { Db } from '../db/port.ts';
import { type Clock, days, minutes } from '../kernel/clock.ts';
import type { Step } from '../kernel/loop.ts';
import { deleteHistory, insertHistory } from './history.sql.ts';

/** As fine as the chart of a day (web.md 6.1). */
const every = minutes(15);
/** The charts of a week and of a month are by the hour. */
const fine = days(2);
const all = days(31);

/** Writes down how large the audiences are; asked more often than needed, it writes once in a quarter of an hour. */
export function recordSizes({ db, clock }: { db: Db; clock: Clock }): Step {
  let last = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock.now();
    const at = now - (now % every);
    if (at === last) return 'idle';
    await db.transaction(async (tx) => {
      await insertHistory(tx, new Date(at));
      await deleteHistory(tx, { fine: new Date(now - fine), all: new Date(now - all) });
    });
    last = at;
    return 'idle';
  };
}
