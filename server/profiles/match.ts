import type { PersonId, SpaceId } from '../../contract/ids.ts';
import type { DroppedIdentifiers, EventIdentifiers, KeyedIdentifier } from './identifiers.ts';

/** What the database knows of the people behind a batch's identifiers. */
export interface Known {
  readonly personOf: ReadonlyMap<string, PersonId>;
  readonly people: ReadonlyMap<PersonId, KnownPerson>;
}

export interface KnownPerson {
  readonly spaceId: SpaceId;
  readonly merges: number;
  /** How many identifiers of each type; may be left empty for people whose events bring nothing new. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A person while a batch is being matched: known to the database (id) or new (no id yet). */
export interface Person {
  readonly id: PersonId | undefined;
  readonly spaceId: SpaceId;
  readonly counts: Map<string, number>;
  merges: number;
  mergedInto: Person | undefined;
}

export interface Matching {
  /** Aligned with the events; ask `current` for who they are after all merges. */
  readonly people: readonly (Person | null)[];
  readonly added: readonly { readonly identifier: KeyedIdentifier; readonly person: Person }[];
  /** Known people who became another one. */
  readonly losers: readonly Person[];
}

/** Ever, per person (segment-spec.md 3.6). */
const limitOf = (type: string): number => (type === 'user_id' ? 1 : 5);
const mergesMax = 100;
const identifiersMax = 1_000;

/**
 * Flat matching, one event after another (segment-spec.md 3.6): nobody matches → a new person; one → it is theirs;
 * several → they are one. What would exceed a limit costs the event its identifier of lowest priority.
 */
export function matchPeople(events: readonly EventIdentifiers[], known: Known, dropped: DroppedIdentifiers): Matching {
  const personOf = new Map<string, Person>();
  const persons = new Map<PersonId, Person>();
  for (const [id, person] of known.people)
    persons.set(id, { id, ...person, counts: new Map(person.counts), mergedInto: undefined });
  for (const [key, id] of known.personOf) {
    const person = persons.get(id);
    if (person) personOf.set(key, person);
  }
  const added: { identifier: KeyedIdentifier; person: Person }[] = [];
  const losers: Person[] = [];
  const people = events.map((event) => {
    const { used, matched } = chooseIdentifiers(event, personOf, dropped);
    if (used.length === 0) return null;
    const [first, ...others] = matched.sort(byAge);
    const person = first ?? newPerson(event.spaceId);
    for (const other of others) {
      mergeInto(person, other);
      if (other.id !== undefined) losers.push(other);
    }
    for (const identifier of used) {
      if (personOf.has(identifier.key)) continue;
      personOf.set(identifier.key, person);
      count(person, identifier.type, 1);
      added.push({ identifier, person });
    }
    return person;
  });
  return { people, added, losers };
}

/** Who a person is after all merges of the batch. */
export function current(person: Person): Person {
  let at = person;
  while (at.mergedInto) at = at.mergedInto;
  return at;
}

function chooseIdentifiers(
  event: EventIdentifiers,
  personOf: ReadonlyMap<string, Person>,
  dropped: DroppedIdentifiers,
): { used: KeyedIdentifier[]; matched: Person[] } {
  const used = [...event.identifiers];
  for (;;) {
    const matched = matchedPeople(used, event.previous, personOf);
    if (used.length === 0 || fits(matched, used, { personOf, isAlias: event.previous !== undefined }))
      return { used, matched };
    used.pop();
    dropped.overLimit += 1;
  }
}

function matchedPeople(
  used: readonly KeyedIdentifier[],
  previous: KeyedIdentifier | undefined,
  personOf: ReadonlyMap<string, Person>,
): Person[] {
  const matched = new Set<Person>();
  for (const { key } of previous ? [...used, previous] : used) {
    const person = personOf.get(key);
    if (person) matched.add(current(person));
  }
  return [...matched];
}

/** A person who is over a limit already (through an alias) may stay so, but not grow. */
function fits(
  matched: readonly Person[],
  used: readonly KeyedIdentifier[],
  event: { personOf: ReadonlyMap<string, Person>; isAlias: boolean },
): boolean {
  const added = used.filter(({ key }) => !event.personOf.has(key));
  if (matched.length <= 1 && added.length === 0) return true;
  if (matched.length > 1 && sum(matched.map((p) => p.merges)) + matched.length - 1 > mergesMax) return false;
  const union = new Map<string, number>();
  for (const { counts } of matched) for (const [type, n] of counts) union.set(type, (union.get(type) ?? 0) + n);
  for (const { type } of added) union.set(type, (union.get(type) ?? 0) + 1);
  if (sum([...union.values()]) > identifiersMax) return false;
  for (const [type, n] of union) {
    if (event.isAlias && type === 'user_id') continue;
    const most = Math.max(limitOf(type), ...matched.map(({ counts }) => counts.get(type) ?? 0));
    if (n > most) return false;
  }
  return true;
}

function mergeInto(winner: Person, loser: Person): void {
  loser.mergedInto = winner;
  winner.merges += 1;
  for (const [type, n] of loser.counts) count(winner, type, n);
}

const newPerson = (spaceId: SpaceId): Person => ({
  id: undefined,
  spaceId,
  counts: new Map(),
  merges: 0,
  mergedInto: undefined,
});

/** Who was there first stays; a new one of this batch is younger than everyone known. Sorting is stable among new ones. */
const byAge = (a: Person, b: Person): number => (a.id ?? Number.MAX_SAFE_INTEGER) - (b.id ?? Number.MAX_SAFE_INTEGER);

const count = (person: Person, type: string, n: number): void =>
  void person.counts.set(type, (person.counts.get(type) ?? 0) + n);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
