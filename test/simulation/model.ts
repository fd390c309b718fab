/**
 * What each set at TikTok must be in the end, worked out naively from the events and the changed objects in the order in
 * which they were committed. It shares no code with mappings, ledger and delivery: it knows segment events as the
 * history's own plain data, and rules 1, 2, 4, 5 and 13 in its own words.
 */
import { createHash } from 'node:crypto';
import { type AudienceKey, advertisers, type EventSpec, type People, type Setup } from './history.ts';

/** time, original time, arrival: compared as a whole. */
type Stamp = readonly [number, number, number];
const compare = (a: Stamp, b: Stamp): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const newest = (a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined =>
  a && b ? (compare(a, b) < 0 ? b : a) : (a ?? b);

/** An event as it was taken: with the times that count, in microseconds. */
export interface Taken {
  readonly spec: EventSpec;
  readonly timeUs: number;
  readonly originalUs: number;
}

interface Identity {
  readonly email: string | undefined;
  readonly phone: string | undefined;
}
interface Member {
  present: boolean;
  entered: Stamp | undefined;
  exited: Stamp | undefined;
  records: Map<string, { identity: Identity; stamp: Stamp }>;
}
interface DirectState {
  exit: Stamp | undefined;
  adds: Map<string, Stamp>;
}
interface Person {
  readonly users: Set<number>;
  /** What aliases called this person before. */
  readonly aliases: Set<number>;
  readonly members: Map<AudienceKey, Member>;
  /** By target. */
  readonly direct: Map<string, DirectState>;
}

/** One mapping of the destination. */
export interface Slot {
  exists: boolean;
  enabled: boolean;
  /** Its trigger matches what the connection emits. */
  matches: boolean;
  phone: boolean;
  advertiser: string;
  /** It names another TikTok audience than at first. */
  elsewhere: boolean;
}
export interface ConnectionState {
  exists: boolean;
  enabled: boolean;
  advertiser: string;
}

interface WantedRow {
  readonly name: string;
  /** The same whatever holds the row: a direct removal of somebody known anywhere at the target names nobody new. */
  readonly place: string;
  readonly direct: boolean;
  readonly target: string;
  readonly hashes: readonly string[];
}

export interface Verdict {
  readonly must: Set<string>;
  readonly may: Set<string>;
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

export const emailOf = (who: number, which: EventSpec['email']): string | undefined =>
  which === 'none' ? undefined : `p.${who}${which === 'first' || who > 0 ? '' : 'b'}+shop@example.com`;
export const phoneOf = (n: number | undefined): string | undefined =>
  n === undefined ? undefined : `+4915112345${678 + n}`;

export const newSlot = (): Slot => ({
  exists: true,
  enabled: true,
  matches: true,
  phone: true,
  advertiser: advertisers[0],
  elsewhere: false,
});

export class Model {
  readonly setup: Setup;
  readonly slots = new Map<string, Slot>();
  readonly connections = new Map<AudienceKey, ConnectionState>();
  plainEmails = false;
  readonly #people: Person[] = [];
  #arrival = 0;
  /** Rows that may stay for ever, because somebody chose to keep them or nobody was there to remove them. */
  readonly #loose = new Map<string, Set<string>>();
  /** Everything events ever named, by audience. */
  readonly #named = new Map<AudienceKey, Map<string, Identity>>();
  readonly #targetsOf = new Map<AudienceKey, Set<string>>();
  /** `audience target`: left by somebody who said that its people go. */
  readonly #emptied = new Set<string>();
  #removerWasOff = false;
  #merged = false;
  /** For counting what is told: the rows of the last look, the names and places of all there ever were, what removals named since. */
  #standing = new Map<string, WantedRow>();
  readonly #known = new Set<string>();
  #removals: WantedRow[] = [];
  /** Whether the pool has been named by mappings for members, and by its id. */
  #poolNamed = false;
  #poolById = false;

  constructor(setup: Setup) {
    this.setup = setup;
    for (const key of this.slotKeys()) this.slots.set(key, newSlot());
    for (const key of setup.audiences)
      this.connections.set(key, { exists: true, enabled: true, advertiser: advertisers[0] });
  }

  slotKeys(): string[] {
    if (this.setup.style === 'sync') return ['sync'];
    if (this.setup.style === 'native') return ['add', 'remove'];
    return this.setup.audiences.flatMap((key) => [`add ${key}`, `remove ${key}`]);
  }

  slotOf(audience: AudienceKey, direction: 'add' | 'remove'): Slot {
    return this.slots.get(this.slotKeyOf(audience, direction)) as Slot;
  }

  slotKeyOf(audience: AudienceKey, direction: 'add' | 'remove'): string {
    if (this.setup.style === 'sync') return 'sync';
    return this.setup.style === 'native' ? direction : `${direction} ${audience}`;
  }

  /** `advertiser name` */
  targetOf(audience: AudienceKey, slot: Slot): string {
    const { style, pool } = this.setup;
    const advertiser = style === 'named' ? slot.advertiser : (this.connections.get(audience)?.advertiser ?? '');
    return `${advertiser} ${slot.elsewhere ? 'other' : pool ? 'pool' : audience}`;
  }

  /** Whose people a mapping concerns. */
  audiencesOf(slotKey: string): readonly AudienceKey[] {
    return this.setup.audiences.filter((audience) =>
      (['add', 'remove'] as const).some((direction) => this.slotKeyOf(audience, direction) === slotKey),
    );
  }

  readonly #directTarget = `${advertisers[0]} pool`;

  // Changes, in the order of their commits --------------------------------------------------------------------------

  take(batch: readonly Taken[]): void {
    this.#removals = [];
    const owners = this.#identify(batch);
    for (const [i, taken] of batch.entries()) {
      this.#arrival += 1;
      const person = owners[i];
      if (person) this.#apply(person, taken, [taken.timeUs, taken.originalUs, this.#arrival]);
    }
  }

  /** Whoever changes an object calls this before, so that the model notes what may stay. */
  beforeChange(): void {
    for (const audience of this.setup.audiences) {
      const connection = this.connections.get(audience);
      const add = this.slotOf(audience, 'add');
      const here = this.targetOf(audience, add);
      this.#targets(audience).add(here);
      if (!connection?.exists) continue;
      if (add.exists) this.#emptied.delete(`${audience} ${here}`);
      const remove = this.slotOf(audience, 'remove');
      const away = this.targetOf(audience, remove) !== here;
      if (!remove.exists || !remove.enabled || !remove.matches || away) this.#removerWasOff = true;
    }
  }

  /**
   * A mapping or a connection is about to go or to name another audience, and somebody has said what becomes of its people.
   * Who was kept before by a missing Remove mapping may stay in any case.
   */
  leave(audiences: readonly AudienceKey[], people: People): void {
    for (const audience of audiences) {
      const here = this.targetOf(audience, this.slotOf(audience, 'add'));
      if (people === 'remove' && !this.#removerWasOff) this.#emptied.add(`${audience} ${here}`);
      if (people === 'remove') continue;
      for (const target of this.#allTargets(audience)) {
        this.#emptied.delete(`${audience} ${target}`);
        this.#allow(this.#loose, target, this.#everNamed(audience));
      }
    }
  }

  // What must be ----------------------------------------------------------------------------------------------------

  verdicts(): Map<string, Verdict> {
    this.beforeChange();
    const verdicts = new Map<string, Verdict>();
    const of = (target: string): Verdict => {
      const known = verdicts.get(target) ?? { must: new Set<string>(), may: new Set<string>() };
      verdicts.set(target, known);
      return known;
    };
    for (const { target, hashes } of this.#wanted()) for (const hash of hashes) of(target).must.add(hash);
    for (const audience of this.setup.audiences) {
      for (const target of this.#allTargets(audience)) {
        if (this.#mayStay(audience, target)) for (const hash of this.#everNamed(audience)) of(target).may.add(hash);
        else of(target);
      }
    }
    for (const [target, hashes] of this.#loose) for (const hash of hashes) of(target).may.add(hash);
    return verdicts;
  }

  /**
   * I5: how many rows the last micro-batch has to tell, where nothing fails; asked after every one. `existed`: targets whose
   * audience was there before; an exit alone makes none, so there is nothing to tell.
   */
  rowsToTell(existed: (target: string) => boolean): number {
    const now = new Map(this.#wanted().map((row) => [row.name, row]));
    const held = new Set([...now.values()].flatMap(({ target, hashes }) => hashes.map((hash) => `${target} ${hash}`)));
    const added = [...now.keys()].filter((name) => !this.#standing.has(name));
    const ended = [...this.#standing.values()].filter(({ name }) => !now.has(name));
    // An exit of somebody unknown is told as well (rule 5).
    const unknown = this.#removals.filter(
      ({ name, place, direct }) => !now.has(name) && !this.#known.has(direct ? place : name),
    );
    const removed = new Map([...ended, ...unknown, ...this.#movedAndEnded(now)].map((row) => [row.name, row]));
    for (const { name, place } of [...now.values(), ...removed.values()]) this.#known.add(name).add(place);
    this.#standing = now;
    // Rule 10: nothing is told of hashes that somebody else holds.
    const made = new Set([...now.values()].map(({ target }) => target));
    const told = [...removed.values()].filter(
      ({ target, hashes }) =>
        (existed(target) || made.has(target)) && hashes.some((hash) => !held.has(`${target} ${hash}`)),
    );
    return added.length + told.length;
  }

  /**
   * Rule 12: named by members' mappings after direct ones named it by its id, the pool is two targets until it is looked
   * for. A direct removal ends the members' rows only when they move there, and each is told (rule 7).
   */
  #movedAndEnded(now: ReadonlyMap<string, WantedRow>): WantedRow[] {
    const members = this.#wanted('whatever was removed directly').filter(({ direct }) => !direct);
    if (this.#poolNamed || (members.length === 0 && this.#removals.every(({ direct }) => direct))) return [];
    this.#poolNamed = true;
    return this.#poolById ? members.filter(({ name }) => !now.has(name)) : [];
  }

  /** Whether rows of the audience that nobody wants may stand at a target. */
  #mayStay(audience: AudienceKey, target: string): boolean {
    const connection = this.connections.get(audience) as ConnectionState;
    const add = this.slotOf(audience, 'add');
    const remove = this.slotOf(audience, 'remove');
    if (this.#removerWasOff && this.#merged) return true;
    if (!connection.exists) return false;
    // What a switched-off connection or mapping brought stays as it is.
    if (!connection.enabled || (add.exists && !add.enabled)) return true;
    if (this.#emptied.has(`${audience} ${target}`)) return false;
    const removes = remove.exists && remove.enabled && remove.matches && this.targetOf(audience, remove) === target;
    // Without a Remove mapping who left is kept, also at an audience that is fed no more.
    return !removes;
  }

  #wanted(of: 'what stays' | 'whatever was removed directly' = 'what stays'): WantedRow[] {
    const wanted: WantedRow[] = [];
    for (const person of this.#people) {
      for (const [audience, member] of person.members) {
        const connection = this.connections.get(audience);
        const slot = this.slotOf(audience, 'add');
        if (!member.present || !connection?.exists || !connection.enabled) continue;
        if (!slot.exists || !slot.enabled || !slot.matches) continue;
        const target = this.targetOf(audience, slot);
        const out = person.direct.get(target)?.exit;
        for (const { identity, stamp } of member.records.values()) {
          if (of === 'what stays' && out && compare(stamp, out) <= 0) continue;
          const hashes = this.#hashes({ ...identity, phone: slot.phone ? identity.phone : undefined });
          if (hashes.length) wanted.push(this.#row(person, { target, origin: audience }, hashes));
        }
      }
      for (const [target, { exit, adds }] of person.direct) {
        for (const [variant, stamp] of adds) {
          if (exit && compare(stamp, exit) <= 0) continue;
          wanted.push(this.#row(person, { target, origin: 'direct' }, variant.split(',')));
        }
      }
    }
    return wanted;
  }

  #hashes({ email, phone }: Identity): string[] {
    const normal = (text: string): string => {
      const [name = '', domain = ''] = text.split('@');
      return this.plainEmails ? text : `${(name.split('+')[0] ?? '').split('.').join('')}@${domain}`;
    };
    return [
      ...(email === undefined ? [] : [`0:${sha(normal(email))}`]),
      ...(phone === undefined ? [] : [`1:${sha(phone)}`]),
    ];
  }

  // Events ----------------------------------------------------------------------------------------------------------

  /** Who each event is about; merges come before anything else of the batch (rule 13). */
  #identify(batch: readonly Taken[]): (Person | undefined)[] {
    for (const { spec } of batch) {
      const alias = spec.says === 'alias';
      const found = this.#people.filter(
        ({ users, aliases }) => users.has(spec.who) || (alias && (users.has(spec.other) || aliases.has(spec.other))),
      );
      const [person = this.#newPerson(), ...others] = found;
      for (const other of others) this.#merge(person, other);
      person.users.add(spec.who);
      if (alias) person.aliases.add(spec.other);
    }
    return batch.map(({ spec }) => this.#people.find(({ users }) => users.has(spec.who)));
  }

  #newPerson(): Person {
    const person = { users: new Set<number>(), aliases: new Set<number>(), members: new Map(), direct: new Map() };
    this.#people.push(person);
    return person;
  }

  #merge(a: Person, b: Person): void {
    this.#merged = true;
    for (const user of b.users) a.users.add(user);
    for (const alias of b.aliases) a.aliases.add(alias);
    for (const [audience, theirs] of b.members) {
      const ours = a.members.get(audience);
      a.members.set(audience, ours ? mergedMember(ours, theirs) : theirs);
    }
    for (const [target, theirs] of b.direct) {
      const ours = a.direct.get(target);
      if (!ours) {
        a.direct.set(target, theirs);
        continue;
      }
      ours.exit = newest(ours.exit, theirs.exit);
      for (const [variant, stamp] of theirs.adds)
        ours.adds.set(variant, newest(ours.adds.get(variant), stamp) as Stamp);
    }
    this.#people.splice(this.#people.indexOf(b), 1);
  }

  #apply(person: Person, { spec }: Taken, stamp: Stamp): void {
    const identity = { email: emailOf(spec.who, spec.email), phone: phoneOf(spec.phone) };
    switch (spec.says) {
      case 'enter':
      case 'exit':
        this.#membership(person, spec, { identity, stamp });
        break;
      case 'add':
      case 'remove':
        this.#direct(person, spec.says, { identity, stamp });
        break;
      case 'alias':
      case 'public enter':
        break;
    }
  }

  #membership(person: Person, spec: EventSpec, record: { identity: Identity; stamp: Stamp }): void {
    const { stamp, identity } = record;
    const named = this.#named.get(spec.audience) ?? new Map<string, Identity>();
    this.#named.set(spec.audience, named.set(JSON.stringify(identity), identity));
    const member = person.members.get(spec.audience) ?? {
      present: false,
      entered: undefined,
      exited: undefined,
      records: new Map(),
    };
    person.members.set(spec.audience, member);
    if (spec.says === 'enter') {
      if (member.exited && compare(stamp, member.exited) < 0) return;
      const set = JSON.stringify([spec.who, identity]);
      const known = member.records.get(set);
      if (!known || compare(known.stamp, stamp) < 0) member.records.set(set, record);
      member.present = true;
      member.entered = newest(member.entered, stamp);
    } else {
      if (member.exited && compare(stamp, member.exited) <= 0) return;
      member.exited = stamp;
      for (const [set, one] of member.records) if (compare(one.stamp, stamp) <= 0) member.records.delete(set);
      member.present = member.entered !== undefined && compare(member.entered, stamp) > 0;
      this.#tell(
        person,
        { target: this.targetOf(spec.audience, this.slotOf(spec.audience, 'remove')), origin: spec.audience },
        identity,
      );
    }
  }

  #direct(person: Person, says: 'add' | 'remove', { identity, stamp }: { identity: Identity; stamp: Stamp }): void {
    const target = this.#directTarget;
    const state = person.direct.get(target) ?? { exit: undefined, adds: new Map<string, Stamp>() };
    const hashes = this.#hashes(identity);
    // Nobody can be told of: the event does nothing.
    if (this.setup.direct === 'none' || hashes.length === 0) return;
    person.direct.set(target, state);
    this.#poolById ||= this.setup.direct === 'by id';
    if (says === 'remove') {
      const known = state.exit;
      state.exit = newest(known, stamp);
      // Also of somebody who was added in the same micro-batch: rows are made and ended in the events' order (rule 5).
      for (const [variant, added] of state.adds) {
        const ends = compare(added, stamp) <= 0 && !(known && compare(added, known) <= 0);
        if (ends) this.#removals.push(this.#row(person, { target, origin: 'direct' }, variant.split(',')));
      }
      this.#tell(person, { target, origin: 'direct' }, identity);
    } else {
      const variant = hashes.join(',');
      state.adds.set(variant, newest(state.adds.get(variant), stamp) as Stamp);
    }
  }

  #tell(person: Person, place: { target: string; origin: string }, identity: Identity): void {
    const hashes = this.#hashes(identity);
    if (hashes.length) this.#removals.push(this.#row(person, place, hashes));
  }

  #row(person: Person, { target, origin }: { target: string; origin: string }, hashes: readonly string[]): WantedRow {
    const rest = `${target}|${this.#people.indexOf(person)}|${hashes}`;
    return { name: `${origin}|${rest}`, place: rest, direct: origin === 'direct', target, hashes };
  }

  /** What a person's events may carry. */
  hashesOf(who: number): string[] {
    return this.#hashes({ email: emailOf(who, 'first'), phone: undefined });
  }

  /** A hash in words. */
  nameOf(hash: string): string {
    const plain = this.plainEmails;
    for (const way of [false, true]) {
      this.plainEmails = way;
      for (let who = 0; who < this.setup.people; who += 1) {
        for (const which of ['first', 'second'] as const) {
          const [found] = this.#hashes({ email: emailOf(who, which), phone: undefined });
          if (found !== hash) continue;
          this.plainEmails = plain;
          return `the ${which} e-mail of u${who} (${way ? 'as written' : 'normalised'})`;
        }
      }
    }
    this.plainEmails = plain;
    const phone = [0, 1, 2].find((n) => hash === `1:${sha(phoneOf(n) ?? '')}`);
    return phone === undefined ? hash : `phone ${phone}`;
  }

  #targets(audience: AudienceKey): Set<string> {
    const known = this.#targetsOf.get(audience) ?? new Set<string>();
    this.#targetsOf.set(audience, known);
    return known;
  }

  #allTargets(audience: AudienceKey): string[] {
    return [...this.#targets(audience), this.targetOf(audience, this.slotOf(audience, 'add'))];
  }

  /** With and without the phone, and by either way of writing e-mails. */
  #everNamed(audience: AudienceKey): string[] {
    const plain = this.plainEmails;
    const hashes = [false, true].flatMap((way) => {
      this.plainEmails = way;
      return [...(this.#named.get(audience)?.values() ?? [])].flatMap((identity) => this.#hashes(identity));
    });
    this.plainEmails = plain;
    return hashes;
  }

  #allow(where: Map<string, Set<string>>, target: string, hashes: Iterable<string>): void {
    const known = where.get(target) ?? new Set<string>();
    where.set(target, known);
    for (const hash of hashes) known.add(hash);
  }
}

/**
 * Rule 13: present wins, the later time wins, no record is cut. An exit newer than the newest enter of somebody present was
 * only the other one's.
 */
function mergedMember(a: Member, b: Member): Member {
  const present = a.present || b.present;
  const entered = newest(a.entered, b.entered);
  const exits = [a.exited, b.exited].filter((exit) => exit !== undefined);
  const counting = present && entered ? exits.filter((exit) => compare(exit, entered) < 0) : exits;
  const records = new Map(a.records);
  for (const [set, record] of b.records) {
    const known = records.get(set);
    if (!known || compare(known.stamp, record.stamp) < 0) records.set(set, record);
  }
  return { present, entered, exited: counting.reduce<Stamp | undefined>(newest, undefined), records };
}
