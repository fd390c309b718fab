/**
 * Rule 12: people follow their audience. Two targets of one destination that turn out to be one TikTok audience become
 * one: the second one stays, blocked, as another name of the first, and what it holds moves there. An audience that was
 * deleted and made again is a new target, to which the present people of the old one move. What is left at a target that
 * is gone for good is dropped.
 */
import type { AudienceId, DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import { connectionsFor, countMembers } from '../audiences/audiences.ts';
import type { Tx } from '../db/port.ts';
import { type ReplacementProblem, replaceTarget, type Target } from '../destinations/destinations.ts';
import type { Clock } from '../kernel/clock.ts';
import { ok, type Result } from '../kernel/result.ts';
import { holdPeople } from '../profiles/profiles.ts';
import { applyReleases } from './apply.ts';
import type { OriginId } from './rows.ts';
import {
  deleteStalePointers,
  dropRows,
  endByDirectExits,
  forgetOwed,
  type Move,
  moveDirectExits,
  moveDoubts,
  moveRows,
  originsAt,
  selectMoves,
  selectPeopleAt,
} from './siblings.sql.ts';
import { countingKept } from './tallies.ts';
import { followTarget, lockWalks, upsertWalk } from './walks.sql.ts';

/** People a transaction: their locks keep live events of them waiting. */
const chunkPeople = 2_000;

/**
 * Moves what targets hold that belongs elsewhere (rows, pointers, direct exits, doubts), at most 2,000 people a
 * transaction. Gives how much was done; 0 means that nothing is left. What to do follows from the targets' states alone,
 * and delivery asks before it sends: whatever a crash, or a micro-batch with the old id in its hands, leaves there is
 * moved by the next run.
 *
 * Rule 3: under the people's locks. Two rows that become one are merged by "present wins"; the walks that begin here, in
 * the same transaction, then bring every person to what level() says.
 */
export async function moveSiblings(tx: Tx, { clock }: { clock: Clock }, destinationId: DestinationId): Promise<number> {
  const moves = await selectMoves(tx, destinationId);
  const [first] = moves;
  if (!first) return 0;
  const { spaceId } = first;
  // A chunk of a walk holds its walk and waits for people: walks come first here too.
  await lockWalks(tx, { spaceId, destinationId });
  const origins = new Set<OriginId>();
  let done = 0;
  for (const move of moves) {
    const moved = await moveChunk(tx, move, chunkPeople - done);
    for (const originId of moved.origins) origins.add(originId);
    done += moved.done;
    if (done >= chunkPeople) break;
  }
  await beginWalks(tx, clock, { spaceId, destinationId, origins: [...origins], reason: 'same audience' });
  return done;
}

async function moveChunk(tx: Tx, move: Move, limit: number): Promise<{ done: number; origins: OriginId[] }> {
  const { spaceId, to, gives } = move;
  if (to !== null) await followTarget(tx, { ...move, to });
  const people = await selectPeopleAt(tx, move, limit);
  if (people.length) await holdPeople(tx, spaceId, people);
  const keys = people.map((personId) => ({ spaceId, personId }));
  // A row that moves gets a new seq: what is being released of it would be forgotten.
  await applyReleases(tx, keys);
  const origins = people.length ? await countingKept(tx, spaceId, people, () => movePeople(tx, move, people)) : [];
  if (gives === 'present') return { done: people.length + (await forgetOwed(tx, move, limit)), origins };
  if (people.length === limit) return { done: people.length, origins };
  // What is left without people is looked through behind the last of them, not with every chunk.
  if (to !== null) await moveDoubts(tx, { ...move, to });
  const left = await deleteStalePointers(tx, move, limit);
  return { done: people.length + left, origins };
}

/** Gives the audiences that have to be walked. */
async function movePeople(tx: Tx, move: Move, people: PersonId[]): Promise<OriginId[]> {
  if (move.to === null) return dropRows(tx, move, people);
  const moving = { ...move, to: move.to };
  const origins = await moveRows(tx, moving, people);
  await moveDirectExits(tx, moving, people);
  await endByDirectExits(tx, moving, people);
  return origins;
}

/**
 * The audience of a blocked target was deleted at TikTok; another one takes its place (rule 12). The people follow in
 * chunks, by `moveSiblings`; until they are there the walks that begin here count them as owed.
 */
export async function remakeTarget(
  tx: Tx,
  { clock }: { clock: Clock },
  target: Target,
  by: { tiktokId: string } | 'create',
): Promise<Result<TargetId, ReplacementProblem>> {
  const { spaceId, destinationId, id } = target;
  await lockWalks(tx, { spaceId, destinationId });
  const replaced = await replaceTarget(tx, clock, target, by);
  if (!replaced.ok) return replaced;
  const origins = await originsAt(tx, spaceId, id);
  await beginWalks(tx, clock, { spaceId, destinationId, origins, reason: 'new audience' });
  return ok(replaced.value);
}

/** Direct rows are nobody's members: endByDirectExits has decided them (rule 6: never through origin 0). */
async function beginWalks(
  tx: Tx,
  clock: Clock,
  of: { spaceId: SpaceId; destinationId: DestinationId; origins: readonly OriginId[]; reason: string },
): Promise<void> {
  // An origin other than 0 is an audience.
  const audienceIds = [...of.origins].sort((a, b) => a - b) as AudienceId[];
  const { spaceId, destinationId, reason } = of;
  for (const { audienceId, destinationId: into } of await connectionsFor(tx, audienceIds)) {
    if (into !== destinationId) continue;
    const { ever } = await countMembers(tx, spaceId, audienceId);
    const now = new Date(clock.now());
    await upsertWalk(tx, { spaceId, audienceId, destinationId, reason, total: ever, now });
  }
}
