/** Initial sync and re-apply (design.md 4.1, rule 6): through everyone ever seen in an audience, in chunks, backfill lane. */

import type { AudienceId, DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import { type Audience, audienceById, countMembers, membersInOrder, peopleAfter } from '../audiences/audiences.ts';
import type { Db, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { holdPeople } from '../profiles/profiles.ts';
import { backgroundStep } from './background-step.ts';
import { type LevelDeps, levelMembers } from './level-members.ts';
import { backfill } from './rows.ts';
import { advanceWalk, claimWalk, postponeWalk, upsertWalk, type WalkRow } from './walks.sql.ts';

/** People a chunk: short enough that a live event waits some tens of milliseconds for the locks, not seconds. */
const chunkPeople = 1_000;

/** Begins a walk in the transaction that changed what makes wishes; the caller holds the audience's row for update. */
export async function beginWalk(
  tx: Tx,
  { clock }: { clock: Clock },
  walk: {
    spaceId: SpaceId;
    audienceId: AudienceId;
    destinationId: DestinationId;
    reason: string;
    left?: Partial<Record<'keepAt' | 'removeAt', readonly TargetId[]>> | undefined;
  },
): Promise<void> {
  const { ever } = await countMembers(tx, walk.spaceId, walk.audienceId);
  await upsertWalk(tx, { ...walk, ...walk.left, total: ever, now: new Date(clock.now()) });
}

/** Does one chunk of one walk. Says whether there was any. */
export const walkStep = (deps: LevelDeps & { db: Db; log: Log }, most = chunkPeople): Promise<'more' | 'idle'> =>
  backgroundStep(deps, {
    name: 'a walk',
    claim: claimWalk,
    takeStep: (tx, walk) => walkChunk(tx, deps, walk, most),
    postpone: postponeWalk,
    named: ({ audience_id: audience, destination_id: destination, cursor_person: after }) => ({
      audience,
      destination,
      after,
    }),
  });

async function walkChunk(tx: Tx, deps: LevelDeps, walk: WalkRow, most: number): Promise<void> {
  const audience: Audience | undefined = await audienceById(tx, walk.space_id, walk.audience_id);
  const place = { spaceId: walk.space_id, audienceId: walk.audience_id, after: walk.cursor_person, limit: most };
  const people = audience ? await peopleAfter(tx, place) : [];
  if (audience && people.length) {
    // Rule 3: read the members only once nobody else can change them, so that no live change is overwritten by an older level.
    await holdPeople(tx, walk.space_id, people);
    const members = await membersInOrder(tx, place, people);
    const changes = members.map(({ personId, member }) => ({ audience, personId, member, events: [] }));
    await levelMembers(tx, deps, { lane: backfill, changes, directs: [], only: walk.destination_id });
  }
  await advanceWalk(tx, walk, {
    cursor: people.at(-1) ?? walk.cursor_person,
    walked: people.length,
    now: new Date(deps.clock.now()),
    finished: people.length < most,
  });
}
