/**
 * Rule 12: what a producer that goes has put at TikTok, or what was kept there earlier. `keep` leaves it there, remembered as
 * kept; `remove` owes its removal, without writing exit times. It is said once and done in the background, on the backfill
 * lane, in chunks under the people's locks. Whoever reads rows of a person meanwhile sees them as they are to be
 * (released.ts), and writes them so: it makes no difference to anybody when a chunk is done.
 */

import type { SpaceId } from '../../contract/ids.ts';
import type { Db, Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { holdPeople } from '../profiles/profiles.ts';
import { applyReleases } from './apply.ts';
import { backgroundStep } from './background-step.ts';
import type { Released } from './released.ts';
import {
  advanceRelease,
  claimRelease,
  deleteRelease,
  insertRelease,
  postponeRelease,
  type ReleasePlace,
  type ReleaseRow,
  selectAhead,
  targetsAhead,
} from './releases.sql.ts';

/** Rows a chunk: as with walks, live events of these people wait for it. */
const chunkRows = 1_000;

/**
 * Begins a release in the transaction that ends the producer. The caller holds the destination: every micro-batch that has
 * not seen the end has committed, and later ones draw later seqs. Gives whether there is anything to release.
 */
export const beginRelease = (tx: Tx, { clock }: { clock: Clock }, spaceId: SpaceId, what: Released): Promise<boolean> =>
  insertRelease(tx, spaceId, what, new Date(clock.now()));

/** Does one chunk of one release. Says whether there was any. */
export const releaseStep = (deps: { db: Db; clock: Clock; log: Log }, most = chunkRows): Promise<'more' | 'idle'> =>
  backgroundStep(deps, {
    name: 'a release',
    claim: claimRelease,
    takeStep: (tx, release, now) => releaseChunk(tx, release, { now, most }),
    postpone: postponeRelease,
    named: ({ release_id: number, destination_id: destination }) => ({ number, destination }),
  });

async function releaseChunk(tx: Tx, release: ReleaseRow, { now, most }: { now: Date; most: number }): Promise<void> {
  const found = await placesAhead(tx, release, most + 1);
  const chunk = found.slice(0, most);
  const people = [...new Set(chunk.map((place) => place.person_id))].sort((a, b) => a - b);
  const { space_id: spaceId } = release;
  if (people.length > 0) {
    await holdPeople(tx, spaceId, people);
    await applyReleases(
      tx,
      people.map((personId) => ({ spaceId, personId })),
    );
  }
  const last = chunk.at(-1);
  // The last pointers and the end of the release are one commit: afterwards what is owed is all there is to do.
  if (last && found.length > most) await advanceRelease(tx, release, last, now);
  else await deleteRelease(tx, release);
}

async function placesAhead(q: Queryable, release: ReleaseRow, limit: number): Promise<ReleasePlace[]> {
  const found: ReleasePlace[] = [];
  for (const { target_id: targetId } of await targetsAhead(q, release)) {
    found.push(...(await selectAhead(q, release, targetId, limit - found.length)));
    if (found.length >= limit) break;
  }
  return found;
}
