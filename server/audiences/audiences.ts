/**
 * Who is in which audience. Takes a micro-batch's events with their people, keeps the members of external audiences
 * (Segment Engage computes them), and says what changed. Order does not matter: member.ts makes the same member of the
 * same events, however they arrive.
 */
import type { AudienceId, DestinationId, PersonId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, Stamp } from '../../contract/segment-event.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import {
  type AudienceRow,
  anyUnnamed,
  connectionsOfAudiences,
  insertExternalAudiences,
  nameComputations,
  ownAudiences,
  selectAudience,
  shareAudiences,
} from './audiences.sql.ts';
import { type EventShape, eventsOf } from './emit.ts';
import { selectHistory } from './history.sql.ts';
import { recordSizes } from './history.ts';
import { listMembers, membersAmong } from './list-members.ts';
import * as manage from './manage.ts';
import { foldMember, type Member, type MemberEvent, type MemberRecord, mergeMembers, newMember } from './member.ts';
import {
  countMembers,
  deleteMembers,
  drawArrivals,
  memberKey,
  type StoredMember,
  saveMembers,
  selectMembers,
  selectMembersAfter,
  selectMembersOfPeople,
  selectPeopleAfter,
} from './members.sql.ts';
import { recognise, recordOf } from './recognise.ts';
import { sizeChanges } from './size-changes.ts';
import { addToSizes, selectSizes } from './sizes.sql.ts';

export type {
  ConnectionFields,
  ConnectionPlace,
  ManagedAudience,
  ManagedConnection,
  PersonMembership,
} from './manage.ts';
export type { EventShape, Member, MemberEvent, MemberRecord, StoredMember };

export interface PersonEvent {
  readonly received: ReceivedEvent;
  readonly personId: PersonId;
}

/** An audience as the later stages need it. */
export interface Audience {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly key: string;
  readonly computationId: string;
}

/** One member after a micro-batch. `events` are those of this batch that counted (late ones changed nothing). */
export interface MemberChange {
  readonly audience: Audience;
  readonly personId: PersonId;
  readonly member: Member;
  readonly events: readonly MemberEvent[];
}

/** An event without audience context: mappings see it as it is. */
export interface DirectEvent extends PersonEvent {
  readonly stamp: Stamp;
}

export interface Ignored {
  readonly spaceId: SpaceId;
  readonly sourceId: SourceId;
  readonly reason: string;
}

export interface AudienceOutcome {
  readonly changes: readonly MemberChange[];
  readonly directs: readonly DirectEvent[];
  readonly ignored: readonly Ignored[];
}

/** Applies a micro-batch. The events' people are locked by the caller (rule 3). */
export async function applyAudienceEvents(
  tx: Tx,
  deps: { clock: Clock },
  events: readonly PersonEvent[],
): Promise<AudienceOutcome> {
  const ignored: Ignored[] = [];
  const directs: DirectEvent[] = [];
  const memberships: {
    event: PersonEvent;
    key: string;
    computationId: string | null;
    entered: boolean;
    stamp: Stamp;
  }[] = [];
  const arrivals = events.length ? await drawArrivals(tx, events.length) : [];
  events.forEach((event, i) => {
    const { timeUs, originalUs, spaceId, sourceId } = event.received;
    const stamp = { timeUs, originalUs, arrival: must(arrivals[i], 'an arrival number per event') };
    const said = recognise(event.received);
    if (said.kind === 'unclear') ignored.push({ spaceId, sourceId, reason: said.reason });
    else if (said.kind === 'direct') directs.push({ ...event, stamp });
    else memberships.push({ event, stamp, key: said.key, computationId: said.computationId, entered: said.entered });
  });
  const audiences = await audiencesByKey(
    tx,
    deps,
    memberships.map((m) => ({ ...m, spaceId: m.event.received.spaceId })),
  );
  const moves: { audience: Audience; personId: PersonId; event: MemberEvent }[] = [];
  for (const { event, key, entered, stamp } of memberships) {
    const { spaceId, sourceId } = event.received;
    const audience = must(audiences.get(`${spaceId} ${key}`), 'an audience per key');
    if (audience.deleted_at) {
      ignored.push({ spaceId, sourceId, reason: 'audience deleted' });
      continue;
    }
    const record = recordOf(event.received.event, key, stamp);
    moves.push({ audience: audienceOf(audience), personId: event.personId, event: { entered, stamp, record } });
  }
  return { changes: await foldMoves(tx, moves), directs, ignored };
}

/** The audiences of these keys, made on first sight, each row shared until the transaction ends. */
async function audiencesByKey(
  tx: Tx,
  { clock }: { clock: Clock },
  wanted: readonly { spaceId: SpaceId; key: string; computationId: string | null }[],
): Promise<Map<string, AudienceRow>> {
  const bySpaceAndKey = new Map(wanted.map((w) => [`${w.spaceId} ${w.key}`, w]));
  if (bySpaceAndKey.size === 0) return new Map();
  const all = [...bySpaceAndKey.values()];
  const columns = (some: typeof all) => [some.map((w) => w.spaceId), some.map((w) => w.key)] as const;
  const telling = all.filter((w) => w.computationId !== null);
  const naming = telling.length > 0 && (await anyUnnamed(tx, ...columns(telling)));
  const read = async () => {
    const rows = await (naming ? ownAudiences : shareAudiences)(tx, ...columns(all));
    return new Map(rows.map((row) => [`${row.space_id} ${row.key}`, row]));
  };
  let found = await read();
  const missing = all.filter((w) => !found.has(`${w.spaceId} ${w.key}`));
  if (missing.length) {
    await insertExternalAudiences(tx, missing, new Date(clock.now()));
    found = await read();
  }
  if (!naming) return found;
  const unnamed = [...found.values()].flatMap((row) => {
    const computationId = bySpaceAndKey.get(`${row.space_id} ${row.key}`)?.computationId;
    return row.computation_id === null && computationId
      ? [{ spaceId: row.space_id, audienceId: row.audience_id, computationId }]
      : [];
  });
  if (unnamed.length) await nameComputations(tx, unnamed);
  return found;
}

async function foldMoves(
  tx: Tx,
  moves: readonly { audience: Audience; personId: PersonId; event: MemberEvent }[],
): Promise<MemberChange[]> {
  const changes = new Map<string, { audience: Audience; personId: PersonId; member: Member; events: MemberEvent[] }>();
  for (const { audience, personId } of moves) {
    const id = memberKey({ spaceId: audience.spaceId, audienceId: audience.audienceId, personId });
    if (!changes.has(id)) changes.set(id, { audience, personId, member: newMember, events: [] });
  }
  const stored = changes.size
    ? await selectMembers(
        tx,
        [...changes.values()].map((c) => ({ ...c.audience, personId: c.personId })),
      )
    : [];
  for (const one of stored) must(changes.get(memberKey(one)), 'only members asked for').member = one.member;
  for (const { audience, personId, event } of moves) {
    const change = must(changes.get(memberKey({ ...audience, personId })), 'a change per move');
    const after = foldMember(change.member, event);
    // An exit that a newer enter has overtaken still ended older enters: what it names is evaluated, as if it had come in time.
    const counts = after.late === change.member.late || (!event.entered && after.exited !== change.member.exited);
    if (counts) change.events.push(event);
    change.member = after;
  }
  const done = [...changes.values()];
  const after = done.map((c) => ({ ...c.audience, personId: c.personId, member: c.member }));
  await saveMembers(tx, stored, after);
  await addToSizes(tx, sizeChanges(stored, after));
  return done;
}

const audienceOf = (row: AudienceRow): Audience => ({
  spaceId: row.space_id,
  audienceId: row.audience_id,
  key: row.key,
  computationId: row.computation_id ?? `aud_${row.audience_id}`,
});

// What a destination is told of a member ---------------------------------------------------------------------------------

export interface Connection extends EventShape {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly destinationId: DestinationId;
  readonly enabled: boolean;
}

export async function connectionsFor(q: Queryable, audienceIds: readonly AudienceId[]): Promise<Connection[]> {
  return audienceIds.length ? (await connectionsOfAudiences(q, audienceIds)).map(manage.managedConnection) : [];
}

/** The events that a connection passes on of one record (segment-spec.md 2.4). */
export const emittedEvents = eventsOf;

// Walks and merges -------------------------------------------------------------------------------------------------------

/** The next people of an audience, members or not, for a walk in the order of their ids (rule 6). */
export const peopleAfter = selectPeopleAfter;

/** The members among these people, who followed one another in the audience when a walk asked for them. */
export async function membersInOrder(
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId; after: number },
  people: readonly PersonId[],
): Promise<StoredMember[]> {
  const asked = new Set(people);
  const stretch = await selectMembersAfter(q, { ...place, limit: people.length });
  const found = new Set(stretch.map(({ personId }) => personId));
  // Whoever came between them since took the place of one at the end.
  const missed = people.filter((personId) => !found.has(personId));
  return [...stretch.filter(({ personId }) => asked.has(personId)), ...(await membersOf(q, place, missed))];
}

export async function membersOf(
  q: Queryable,
  audience: Pick<Audience, 'spaceId' | 'audienceId'>,
  people: readonly PersonId[],
): Promise<StoredMember[]> {
  return people.length
    ? selectMembers(
        q,
        people.map((personId) => ({ spaceId: audience.spaceId, audienceId: audience.audienceId, personId })),
      )
    : [];
}

/**
 * Rule 13: what the loser was a member of, the winner is. Both are locked by the caller. Gives all members of the winner,
 * to be levelled anew (a direct removal of the loser concerns the others too), and whether the loser was one of any.
 */
export async function mergePeople(
  tx: Tx,
  spaceId: SpaceId,
  winner: PersonId,
  loser: PersonId,
): Promise<{ members: StoredMember[]; moved: boolean }> {
  const all = await selectMembersOfPeople(tx, spaceId, [winner, loser]);
  const lost = all.filter((m) => m.personId === loser);
  const own = all.filter((m) => m.personId === winner);
  if (lost.length === 0) return { members: own, moved: false };
  const merged = lost.map((theirs): StoredMember => {
    const ours = own.find((m) => m.audienceId === theirs.audienceId);
    return { ...theirs, personId: winner, member: ours ? mergeMembers(ours.member, theirs.member) : theirs.member };
  });
  await deleteMembers(tx, lost);
  await saveMembers(tx, own, merged);
  const others = own.filter((m) => !merged.some(({ audienceId }) => audienceId === m.audienceId));
  const members = [...merged, ...others];
  await addToSizes(tx, sizeChanges(all, members));
  return { members, moved: true };
}

/** Undefined when it was deleted or never was. */
export async function audienceById(
  q: Queryable,
  spaceId: SpaceId,
  audienceId: AudienceId,
): Promise<Audience | undefined> {
  const row = await selectAudience(q, spaceId, audienceId);
  return row && audienceOf(row);
}

/** How many members an audience has, as it is maintained (docs/decisions/0013). */
export async function memberCount(q: Queryable, spaceId: SpaceId, audienceId: AudienceId): Promise<number> {
  const [size] = await selectSizes(q, spaceId, [audienceId]);
  return size?.members ?? 0;
}

/** As people manage audiences and their connections; `addToSizes` is the audit's, which mends what it finds. */
export { addToSizes, countMembers, listMembers, manage, membersAmong, recordSizes, selectHistory };
