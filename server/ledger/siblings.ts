/**
 * Rule 12: two targets of one destination that turn out to be one TikTok audience become one. The second one stays,
 * blocked, as another name of the first (targets.sql.ts), and what it holds moves there.
 */
import type { DestinationId } from '../../contract/ids.ts';
import { connectionsFor, countMembers } from '../audiences/audiences.ts';
import type { Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { lockPeople } from '../profiles/profiles.ts';
import {
  deleteStalePointers,
  endByDirectExits,
  moveDirectExits,
  moveDoubts,
  moveRows,
  selectPeopleAt,
  selectSiblings,
} from './siblings.sql.ts';
import { lockWalks, upsertWalk } from './walks.sql.ts';

/** People a transaction: their locks keep live events of them waiting. */
const chunkPeople = 2_000;

/**
 * Moves what blocked siblings hold (rows, pointers, direct exits, doubts) to the target that feeds their audience, at
 * most 2,000 people a transaction. Gives how many people were moved; 0 means that nothing is left. Delivery asks before
 * it sends, so whatever a crash or a micro-batch with the old id in its hands leaves there is moved by the next run.
 *
 * Rule 3: under the people's locks. Two rows that become one are merged by "present wins"; the walks that begin here, in
 * the same transaction, then bring every person to what level() says.
 */
export async function moveSiblings(tx: Tx, { clock }: { clock: Clock }, destinationId: DestinationId): Promise<number> {
  const siblings = await selectSiblings(tx, destinationId);
  const [first] = siblings;
  if (!first) return 0;
  const { spaceId } = first;
  // A chunk of a walk holds its walk and waits for people: walks come first here too.
  await lockWalks(tx, { spaceId, destinationId });
  const origins = new Set<number>();
  let moved = 0;
  for (const pair of siblings) {
    await moveDoubts(tx, pair);
    const people = await selectPeopleAt(tx, pair, chunkPeople - moved);
    if (people.length) {
      await lockPeople(tx, spaceId, people);
      for (const originId of await moveRows(tx, pair, people)) origins.add(originId);
      await moveDirectExits(tx, pair, people);
      await endByDirectExits(tx, pair, people);
    }
    await deleteStalePointers(tx, pair);
    moved += people.length;
    if (moved >= chunkPeople) break;
  }
  // Direct rows are nobody's members: endByDirectExits has decided them (rule 6: never through origin 0).
  const audienceIds = [...origins].sort((a, b) => a - b).map((id) => id as Parameters<typeof countMembers>[2]);
  for (const { audienceId, destinationId: into } of await connectionsFor(tx, audienceIds)) {
    if (into !== destinationId) continue;
    const { ever } = await countMembers(tx, spaceId, audienceId);
    const now = new Date(clock.now());
    await upsertWalk(tx, { spaceId, audienceId, destinationId, reason: 'same audience', total: ever, now });
  }
  return moved;
}
