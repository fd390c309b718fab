/**
 * What a change would tell TikTok, before anybody decides: the members through the same level code as in a walk
 * (memberWishes, LedgerDraft), with the changed mappings, connection or settings put in, and nothing written. It takes no
 * locks, and its memory does not grow with the members but for the hashes of what it would remove.
 */
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import { type Audience, type Connection, membersOf, peopleAfter } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { draftWishes } from './apply.ts';
import { selectPeopleToRelease, selectTargetNames } from './dry-run.sql.ts';
import { type Effect, EffectTally } from './effect-tally.ts';
import { leftKey, memberWishes } from './level-members.ts';
import { type Supposed, supposeTargets } from './place.ts';
import type { LeftTargets } from './placed.ts';
import type { Producer } from './producers.ts';
import type { Released } from './released.ts';
import type { ReadStep } from './snapshot.sql.ts';

/** One destination as it would be, and whom the change concerns. */
export interface SupposedChange {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly producer: Producer;
  /** Audiences that would be walked. */
  readonly walks: readonly {
    readonly audience: Audience;
    readonly connection: Connection;
    readonly leftAt: LeftTargets;
  }[];
  /** Rows whose producer goes with the change. */
  readonly released: readonly Released[];
}

/** At a target: rows that would be told, and whom that concerns. */
export type TargetEffect = Effect & {
  /** Below zero: it would be made. */
  readonly targetId: TargetId;
  readonly advertiserId: string;
  /** The name of the TikTok audience, or its id. */
  readonly audience: string;
};

/** As in a walk: one chunk's rows are in memory at a time. */
const chunkPeople = 1_000;

export async function dryRun(read: ReadStep, change: SupposedChange): Promise<TargetEffect[]> {
  const tally = new EffectTally(change.destinationId);
  const supposed: Supposed = new Map();
  for (let after = 0; ; ) {
    const people = await read(async (q) => {
      const next = await nextPeople(q, change, after);
      if (next.length) await tryChunk(q, change, next, { supposed, tally });
      return next;
    });
    const last = people.at(-1);
    if (last === undefined || people.length < chunkPeople) break;
    after = last;
  }
  const names = new Map<TargetId, { advertiserId: string; audience: string }>();
  for (const row of await read((q) => selectTargetNames(q, change.destinationId)))
    names.set(row.target_id, { advertiserId: row.advertiser_id, audience: row.name });
  for (const { id, ref } of supposed.values()) {
    const audience = ref.audience.by === 'id' ? ref.audience.id : ref.audience.name;
    names.set(id, { advertiserId: ref.advertiserId, audience });
  }
  return [...tally.effects()].map(([targetId, effect]) => ({
    ...effect,
    targetId,
    advertiserId: names.get(targetId)?.advertiserId ?? '',
    audience: names.get(targetId)?.audience ?? '',
  }));
}

/** The next people whom the change concerns, each once, whatever they are in. */
async function nextPeople(q: Queryable, change: SupposedChange, after: number): Promise<PersonId[]> {
  const { spaceId } = change;
  const page = { after, limit: chunkPeople };
  const found = new Set<PersonId>();
  for (const { audience } of change.walks)
    for (const id of await peopleAfter(q, { spaceId, audienceId: audience.audienceId, ...page })) found.add(id);
  for (const what of change.released)
    for (const id of await selectPeopleToRelease(q, spaceId, what, page)) found.add(id);
  return [...found].sort((a, b) => a - b).slice(0, chunkPeople);
}

async function tryChunk(
  q: Queryable,
  change: SupposedChange,
  people: readonly PersonId[],
  { supposed, tally }: { supposed: Supposed; tally: EffectTally },
): Promise<void> {
  const { spaceId, destinationId, producer } = change;
  const changes = [];
  for (const { audience } of change.walks) {
    for (const { personId, member } of await membersOf(q, audience, people))
      changes.push({ audience, personId, member, events: [] });
  }
  const { members } = memberWishes(changes, {
    producers: new Map([[destinationId, producer]]),
    connections: new Map(change.walks.map(({ connection }) => [connection.audienceId, [connection]])),
    lefts: new Map(change.walks.map(({ connection, leftAt }) => [leftKey(connection), leftAt])),
  });
  const input = { members, directs: [] };
  const keys = people.map((personId) => ({ spaceId, personId }));
  const draft = await draftWishes(q, keys, input, await supposeTargets(q, input, supposed));
  for (const what of change.released) draft.release(what);
  await tally.add(
    q,
    spaceId,
    people.map((personId) => draft.rowsOf(personId)),
  );
}
