/**
 * Rule 12: the life of a target after its last producer. What no mapping can name any more, and where nobody is present,
 * is *leaving*: what is owed there goes out in the background. When nothing is owed and nobody is kept there it is gone,
 * and its audience free for another destination. An owner may give up before.
 */
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import { manage } from '../audiences/audiences.ts';
import type { Db, Queryable, Tx } from '../db/port.ts';
import {
  holdDestination,
  markFed,
  markGone,
  markLeaving,
  type Target,
  targetsOf,
} from '../destinations/destinations.ts';
import { holdPeople } from '../profiles/profiles.ts';
import { applyReleases } from './apply.ts';
import {
  type AtTarget,
  audienceKeys,
  destinationsWithTargets,
  forgetDoubts,
  forgetKept,
  holdsAny,
  keepLeavers,
  peopleKeptAt,
  peopleOwedAt,
  peopleReleasingAt,
  somePeopleKeptAt,
  standingAt,
} from './leaving.sql.ts';
import type { LevelDeps } from './level-members.ts';
import { destinationsToMove } from './siblings.sql.ts';
import { moveSiblings } from './siblings.ts';
import { countingKept } from './tallies.ts';
import { lockWalks } from './walks.sql.ts';

/** Goes once through all targets. Says whether there is more to do at once. */
export async function endTargets(deps: LevelDeps & { db: Db }): Promise<'more' | 'idle'> {
  for (const place of await destinationsWithTargets(deps.db)) {
    // Asked without locks first: usually nothing has changed, and the locks hold up micro-batches.
    if (!anyChange(await lives(deps.db, deps, place))) continue;
    await deps.db.transaction((tx) => changeLives(tx, deps, place));
  }
  // Delivery moves what stands at a target that is gone as well, but not while its destination is paused or switched off.
  let moved = 0;
  for (const destinationId of await destinationsToMove(deps.db)) {
    moved += await deps.db.transaction((tx) => moveSiblings(tx, deps, destinationId));
  }
  return moved > 0 ? 'more' : 'idle';
}

interface Place {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
}

/** Targets whose life goes on to the next stage. */
interface Lives {
  readonly fed: TargetId[];
  readonly leaving: TargetId[];
  readonly over: TargetId[];
}

const anyChange = ({ fed, leaving, over }: Lives): boolean => fed.length + leaving.length + over.length > 0;

/** Under the locks that keep whoever writes rows away, in the order in which api/feeding.ts takes them. */
async function changeLives(tx: Tx, deps: LevelDeps, place: Place): Promise<void> {
  await manage.lockFeeding(tx, place.destinationId);
  await lockWalks(tx, place);
  await holdDestination(tx, place.destinationId);
  const { fed, leaving, over } = await lives(tx, deps, place);
  await markFed(tx, deps.clock, fed);
  await markLeaving(tx, deps.clock, leaving);
  for (const targetId of over) await markGone(tx, deps.clock, targetId);
}

async function lives(q: Queryable, deps: LevelDeps, place: Place): Promise<Lives> {
  const found: Lives = { fed: [], leaving: [], over: [] };
  const feeds = await feederOf(q, deps, place);
  for (const target of await targetsOf(q, place.destinationId)) {
    if (target.state === 'gone' || target.sibling) continue;
    if (feeds(target)) {
      if (target.leavingSince !== null) found.fed.push(target.id);
      continue;
    }
    const here = { ...place, targetId: target.id };
    const at = await standingAt(q, here);
    // A walk under way has yet to decide what becomes of the people there.
    if (at.walking) continue;
    const leaves = target.leavingSince !== null;
    if (leaves && (await goesOn(q, here, target, at))) continue;
    // Last, for it may read through everybody who was there.
    if (await holdsAny(q, here, 'present')) continue;
    (leaves ? found.over : found.leaving).push(target.id);
  }
  return found;
}

/**
 * Somebody is to be released, something is owed, a call is in doubt or somebody is kept: a target that is leaving has not ended. One whose
 * audience TikTok has deleted waits for none of it.
 */
const goesOn = async (q: Queryable, place: TargetPlace, target: Target, at: AtTarget): Promise<boolean> =>
  target.problem !== 'gone' && (at.releasing || at.owed || at.doubts || (await holdsAny(q, place, 'kept')));

/** Whether a mapping, enabled or not, can still name a target. What a broken one names is unknown, so it feeds them all. */
async function feederOf(q: Queryable, deps: LevelDeps, place: Place): Promise<(target: Target) => boolean> {
  const producer = (await deps.producers(q)).get(place.destinationId);
  if (!producer) return () => false;
  if (producer.broken.ids.size > 0) return () => true;
  const connections = await manage.connectionsInto(q, place.spaceId, place.destinationId);
  const keys = await audienceKeys(
    q,
    place.spaceId,
    connections.map(({ audienceId }) => audienceId),
  );
  const connected = connections.flatMap(({ audienceId, settings }) => {
    const key = keys.get(audienceId);
    return key === undefined ? [] : [{ key, settings }];
  });
  return ({ advertiserId, named, tiktokId }) =>
    producer.mappings.some((mapping) => mapping.mayName(connected, { advertiserId, name: named, id: tiktokId }));
}

/** People a transaction: their live events wait for it. */
const chunkPeople = 1_000;
type TargetPlace = Place & { readonly targetId: TargetId };

/**
 * Nothing more is told to a leaving target: who was to be removed, or still to be released, stays at TikTok, remembered as kept. With `forget` the
 * kept are forgotten too, and the audience becomes free. Goes on where a crash stopped it. Gives how many people stayed.
 */
export async function giveUp(db: Db, place: TargetPlace, forget: boolean): Promise<{ stayed: number }> {
  await inChunks(db, place, { people: peopleReleasingAt, change: keepReleased });
  await inChunks(db, place, { people: peopleOwedAt, change: counted(keepLeavers) });
  await db.transaction((tx) => forgetDoubts(tx, place));
  const stayed = await peopleKeptAt(db, place);
  if (forget) await inChunks(db, place, { people: somePeopleKeptAt, change: counted(forgetKept) });
  return { stayed };
}

/** Changes rows of a target's people, a chunk a transaction, each under the people's locks (rule 3). */
async function inChunks(
  db: Db,
  place: TargetPlace,
  step: {
    people: (q: Queryable, place: TargetPlace, limit: number) => Promise<PersonId[]>;
    change: Change;
  },
): Promise<void> {
  for (let more = true; more; ) {
    more = await db.transaction(async (tx) => {
      const people = await step.people(tx, place, chunkPeople);
      if (people.length === 0) return false;
      await holdPeople(tx, place.spaceId, people);
      await step.change(tx, place, people);
      return true;
    });
  }
}

type Change = (tx: Tx, place: TargetPlace, people: PersonId[]) => Promise<void>;

const keepReleased: Change = (tx, { spaceId, targetId }, people) =>
  applyReleases(
    tx,
    people.map((personId) => ({ spaceId, personId })),
    targetId,
  );

const counted =
  (change: Change): Change =>
  (tx, place, people) =>
    countingKept(tx, place.spaceId, people, () => change(tx, place, people));
