/**
 * Rule 5 (design.md 4.1): the one function that says what TikTok should hold of a person. Live events, the initial sync,
 * a changed mapping and a merge all come here with a wish and the rows that stand, and the difference is written. Pure:
 * it works on the rows of a micro-batch in memory. What becomes of rows that nothing makes any more is in unwanted.ts.
 */
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import { compareStamps as compare } from '../../contract/segment-event.ts';
import type { Variant } from '../mappings/mappings.ts';
import type { Placed, PlacedDirect, PlacedWish } from './placed.ts';
import { afterReleases, levelOfReleased, type PendingRelease, type Released } from './released.ts';
import {
  absent,
  type DirectExit,
  directOrigin,
  kept,
  type LedgerRow,
  type Level,
  neverWritten,
  type OriginId,
  present,
} from './rows.ts';
import { levelOfLeft, levelOfUnwanted } from './unwanted.ts';

/** A row before and after. */
export interface DraftedRow {
  readonly row: LedgerRow;
  /** As it stood, with what is being released: undefined for a row that is new, or that a merge brought. */
  readonly before: LedgerRow | undefined;
  /** Whether it was decided by keep or remove (rule 12). */
  readonly left: boolean;
}

interface Draft {
  row: LedgerRow;
  readonly before: LedgerRow | undefined;
  left: boolean;
  /** Whether the database still holds it as it was before a release. */
  readonly released: boolean;
}

/** The rows and direct exits of a micro-batch's people, with what became of them. */
export class LedgerDraft {
  readonly #byPerson = new Map<PersonId, Map<string, Draft>>();
  readonly #exits = new Map<string, { exit: DirectExit; changed: boolean }>();
  /** All rows of the people, as the database holds them. */
  readonly loaded: readonly LedgerRow[];

  constructor(rows: readonly LedgerRow[], exits: readonly DirectExit[], pending: readonly PendingRelease[]) {
    this.loaded = rows;
    for (const stored of rows) {
      const row = afterReleases(stored, pending);
      const draft = { row, before: row, left: false, released: row !== stored };
      this.#rowsOf(row.personId).set(keyOf(row), draft);
    }
    for (const exit of exits) this.#exits.set(exitKey(exit), { exit, changed: false });
  }

  /** Brings the rows of one person, destination and audience to what the wish says. */
  level(wish: PlacedWish): void {
    const standing = this.#rowsOf(wish.personId);
    const wanted = this.#wantedBy(wish);
    // Most people of a first sync have no rows yet.
    if (standing.size > 0) this.#levelStanding(wish, standing, wanted);
    for (const [key, placed] of wanted) {
      if (!standing.has(key)) this.#add(wish, wish.originId, placed, present);
    }
    // An exit is owed even if the enter was never seen (rule 5).
    for (const placed of wish.named) {
      if (!standing.has(this.#placeKey(wish, placed))) this.#add(wish, wish.originId, placed, absent);
    }
  }

  /** Changes the rows of this wish's destination and audience in place. A key names the target, so no other destination has it. */
  #levelStanding(wish: PlacedWish, standing: ReadonlyMap<string, Draft>, wanted: ReadonlyMap<string, Placed>): void {
    const protectedKeys = new Set(wish.protects.map((p) => this.#placeKey(wish, p)));
    const made = new Set([...wish.present, ...wish.protects].map(({ targetId }) => targetId));
    for (const [key, draft] of standing) {
      const { row } = draft;
      if (row.destinationId !== wish.destinationId || row.originId !== wish.originId) continue;
      const placed = wanted.get(key);
      if (placed) draft.row = { ...row, level: present, entered: placed.stamp, mappingId: placed.mappingId };
      else if (!protectedKeys.has(key)) {
        const asked = made.has(row.targetId) ? undefined : levelOfLeft(row, wish);
        draft.left = asked !== undefined;
        draft.row = { ...row, level: asked ?? levelOfUnwanted(row, wish) };
      }
    }
  }

  #wantedBy(wish: PlacedWish): Map<string, Placed> {
    const wanted = new Map<string, Placed>();
    for (const placed of wish.present) {
      // An enter of any origin counts only if it is not older than the direct removal (rule 5).
      const exit = this.#exits.get(exitKey({ targetId: placed.targetId, personId: wish.personId }))?.exit;
      if (exit && compare(placed.stamp, exit.stamp) <= 0) continue;
      // Two records may give one variant: the newest one tells when it entered, in whatever order they arrived.
      const key = this.#placeKey(wish, placed);
      const known = wanted.get(key);
      if (!known || compare(known.stamp, placed.stamp) < 0) wanted.set(key, placed);
    }
    return wanted;
  }

  /** A direct event: an add inserts at origin 0; a removal ends older rows of every origin at that target (rule 5). */
  direct(who: { spaceId: SpaceId; destinationId: DestinationId; personId: PersonId }, wish: PlacedDirect): void {
    const place = { targetId: wish.targetId, personId: who.personId };
    const known = this.#exits.get(exitKey(place))?.exit;
    if (wish.direction === 'remove') {
      if (!known || compare(known.stamp, wish.stamp) < 0) {
        this.#exits.set(exitKey(place), { exit: { ...place, spaceId: who.spaceId, stamp: wish.stamp }, changed: true });
      }
      this.#endOlder({ ...place, stamp: wish.stamp });
    } else if (known && compare(wish.stamp, known.stamp) <= 0) return;
    for (const variant of wish.variants) this.#directVariant(who, wish, variant);
  }

  #endOlder({ targetId, personId, stamp }: Pick<DirectExit, 'targetId' | 'personId' | 'stamp'>): void {
    for (const draft of this.#rowsOf(personId).values()) {
      if (draft.row.targetId !== targetId || compare(draft.row.entered, stamp) > 0) continue;
      draft.row = { ...draft.row, level: absent };
    }
  }

  #directVariant(
    who: { spaceId: SpaceId; destinationId: DestinationId; personId: PersonId },
    wish: PlacedDirect,
    variant: Variant,
  ): void {
    const placed: Placed = { targetId: wish.targetId, variant, stamp: wish.stamp, mappingId: wish.mappingId };
    const draft = this.#rowsOf(who.personId).get(this.#placeKey({ originId: directOrigin }, placed));
    if (wish.direction === 'remove') {
      const knownAnywhere = [...this.#rowsOf(who.personId).values()].some(
        ({ row }) => row.targetId === wish.targetId && row.variant === variantName(variant),
      );
      if (!knownAnywhere) this.#add(who, directOrigin, placed, absent);
    } else if (!draft) this.#add(who, directOrigin, placed, present);
    else {
      const newer = compare(draft.row.entered, wish.stamp) < 0 ? wish.stamp : draft.row.entered;
      draft.row = { ...draft.row, level: present, entered: newer, mappingId: wish.mappingId };
    }
  }

  /** Whether the person has a present row of this origin at this destination. */
  holds(personId: PersonId, destinationId: DestinationId, originId: OriginId): boolean {
    return [...this.#rowsOf(personId).values()].some(
      ({ row }) => row.level === present && row.destinationId === destinationId && row.originId === originId,
    );
  }

  /** Whether the person has a row or a direct exit anywhere. */
  holdsAnything(personId: PersonId): boolean {
    const exits = [...this.#exits.values()];
    return this.#rowsOf(personId).size > 0 || exits.some(({ exit }) => exit.personId === personId);
  }

  /** Rule 12: what a producer that goes has put at its targets is kept there or removed. */
  release(what: Released): void {
    for (const drafts of this.#byPerson.values()) {
      for (const draft of drafts.values()) {
        const level = levelOfReleased(draft.row, what);
        if (level === undefined) continue;
        draft.row = { ...draft.row, level };
        draft.left = true;
      }
    }
  }

  /** Somebody gave up: what is still to be released at a target stays there, whatever was said of it before. */
  keepReleased(targetId: TargetId): void {
    for (const drafts of this.#byPerson.values()) {
      for (const draft of drafts.values())
        if (draft.released && draft.row.targetId === targetId) draft.row = { ...draft.row, level: kept };
    }
  }

  /** Every row of these people, before and after. */
  rowsOf(personId: PersonId): readonly DraftedRow[] {
    return [...(this.#byPerson.get(personId)?.values() ?? [])];
  }

  /**
   * Rule 13: the loser's rows become the winner's; present wins, the later time wins; a direct removal of either ends the
   * older rows of both. Every moved row counts as changed.
   */
  move(loser: PersonId, winner: PersonId): { moved: Set<LedgerRow> } {
    const moved: Draft[] = [];
    for (const { row } of this.#rowsOf(loser).values()) {
      const mine = { ...row, personId: winner };
      const key = keyOf(mine);
      const other = this.#rowsOf(winner).get(key);
      const draft: Draft = {
        row: other ? mergeRows(other.row, mine) : mine,
        before: other?.before,
        left: false,
        released: false,
      };
      this.#rowsOf(winner).set(key, draft);
      moved.push(draft);
    }
    this.#byPerson.delete(loser);
    for (const [key, { exit }] of [...this.#exits]) {
      if (exit.personId !== loser) continue;
      this.#exits.delete(key);
      const place = { targetId: exit.targetId, personId: winner };
      const known = this.#exits.get(exitKey(place))?.exit;
      if (!known || compare(known.stamp, exit.stamp) < 0) {
        this.#exits.set(exitKey(place), { exit: { ...exit, personId: winner }, changed: true });
      }
    }
    for (const { exit } of this.#exits.values()) if (exit.personId === winner) this.#endOlder(exit);
    return { moved: new Set(moved.map(({ row }) => row)) };
  }

  /**
   * What has to be written: rows whose level changed (they get a new seq), rows of which only the time or the mapping did, direct exits.
   * `ended` are those of the changed ones that were present and are no more.
   */
  difference(): { changed: LedgerRow[]; touched: LedgerRow[]; ended: LedgerRow[]; exits: DirectExit[] } {
    const changed: LedgerRow[] = [];
    const touched: LedgerRow[] = [];
    const ended: LedgerRow[] = [];
    for (const drafts of this.#byPerson.values()) {
      for (const { row, before, released } of drafts.values()) {
        // Rule 7: the seq changes only when the level does.
        if (!before || released || before.level !== row.level) changed.push(row);
        // Rule 12 asks by mapping: whoever makes a row now answers for it, and not a mapping that has gone.
        else if (compare(before.entered, row.entered) !== 0 || before.mappingId !== row.mappingId) touched.push(row);
        if (before?.level === present && row.level !== present) ended.push(row);
      }
    }
    return { changed, touched, ended, exits: [...this.#exits.values()].filter((e) => e.changed).map((e) => e.exit) };
  }

  /** Every row as it is to stand. */
  *rows(): Generator<LedgerRow> {
    for (const drafts of this.#byPerson.values()) for (const { row } of drafts.values()) yield row;
  }

  #rowsOf(personId: PersonId): Map<string, Draft> {
    let rows = this.#byPerson.get(personId);
    if (!rows) {
      rows = new Map();
      this.#byPerson.set(personId, rows);
    }
    return rows;
  }

  #placeKey({ originId }: { originId: OriginId }, placed: Placed): string {
    return `${placed.targetId} ${originId} ${variantName(placed.variant)}`;
  }

  #add(
    who: { spaceId: SpaceId; destinationId: DestinationId; personId: PersonId },
    originId: OriginId,
    placed: Placed,
    level: Level,
  ): void {
    const row: LedgerRow = {
      spaceId: who.spaceId,
      destinationId: who.destinationId,
      targetId: placed.targetId,
      originId,
      personId: who.personId,
      variant: variantName(placed.variant),
      hashes: placed.variant.hashes,
      normaliser: placed.variant.normaliser,
      mappingId: placed.mappingId,
      entered: placed.stamp,
      level,
      seq: neverWritten,
    };
    this.#rowsOf(who.personId).set(keyOf(row), { row, before: undefined, left: false, released: false });
  }
}

function mergeRows(a: LedgerRow, b: LedgerRow): LedgerRow {
  const weight: Record<Level, number> = { [present]: 2, [kept]: 1, [absent]: 0 };
  const level = weight[a.level] >= weight[b.level] ? a.level : b.level;
  return { ...a, level, entered: compare(a.entered, b.entered) >= 0 ? a.entered : b.entered };
}

const variantName = (variant: Variant): string => variant.key.toString('hex');
const keyOf = (row: LedgerRow): string => `${row.targetId} ${row.originId} ${row.variant}`;
const exitKey = (exit: { targetId: TargetId; personId: PersonId }): string => `${exit.targetId} ${exit.personId}`;
