import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import { ensureTargets, findTargets, type TargetRef } from '../destinations/destinations.ts';
import type { Clock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { LedgerDraft, type Placed, type PlacedDirect, type PlacedWish } from './level.ts';
import {
  deleteDirectExits,
  deleteRowsOfPerson,
  drawSeqs,
  insertPointers,
  type PersonKey,
  selectDirectExits,
  selectRowsOfPeople,
  upsertDirectExits,
  upsertRows,
} from './memberships.sql.ts';
import type { BrokenMappings } from './producers.ts';
import { directOrigin, type Lane, type LedgerRow, live } from './rows.ts';
import { deleteSkipReasonsOfPerson, type SkipReason, saveSkipReasons } from './skip-reasons.sql.ts';
import { countKept } from './tallies.ts';
import type { DirectWish, Wish, WishedVariant } from './wish.ts';

/** A member's wish at one destination. */
export interface MemberWish {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly originId: number;
  readonly personId: PersonId;
  readonly present: boolean;
  readonly exited: PlacedWish['exited'];
  readonly wish: Wish;
  readonly broken: BrokenMappings;
}

/** A direct event's wishes at one destination. */
export interface PersonWish {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly personId: PersonId;
  readonly direct: readonly DirectWish[];
}

export interface LedgerInput {
  readonly members: readonly MemberWish[];
  readonly directs: readonly PersonWish[];
}

/**
 * Writes what the wishes change, on the given lane. The people are locked by the caller (rule 3). Gives the
 * destinations to which something is owed now.
 */
export async function applyWishes(
  tx: Tx,
  deps: { clock: Clock },
  lane: Lane,
  input: LedgerInput,
): Promise<Set<DestinationId>> {
  const people = peopleOf([...input.members, ...input.directs]);
  if (people.length === 0) return new Set();
  const placer = await placeTargets(tx, deps, input);
  const draft = new LedgerDraft(await selectRowsOfPeople(tx, people), await selectDirectExits(tx, people));
  for (const one of input.directs) applyDirects(draft, one, placer);
  for (const one of input.members) applyDirects(draft, { ...one, direct: one.wish.direct }, placer);
  for (const one of input.members) draft.level(placedWish(one, placer));
  await saveSkipReasons(tx, skipReasonsOf(draft, input), new Date(deps.clock.now()));
  return save(tx, draft, lane);
}

const directlyRemoved = 'removed by a direct event';

/** Every present member has a present row or a reason why not, so that the numbers add up (design.md 4.1, Counting). */
function skipReasonsOf(draft: LedgerDraft, input: LedgerInput): SkipReason[] {
  const reasons = new Map<string, SkipReason>();
  // A direct removal also ends rows of audiences that this micro-batch does not speak of.
  for (const row of draft.difference().ended) {
    if (row.originId === directOrigin) continue;
    if (draft.holds(row.personId, row.destinationId, row.originId)) continue;
    reasons.set(skipKey(row), skipOf(row, directlyRemoved));
  }
  for (const one of input.members) {
    const held = !one.present || draft.holds(one.personId, one.destinationId, one.originId);
    reasons.set(skipKey(one), skipOf(one, held ? null : one.wish.skip || directlyRemoved));
  }
  return [...reasons.values()];
}

type Place = Pick<MemberWish, 'spaceId' | 'destinationId' | 'originId' | 'personId'>;
const skipKey = (p: Place): string => `${p.destinationId} ${p.originId} ${p.personId}`;
const skipOf = ({ spaceId, destinationId, originId, personId }: Place, reason: string | null): SkipReason => ({
  spaceId,
  destinationId,
  // An origin other than 0 is an audience.
  audienceId: originId as SkipReason['audienceId'],
  personId,
  reason,
});

/** Undefined: there is no such target, and nothing that asks for one to be made. */
type Placer = (destinationId: DestinationId, ref: TargetRef) => TargetId | undefined;

/**
 * The targets that the wishes name, one or two statements a destination. Who is to be added, or removed by an event, needs
 * one; what only protects or explains rows that stand (disabled mappings, leaving) makes no audience at TikTok.
 */
async function placeTargets(tx: Tx, { clock }: { clock: Clock }, input: LedgerInput): Promise<Placer> {
  const wanted = new Map<DestinationId, WantedTargets>();
  const placeOf = ({ spaceId, destinationId }: { spaceId: SpaceId; destinationId: DestinationId }): WantedTargets => {
    const place = wanted.get(destinationId) ?? { spaceId, needed: new Map(), mentioned: new Map() };
    wanted.set(destinationId, place);
    return place;
  };
  for (const one of input.directs) {
    for (const { target } of one.direct) placeOf(one).needed.set(refKey(target), target);
  }
  for (const one of input.members) {
    const { needed, mentioned } = placeOf(one);
    const { wish } = one;
    for (const { target } of [...wish.present, ...wish.named, ...wish.direct]) needed.set(refKey(target), target);
    for (const target of [...wish.protects.map((p) => p.target), ...wish.leaves]) mentioned.set(refKey(target), target);
  }
  const ids = new Map<string, TargetId | undefined>();
  for (const [destinationId, { spaceId, needed, mentioned }] of [...wanted].sort(([a], [b]) => a - b)) {
    const made = needed.size ? await ensureTargets(tx, clock, { spaceId, destinationId }, [...needed.values()]) : [];
    for (const [i, key] of [...needed.keys()].entries()) ids.set(`${destinationId} ${key}`, made[i]);
    const others = [...mentioned].filter(([key]) => !needed.has(key));
    const refs = others.map(([, ref]) => ref);
    const found = refs.length ? await findTargets(tx, destinationId, refs) : [];
    for (const [i, [key]] of others.entries()) ids.set(`${destinationId} ${key}`, found[i]);
  }
  return (destinationId, ref) => ids.get(`${destinationId} ${refKey(ref)}`);
}

interface WantedTargets {
  readonly spaceId: SpaceId;
  readonly needed: Map<string, TargetRef>;
  readonly mentioned: Map<string, TargetRef>;
}

const refKey = ({ advertiserId, audience }: TargetRef): string =>
  `${advertiserId} ${audience.by} ${audience.by === 'id' ? audience.id : audience.name}`;

function placedWish(one: MemberWish, placer: Placer): PlacedWish {
  const place = (w: WishedVariant): Placed[] => {
    const targetId = placer(one.destinationId, w.target);
    return targetId === undefined ? [] : [{ ...w, targetId }];
  };
  return {
    spaceId: one.spaceId,
    destinationId: one.destinationId,
    originId: one.originId,
    personId: one.personId,
    exited: one.exited,
    present: one.wish.present.flatMap(place),
    protects: one.wish.protects.flatMap(place),
    leaves: new Set(one.wish.leaves.flatMap((ref) => placer(one.destinationId, ref) ?? [])),
    named: one.wish.named.flatMap(place),
    broken: one.broken,
  };
}

function applyDirects(draft: LedgerDraft, one: PersonWish, placer: Placer): void {
  for (const wish of one.direct) {
    const placed: PlacedDirect = { ...wish, targetId: must(placer(one.destinationId, wish.target), 'made') };
    draft.direct(one, placed);
  }
}

/** I5, rule 7: each change of level of a person at a target and origin gets a seq and one pointer with it; a repetition none. */
async function save(
  tx: Tx,
  draft: LedgerDraft,
  lane: Lane,
  moved: ReadonlySet<LedgerRow> = new Set(),
): Promise<Set<DestinationId>> {
  const { changed: byLevel, touched, exits } = draft.difference();
  const changed = [...new Set([...byLevel, ...moved])];
  await upsertDirectExits(tx, exits);
  if (changed.length === 0 && touched.length === 0) return new Set();
  await countKept(tx, draft.loaded, draft.rows());
  const groups = new Map<string, LedgerRow[]>();
  for (const row of changed) {
    const key = `${row.targetId} ${row.originId} ${row.personId}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const seqs = groups.size ? await drawSeqs(tx, groups.size) : [];
  const owed = [...groups.values()].map((rows, i) => ({ rows, seq: must(seqs[i], 'a seq per group') }));
  const written = owed.flatMap(({ rows, seq }) => rows.map((row) => ({ ...row, seq })));
  await upsertRows(tx, [...written, ...touched.filter((row) => !moved.has(row))]);
  await insertPointers(
    tx,
    owed.map(({ rows, seq }) => {
      const { spaceId, targetId, originId, personId } = must(rows[0], 'no group is empty');
      return { spaceId, targetId, lane, seq, originId, personId };
    }),
  );
  return new Set(changed.map((row) => row.destinationId));
}

const peopleOf = (all: readonly PersonKey[]): PersonKey[] => [
  ...new Map(all.map((p) => [p.personId, { spaceId: p.spaceId, personId: p.personId }])).values(),
];

/**
 * Rule 13: moves what the loser holds to the winner, with new pointers; the caller holds both locks and levels the
 * winner's members afterwards. The loser's old pointers join nothing and are settled without a call (rule 8). Says
 * whether the loser held anything.
 */
export async function mergePeople(
  tx: Tx,
  { spaceId, winner, loser }: { spaceId: SpaceId; winner: PersonId; loser: PersonId },
): Promise<boolean> {
  const people = [
    { spaceId, personId: winner },
    { spaceId, personId: loser },
  ];
  const [rows, exits] = [await selectRowsOfPeople(tx, people), await selectDirectExits(tx, people)];
  const draft = new LedgerDraft(rows, exits);
  const { moved } = draft.move(loser, winner);
  await deleteRowsOfPerson(tx, spaceId, loser);
  await deleteDirectExits(tx, spaceId, loser);
  await deleteSkipReasonsOfPerson(tx, spaceId, loser);
  await save(tx, draft, live, moved);
  return [...rows, ...exits].some(({ personId }) => personId === loser);
}
