import type { PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import type { LedgerInput, MemberWish, PersonWish } from './ledger-input.ts';
import { LedgerDraft } from './level.ts';
import {
  deleteDirectExits,
  deleteRowsOfPerson,
  drawSeqs,
  insertPointers,
  insertRows,
  type PersonKey,
  selectDirectExits,
  selectRowsOfPeople,
  upsertDirectExits,
  upsertRows,
} from './memberships.sql.ts';
import { type Placer, placeTargets } from './place.ts';
import type { Placed, PlacedDirect, PlacedWish } from './placed.ts';
import { selectPending } from './releases.sql.ts';
import { backfill, directOrigin, type Lane, type LedgerRow, live, neverWritten } from './rows.ts';
import { deleteSkipReasonsOfPerson, type SkipReason, saveSkipReasons } from './skip-reasons.sql.ts';
import { countKept } from './tallies.ts';
import type { WishedVariant } from './wish.ts';

/** Writes what the wishes change, on the given lane. The people are locked by the caller (rule 3). */
export async function applyWishes(tx: Tx, deps: { clock: Clock }, lane: Lane, input: LedgerInput): Promise<void> {
  const people = peopleOf([...input.members, ...input.directs]);
  if (people.length === 0) return;
  const draft = await draftWishes(tx, people, input, await placeTargets(tx, deps, input));
  await saveSkipReasons(tx, skipReasonsOf(draft, input), new Date(deps.clock.now()));
  await save(tx, draft, lane);
}

/** The people's rows as the wishes have them. Writes nothing: a dry run ends here (dry-run.ts). */
export async function draftWishes(
  q: Queryable,
  people: readonly PersonKey[],
  input: LedgerInput,
  placer: Placer,
): Promise<LedgerDraft> {
  const draft = await draftOf(q, people);
  for (const one of input.directs) applyDirects(draft, one, placer);
  for (const one of input.members) applyDirects(draft, { ...one, direct: one.wish.direct }, placer);
  for (const one of input.members) draft.level(placedWish(one, placer));
  return draft;
}

/** All rows of some people. What is being released of them is released here first, so that it makes no difference when. */
async function draftOf(q: Queryable, people: readonly PersonKey[]): Promise<LedgerDraft> {
  const rows = await selectRowsOfPeople(q, people);
  const pending = await selectPending(q, [...new Set(people.map(({ spaceId }) => spaceId))]);
  return new LedgerDraft(rows, await selectDirectExits(q, people), pending);
}

/** Does what is being released of these people, who are locked; with `keepAt` who is at that target stays there. */
export async function applyReleases(tx: Tx, people: readonly PersonKey[], keepAt?: TargetId): Promise<void> {
  const draft = await draftOf(tx, people);
  if (keepAt !== undefined) draft.keepReleased(keepAt);
  await save(tx, draft, backfill);
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
    leftAt: one.leftAt,
  };
}

function applyDirects(draft: LedgerDraft, one: PersonWish, placer: Placer): void {
  for (const wish of one.direct) {
    const placed: PlacedDirect = { ...wish, targetId: must(placer(one.destinationId, wish.target), 'made') };
    draft.direct(one, placed);
  }
}

/** I5, rule 7: each change of level of a person at a target and origin gets a seq and one pointer with it; a repetition none. */
async function save(tx: Tx, draft: LedgerDraft, lane: Lane, moved: ReadonlySet<LedgerRow> = new Set()): Promise<void> {
  const { changed: byLevel, touched, exits } = draft.difference();
  const changed = [...new Set([...byLevel, ...moved])];
  await upsertDirectExits(tx, exits);
  if (changed.length === 0 && touched.length === 0) return;
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
  const written = owed.flatMap(({ rows, seq }) =>
    rows.map((row) => ({ ...row, seq, isNew: row.seq === neverWritten })),
  );
  await insertRows(
    tx,
    written.filter((row) => row.isNew),
  );
  await upsertRows(tx, [...written.filter((row) => !row.isNew), ...touched.filter((row) => !moved.has(row))]);
  await insertPointers(
    tx,
    owed.map(({ rows, seq }) => {
      const { spaceId, targetId, originId, personId } = must(rows[0], 'no group is empty');
      return { spaceId, targetId, lane, seq, originId, personId };
    }),
  );
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
  const draft = await draftOf(tx, people);
  const held = draft.holdsAnything(loser);
  const { moved } = draft.move(loser, winner);
  await deleteRowsOfPerson(tx, spaceId, loser);
  await deleteDirectExits(tx, spaceId, loser);
  await deleteSkipReasonsOfPerson(tx, spaceId, loser);
  await save(tx, draft, live, moved);
  return held;
}
