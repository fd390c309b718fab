import type { PersonId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { InvariantError, must } from '../kernel/result.ts';
import {
  canonicalIdentifier,
  type DroppedIdentifiers,
  type EventIdentifiers,
  type Identifier,
  identifierKey,
  identifiersOfEvent,
  type KeyedIdentifier,
} from './identifiers.ts';
import { current, type KnownPerson, type Matching, matchPeople, type Person } from './match.ts';
import * as rows from './people.sql.ts';
import { foldedTraits, type TraitPatches } from './traits.ts';

export type { DroppedIdentifiers, Identifier };

/** Two people turned out to be one: what the loser had belongs to the winner (rule 13). */
export interface Merge {
  readonly spaceId: SpaceId;
  /** Alive after this batch, never a loser of another merge in the list. */
  readonly winner: PersonId;
  readonly loser: PersonId;
}

export interface Resolved {
  /** Aligned with the events; null: the event names nobody (every identifier blank, blocked or too long). */
  readonly people: (PersonId | null)[];
  /** The caller moves members and ledger rows by these, in the same transaction. */
  readonly merges: Merge[];
  readonly dropped: DroppedIdentifiers;
}

/** A batch whose people change faster than it can lock them waits for the next try of its transaction. */
const roundsMax = 10;

/**
 * Says who each event is about. On return every person is locked until the end of the transaction (rule 3), new
 * identifiers and traits are written, and merged people are forwarding rows (rule 13).
 */
export async function resolvePeople(
  tx: Tx,
  deps: { clock: Clock },
  events: readonly ReceivedEvent[],
): Promise<Resolved> {
  const at = new Date(deps.clock.now());
  const dropped = { blocked: 0, tooLong: 0, overLimit: 0 };
  const wanted = events.map((event) => identifiersOfEvent(event, dropped));
  const locked = new Map<PersonId, LockedPerson>();
  for (let round = 1; round <= roundsMax; round += 1) {
    const owners = await lockOwners(tx, wanted, locked);
    if (!owners) continue;
    const lost = { ...dropped };
    const matching = matchPeople(
      wanted,
      { personOf: owners, people: await knownPeople(tx, wanted, { owners, locked }) },
      lost,
    );
    const ids = await idsOf(tx, matching);
    if (!(await keepIdentifiers(tx, matching, { ids, at }))) continue;
    const merges = mergesOf(matching, ids);
    await writePeople(tx, events, { matching, ids, merges, at });
    return { people: matching.people.map((person) => person && ids(person)), merges, dropped: lost };
  }
  throw new InvariantError(`people were still changing after ${roundsMax} looks`);
}

/** Who holds an identifier: nobody or one person. The identifier is taken in any case and spelling that events may have. */
export async function findPeople(q: Queryable, spaceId: SpaceId, identifier: Identifier): Promise<PersonId[]> {
  const { type, value } = canonicalIdentifier(identifier);
  const found = await rows.selectOwners(q, { spaceIds: [spaceId], types: [type], values: [value] });
  return found.map((row) => row.person_id);
}

/**
 * Locks people until the end of the transaction (rule 3) and says who they are by now: a merged one is its winner.
 * People that do not exist are left out.
 */
export async function lockPeople(tx: Tx, spaceId: SpaceId, ids: readonly PersonId[]): Promise<Map<PersonId, PersonId>> {
  const next = new Map<PersonId, PersonId | null>();
  let toLock = [...new Set(ids)];
  while (toLock.length > 0) {
    const found = await rows.lockProfiles(tx, { spaceIds: toLock.map(() => spaceId), personIds: toLock });
    for (const row of found) next.set(row.person_id, row.merged_into);
    toLock = found.flatMap(({ merged_into }) => (merged_into !== null && !next.has(merged_into) ? [merged_into] : []));
  }
  const liveOf = (id: PersonId): PersonId => {
    const forward = next.get(id);
    return forward === null || forward === undefined ? id : liveOf(forward);
  };
  return new Map(ids.flatMap((id) => (next.has(id) ? [[id, liveOf(id)] as const] : [])));
}

/** Keeps everybody else from these people until the end of the transaction (rule 3). A transaction that is alone does so anyway. */
export async function holdPeople(tx: Tx, spaceId: SpaceId, ids: readonly PersonId[]): Promise<void> {
  if (!tx.alone) await lockPeople(tx, spaceId, ids);
}

/** Who a person is by now: a merged one is its winner (rule 13). Undefined: there is none. Locks nothing. */
export async function currentPerson(q: Queryable, spaceId: SpaceId, id: PersonId): Promise<PersonId | undefined> {
  const [row] = await rows.selectForward(q, spaceId, id);
  return row?.person_id;
}

/** All identifiers of people, oldest first. */
export async function identifiersOf(
  q: Queryable,
  spaceId: SpaceId,
  personIds: readonly PersonId[],
): Promise<Map<PersonId, Identifier[]>> {
  const found = await rows.selectIdentifiers(q, { spaceIds: personIds.map(() => spaceId), personIds });
  const byPerson = new Map<PersonId, Identifier[]>(personIds.map((id) => [id, []]));
  for (const { person_id, type, value } of found) byPerson.get(person_id)?.push({ type, value });
  return byPerson;
}

/** The traits of people; who has none is there with an empty object. */
export async function traitsOf(
  q: Queryable,
  spaceId: SpaceId,
  personIds: readonly PersonId[],
): Promise<Map<PersonId, Record<string, unknown>>> {
  const found = await rows.selectTraits(q, { spaceIds: personIds.map(() => spaceId), personIds });
  return new Map(found.map((row) => [row.person_id, row.traits]));
}

interface LockedPerson {
  readonly spaceId: SpaceId;
  readonly merges: number;
}

type Owners = ReadonlyMap<string, PersonId>;

/** Rule 3: locks whoever holds the identifiers, then looks once more; undefined: by then it was somebody else. */
async function lockOwners(
  tx: Tx,
  wanted: readonly EventIdentifiers[],
  locked: Map<PersonId, LockedPerson>,
): Promise<Owners | undefined> {
  const columns = identifierColumns(distinctIdentifiers(wanted));
  const before = await rows.selectOwners(tx, columns);
  const toLock = before.filter(({ person_id }) => !locked.has(person_id));
  if (toLock.length === 0) return ownersOf(before);
  const people = new Map(toLock.map(({ person_id, space_id }) => [person_id, space_id]));
  const found = await rows.lockProfiles(tx, { spaceIds: [...people.values()], personIds: [...people.keys()] });
  for (const row of found)
    if (row.merged_into === null) locked.set(row.person_id, { spaceId: row.space_id, merges: row.merges });
  const after = tx.alone ? before : await rows.selectOwners(tx, columns);
  return after.every(({ person_id }) => locked.has(person_id)) ? ownersOf(after) : undefined;
}

const ownersOf = (found: Awaited<ReturnType<typeof rows.selectOwners>>): Owners =>
  new Map(found.map((row) => [identifierKey(row.space_id, row), row.person_id]));

function distinctIdentifiers(wanted: readonly EventIdentifiers[]): KeyedIdentifier[] {
  const distinct = new Map<string, KeyedIdentifier>();
  for (const { identifiers, previous } of wanted) {
    for (const identifier of identifiers) distinct.set(identifier.key, identifier);
    if (previous) distinct.set(previous.key, previous);
  }
  return [...distinct.values()];
}

/** Counts are read only for people about whom an event says something new: in the steady state, for nobody. */
async function knownPeople(
  tx: Tx,
  wanted: readonly EventIdentifiers[],
  { owners, locked }: { owners: Owners; locked: ReadonlyMap<PersonId, LockedPerson> },
): Promise<Map<PersonId, KnownPerson>> {
  const changing = new Set<PersonId>();
  for (const { identifiers, previous } of wanted) {
    const holders = new Set((previous ? [...identifiers, previous] : identifiers).map(({ key }) => owners.get(key)));
    if (holders.size > 1) for (const holder of holders) if (holder !== undefined) changing.add(holder);
  }
  const counts = new Map<PersonId, Map<string, number>>();
  if (changing.size > 0)
    for (const row of await rows.countIdentifiers(tx, personColumns([...changing], locked)))
      counts.set(row.person_id, (counts.get(row.person_id) ?? new Map<string, number>()).set(row.type, row.count));
  const people = new Map<PersonId, KnownPerson>();
  for (const [id, person] of locked) people.set(id, { ...person, counts: counts.get(id) ?? new Map() });
  return people;
}

const personColumns = (ids: readonly PersonId[], locked: ReadonlyMap<PersonId, LockedPerson>) => ({
  spaceIds: ids.map((id) => must(locked.get(id), 'a person is locked before it is read').spaceId),
  personIds: ids,
});

type IdOf = (person: Person) => PersonId;

/** Draws ids for the new people that are left after the batch's merges. */
async function idsOf(tx: Tx, matching: Matching): Promise<IdOf> {
  const fresh = newPeople(matching);
  const drawn = fresh.length === 0 ? [] : await rows.drawPersonIds(tx, fresh.length);
  const ids = new Map(
    fresh.map((person, i) => [person, must(drawn[i], 'the sequence gives as many as asked').person_id]),
  );
  return (person) => {
    const now = current(person);
    return now.id ?? must(ids.get(now), 'every new person has drawn an id');
  };
}

const newPeople = (matching: Matching): Person[] => {
  const fresh = new Set<Person>();
  for (const person of matching.people) {
    const now = person && current(person);
    if (now && now.id === undefined) fresh.add(now);
  }
  return [...fresh];
};

/** False: another transaction was first with one of them. Ours are taken back, and the caller looks again. */
async function keepIdentifiers(tx: Tx, matching: Matching, to: { ids: IdOf; at: Date }): Promise<boolean> {
  if (matching.added.length === 0) return true;
  const columns = identifierColumns(matching.added.map(({ identifier }) => identifier));
  const personIds = matching.added.map(({ person }) => to.ids(person));
  const inserted = await rows.insertIdentifiers(tx, { ...columns, personIds }, to.at);
  if (tx.alone || inserted.length === matching.added.length) return true;
  const ours = inserted.map((row) => ({ spaceId: row.space_id, type: row.type, value: row.value }));
  await rows.deleteIdentifiers(tx, identifierColumns(ours));
  return false;
}

const identifierColumns = (list: readonly (Identifier & { spaceId: SpaceId })[]): rows.IdentifierColumns => ({
  spaceIds: list.map(({ spaceId }) => spaceId),
  types: list.map(({ type }) => type),
  values: list.map(({ value }) => value),
});

const mergesOf = (matching: Matching, ids: IdOf): Merge[] =>
  matching.losers.map((loser) => ({
    spaceId: loser.spaceId,
    winner: ids(loser),
    loser: must(loser.id, 'losers are known to the database'),
  }));

async function writePeople(
  tx: Tx,
  events: readonly ReceivedEvent[],
  what: { matching: Matching; ids: IdOf; merges: readonly Merge[]; at: Date },
): Promise<void> {
  const { matching, ids, merges, at } = what;
  const inherited = merges.length === 0 ? noTraits() : await mergeRows(tx, merges, at);
  const fresh = new Map(newPeople(matching).map((person) => [ids(person), person.spaceId]));
  const patches = foldedTraits(
    events,
    matching.people.map((person) => person && ids(person)),
    inherited,
  );
  const freshRows = [...fresh].map(([id, spaceId]) => ({ id, spaceId, traits: patches.get(id)?.traits ?? {} }));
  if (freshRows.length > 0) await rows.insertProfiles(tx, traitColumns(freshRows), at);
  const changed = [...patches].flatMap(([id, patch]) => (fresh.has(id) ? [] : [{ id, ...patch }]));
  if (changed.length > 0) await rows.foldTraits(tx, traitColumns(changed), { at, bytesMax: traitsBytesMax });
}

/** As stored, compressed: some thousand traits. What comes after that is not taken in any more. */
const traitsBytesMax = 64 * 1_024;

const noTraits = (): TraitPatches => new Map();

/** Rule 13: identifiers move, the loser forwards; its traits are the winner's where the winner had none. */
async function mergeRows(tx: Tx, merges: readonly Merge[], at: Date): Promise<TraitPatches> {
  const columns = {
    spaceIds: merges.map(({ spaceId }) => spaceId),
    losers: merges.map(({ loser }) => loser),
    winners: merges.map(({ winner }) => winner),
  };
  const traits = new Map<PersonId, Record<string, unknown>>();
  for (const personIds of [columns.losers, columns.winners])
    for (const row of await rows.selectTraits(tx, { spaceIds: columns.spaceIds, personIds }))
      traits.set(row.person_id, row.traits);
  await rows.moveIdentifiers(tx, columns);
  await rows.forwardLosers(tx, columns, at);
  await rows.countMerges(tx, columns);
  const inherited = noTraits();
  for (const { winner, loser, spaceId } of merges)
    inherited.set(winner, { spaceId, traits: { ...inherited.get(winner)?.traits, ...traits.get(loser) } });
  for (const [winner, patch] of inherited)
    inherited.set(winner, { ...patch, traits: { ...patch.traits, ...traits.get(winner) } });
  return inherited;
}

function traitColumns(
  list: readonly { id: PersonId; spaceId: SpaceId; traits: Record<string, unknown> }[],
): rows.TraitColumns {
  const sorted = list.toSorted((a, b) => a.spaceId - b.spaceId || a.id - b.id);
  return {
    spaceIds: sorted.map(({ spaceId }) => spaceId),
    personIds: sorted.map(({ id }) => id),
    traits: sorted.map(({ traits }) => JSON.stringify(traits)),
  };
}
