import type { Db } from '../db/port.ts';
import { type Clock, days, minutes } from '../kernel/clock.ts';
import type { Step } from '../kernel/loop.ts';
import { countAudiences } from './counting.sql.ts';
import { deleteHistory, insertHistory, selectFedWithout } from './history.sql.ts';

/** What is owed moves faster than how large an audience is. */
const every = minutes(5);
/** The charts of a week and of a month are by the hour. */
const fine = days(2);
const all = days(31);

/** Writes down where the members of each audience are; asked more often than needed, it writes once in five minutes. */
export function recordCounts({ db, clock }: { db: Db; clock: Clock }): Step {
  let last = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock.now();
    const time = now - (now % every);
    if (time === last) return 'idle';
    const at = new Date(time);
    for (const fed of await selectFedWithout(db, at)) {
      const { space_id: spaceId, destination_id: destinationId, audience_ids: audienceIds } = fed;
      const counted = await countAudiences(db, { spaceId, destinationId, audienceIds });
      await db.transaction((tx) => insertHistory(tx, fed, { at, counted }));
    }
    await db.transaction((tx) => deleteHistory(tx, { fine: new Date(now - fine), all: new Date(now - all) }));
    last = time;
    return 'idle';
  };
}
