import type { MappingId } from '../../contract/ids.ts';
import type { SegmentEvent, Stamp } from '../../contract/segment-event.ts';
import {
  type Audience,
  type Connection,
  emittedEvents,
  type Member,
  type MemberEvent,
  type MemberRecord,
} from '../audiences/audiences.ts';
import type { TargetRef } from '../destinations/destinations.ts';
import type { CompiledMapping, Evaluation, Variant } from '../mappings/mappings.ts';

/** A combination of hashes that a mapping makes of a record. */
export interface WishedVariant {
  readonly target: TargetRef;
  readonly variant: Variant;
  readonly stamp: Stamp;
  readonly mappingId: MappingId;
}

/** A direct event's (or a contrary mapping's) effect, on the rows of origin 0 (design.md 4.1, rule 5). */
export interface DirectWish {
  readonly direction: 'add' | 'remove';
  readonly target: TargetRef;
  readonly variants: readonly Variant[];
  readonly stamp: Stamp;
  readonly mappingId: MappingId;
}

export interface Counted {
  readonly mappingId: MappingId | 0;
  /** `mapped`: the mapping takes the event, also where nobody can be sent for it. */
  readonly outcome: 'mapped' | 'filtered' | 'invalid' | 'skipped';
  readonly reason: string;
}

/** What the mappings of one destination make of one member of one audience: the input of level(). */
export interface Wish {
  /** From the records of a present member, by enabled add mappings. */
  readonly present: readonly WishedVariant[];
  /** What disabled add mappings would make: they add nobody, and protect what stands. */
  readonly protects: readonly WishedVariant[];
  /** Targets from which an enabled remove mapping takes the person at an exit. */
  readonly leaves: readonly TargetRef[];
  /** What exits of this micro-batch named. */
  readonly named: readonly WishedVariant[];
  readonly direct: readonly DirectWish[];
  /** Why nothing is present, if nothing is. */
  readonly skip: string;
  readonly counts: readonly Counted[];
}

export interface MemberView {
  readonly audience: Audience;
  readonly connection: Connection;
  readonly member: Member;
  /** The events of this micro-batch; none in a walk, which never goes through origin 0 (rule 6). */
  readonly events: readonly MemberEvent[];
}

type MutableWish = { -readonly [K in keyof Wish]: Wish[K] extends readonly (infer E)[] ? E[] : Wish[K] };
const emptyWish = (): MutableWish => ({
  present: [],
  protects: [],
  leaves: [],
  named: [],
  direct: [],
  skip: '',
  counts: [],
});

export function wishOf(view: MemberView, mappings: readonly CompiledMapping[]): Wish {
  const wish = emptyWish();
  if (view.member.present) {
    for (const record of view.member.records) {
      const live = view.events.some((e) => e.stamp.arrival === record.stamp.arrival);
      enterWishes(wish, view, mappings, { record, live });
    }
    if (wish.skip === '' && wish.present.length === 0) wish.skip = noMatch(view.connection, mappings);
  }
  const exits = view.events.filter((e) => !e.entered).map((e) => e.record);
  for (const record of exits) exitWishes(wish, view, mappings, { record, live: true });
  // A member who left some time ago: what an exit without identifiers would do (rule 6).
  if (exits.length === 0 && view.member.exited) {
    exitWishes(wish, view, mappings, { record: { set: '', stamp: view.member.exited }, live: false });
  }
  return wish;
}

type Told = { readonly record: MemberRecord; readonly live: boolean };

/** Every emitted event with every mapping whose trigger it matches. */
function* matching(
  view: MemberView,
  mappings: readonly CompiledMapping[],
  told: Told & { readonly entered: boolean },
): Generator<{ mapping: CompiledMapping; made: Evaluation }> {
  for (const event of emittedEvents(view.audience, view.connection, told.record, told.entered)) {
    for (const mapping of mappings) {
      // A disabled mapping only protects what it would add (rule 5); createAudience is no membership action.
      const idle = mapping.action === 'none' || (!mapping.enabled && (!told.entered || mapping.action === 'remove'));
      if (!idle && mapping.matches(event)) yield { mapping, made: mapping.evaluate(event) };
    }
  }
}

function enterWishes(wish: MutableWish, view: MemberView, mappings: readonly CompiledMapping[], told: Told): void {
  const { stamp } = told.record;
  const counted: Counted[] = [];
  for (const { mapping, made } of matching(view, mappings, { ...told, entered: true })) {
    const { id: mappingId, enabled } = mapping;
    if (enabled) counted.push(...countsOf(mappingId, made));
    if (made.kind !== 'people') {
      // A key mismatch only says that the mapping is another audience's: the least telling reason.
      if (enabled && (wish.skip === '' || made.kind !== 'filtered')) wish.skip = made.reason;
      continue;
    }
    const { target, variants, direction } = made;
    const wished = variants.map((variant) => ({ target, variant, stamp, mappingId }));
    if (direction === 'add') (enabled ? wish.present : wish.protects).push(...wished);
    // An action against the event's own membership acts like a direct event (rule 5).
    else if (enabled && told.live) wish.direct.push({ direction, target, variants, stamp, mappingId });
  }
  if (told.live) wish.counts.push(...ofOneEvent(counted));
}

/** What a mapping makes of an event, for the funnel. */
function countsOf(mappingId: MappingId, made: Evaluation): Counted[] {
  switch (made.kind) {
    case 'people':
      return [{ mappingId, outcome: 'mapped', reason: '' }];
    case 'nobody':
      return [
        { mappingId, outcome: 'mapped', reason: '' },
        { mappingId, outcome: 'skipped', reason: made.reason },
      ];
    case 'filtered':
    case 'invalid':
      return [{ mappingId, outcome: made.kind, reason: made.reason }];
  }
}

/** An event that some mapping takes is not filtered because all others are for other audiences; one that none takes is, once. */
function ofOneEvent(counted: readonly Counted[]): readonly Counted[] {
  const telling = counted.filter(({ outcome }) => outcome !== 'filtered');
  if (telling.length > 0) return telling;
  const [first] = counted;
  return [first ?? { mappingId: 0, outcome: 'filtered', reason: 'no mapping takes this event' }];
}

function exitWishes(wish: MutableWish, view: MemberView, mappings: readonly CompiledMapping[], told: Told): void {
  const { stamp } = told.record;
  const counted: Counted[] = [];
  for (const { mapping, made } of matching(view, mappings, { ...told, entered: false })) {
    const { id: mappingId } = mapping;
    // Without identifiers an exit takes out all that the person has there: nobody is skipped.
    counted.push(...countsOf(mappingId, made).filter(({ outcome }) => outcome !== 'skipped'));
    if (made.kind === 'filtered' || made.kind === 'invalid') continue;
    if (made.direction === 'remove' && made.target) wish.leaves.push(made.target);
    if (made.kind === 'nobody') continue;
    const { target, variants, direction } = made;
    if (direction === 'remove') wish.named.push(...variants.map((variant) => ({ target, variant, stamp, mappingId })));
    else if (told.live) wish.direct.push({ direction, target, variants, stamp, mappingId });
  }
  if (told.live) wish.counts.push(...ofOneEvent(counted));
}

function noMatch(connection: Connection, mappings: readonly CompiledMapping[]): string {
  if (!connection.sendTrack && !connection.sendIdentify)
    return 'the connection sends neither track nor identify events';
  if (!mappings.some((m) => m.action === 'add' || m.action === 'membership'))
    return 'the destination has no add mapping';
  return 'no enabled add mapping matches the event';
}

/** What enabled mappings make of an event without audience context. */
export function directWishesOf(
  event: SegmentEvent,
  stamp: Stamp,
  mappings: readonly CompiledMapping[],
): Pick<Wish, 'direct' | 'counts'> {
  const direct: DirectWish[] = [];
  const counts: Counted[] = [];
  for (const mapping of mappings) {
    if (mapping.action === 'none' || !mapping.enabled || !mapping.matches(event)) continue;
    const made = mapping.evaluate(event);
    const { id: mappingId } = mapping;
    counts.push(...countsOf(mappingId, made));
    if (made.kind === 'people')
      direct.push({ direction: made.direction, target: made.target, variants: made.variants, stamp, mappingId });
  }
  return { direct, counts };
}
