/** Initial sync and re-apply (design.md 4.1, rule 6): through everyone ever seen in an audience, in chunks, backfill lane. */
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import { type Audience, audienceById, countMembers, membersOf, peopleAfter } from '../audiences/audiences.ts';
import type { Db, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { lockPeople } from '../profiles/profiles.ts';
import { type LevelDeps, levelMembers } from './level-members.ts';
import { backfill } from './rows.ts';
import { advanceWalk, claimWalk, upsertWalk, type WalkRow } from './walks.sql.ts';

/** People a chunk: short enough that a live event waits some tens of milliseconds for the locks, not seconds. */
const chunkPeople = 1_000;

/** Begins a walk in the transaction that changed what makes wishes; the caller holds the audience's row for update. */
export async function beginWalk(
  tx: Tx,
  { clock }: { clock: Clock },
  walk: { spaceId: SpaceId; audienceId: AudienceId; destinationId: DestinationId; reason: string },
): Promise<void> {
  const { ever } = await countMembers(tx, walk.spaceId, walk.audienceId);
  await upsertWalk(tx, { ...walk, total: ever, now: new Date(clock.now()) });
}

/** Does one chunk of one walk. Says whether there was any. */
export async function walkStep(deps: LevelDeps & { db: Db }): Promise<'more' | 'idle'> {
  return deps.db.transaction(async (tx) => {
    const walk = await claimWalk(tx);
    if (!walk) return 'idle';
    await walkChunk(tx, deps, walk);
    return 'more';
  });
}

async function walkChunk(tx: Tx, deps: LevelDeps, walk: WalkRow): Promise<void> {
  const audience: Audience | undefined = await audienceById(tx, walk.space_id, walk.audience_id);
  const place = { spaceId: walk.space_id, audienceId: walk.audience_id, after: walk.cursor_person, limit: chunkPeople };
  const people = audience ? await peopleAfter(tx, place) : [];
  const finishedAt = people.length < chunkPeople ? new Date(deps.clock.now()) : null;
  if (audience && people.length) {
    // Rule 3: read the members only once their people are locked, so that no live change is overwritten by an older level.
    await lockPeople(tx, walk.space_id, people);
    const members = await membersOf(tx, audience, people);
    const changes = members.map(({ personId, member }) => ({ audience, personId, member, events: [] }));
    await levelMembers(tx, deps, { lane: backfill, changes, directs: [], only: walk.destination_id });
  }
  await advanceWalk(tx, walk, { cursor: people.at(-1) ?? walk.cursor_person, walked: people.length, finishedAt });
}
