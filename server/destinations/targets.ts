import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import {
  insertNamedTargets,
  insertTargetById,
  lockAudience,
  reviveTargets,
  selectFeederName,
  selectFeeding,
  selectTarget,
  selectTargetsByAdvertiser,
  selectTargetsFor,
  selectTargetsOf,
  setBlocked,
  setReady,
  setTiktokId,
  type TargetProblem,
  type TargetRow,
  type TargetState,
} from './targets.sql.ts';

/** A TikTok audience as a mapping or a connection names it. */
export interface TargetRef {
  advertiserId: string;
  audience: { by: 'id'; id: string } | { by: 'name'; name: string };
}

/** One of several audiences of the same name, for a person to choose from. */
export interface AudienceChoice {
  audienceId: string;
  name: string;
  type: string;
  size: number;
  createdAt: string;
}

/** Rule 12: one real TikTok audience, fed by one destination. */
export interface Target {
  id: TargetId;
  spaceId: SpaceId;
  destinationId: DestinationId;
  advertiserId: string;
  /** The name it was asked for by; null when asked for by id. */
  named: string | null;
  /** TikTok's audience id; never changes once set. */
  tiktokId: string | null;
  state: TargetState;
  /** Why it is blocked: what kind of reason, and in words. */
  problem: TargetProblem | null;
  reason: string | null;
  choices: AudienceChoice[];
  /** Of a gone one: the target that took its people. */
  replacedBy: TargetId | null;
  /** Somebody asked for the audience to be made, whatever the destination's setting. */
  createOnce: boolean;
  /** Since then nothing makes rows for it. */
  leavingSince: Date | null;
  /** When Usher created the audience; its first five minutes are lenient (design.md 4.1, rule 11). */
  madeByUsAt: Date | null;
  /** TikTok's own view at the last look. */
  seen: Record<string, unknown> | null;
  lookedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What became of an audience that was to be fed by a target. */
export type Claim =
  | { kind: 'ready' }
  /** Another target of this destination feeds it: the rows belong there. */
  | { kind: 'same as'; targetId: TargetId }
  | { kind: 'blocked'; problem: TargetProblem; reason: string };

/**
 * The targets that stand for these references, in their order; what is missing is made. New ones are unresolved: delivery
 * resolves them. A reference to an audience that another destination feeds gives a blocked target.
 */
export async function ensureTargets(
  tx: Tx,
  clock: Clock,
  owner: { spaceId: SpaceId; destinationId: DestinationId },
  refs: readonly TargetRef[],
): Promise<TargetId[]> {
  let found = await targetsFor(tx, owner.destinationId, refs);
  const missing = refs.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) {
    await makeTargets(tx, clock, owner, missing);
    found = await targetsFor(tx, owner.destinationId, refs);
  }
  const leaving = found.filter((t) => t?.state === 'leaving').map((t) => must(t, 'filtered').id);
  if (leaving.length > 0) await reviveTargets(tx, [...new Set(leaving)].sort(byNumber), new Date(clock.now()));
  return found.map((t) => must(t, 'a target was made for every reference').id);
}

/** The targets that stand for these references, in their order; undefined where there is none. Makes and revives none. */
export async function findTargets(
  q: Queryable,
  destinationId: DestinationId,
  refs: readonly TargetRef[],
): Promise<(TargetId | undefined)[]> {
  return (await targetsFor(q, destinationId, refs)).map((found) => found?.id);
}

/** The targets of a destination; `sibling` marks those whose audience is fed by another target of it (rule 12). */
export async function targetsOf(
  q: Queryable,
  destinationId: DestinationId,
): Promise<(Target & { sibling: boolean })[]> {
  const rows = await selectTargetsOf(q, destinationId);
  return rows.map((row) => ({ ...rowToTarget(row), sibling: row.feeds_as }));
}

export async function getTarget(q: Queryable, targetId: TargetId): Promise<Target | undefined> {
  const [row] = await selectTarget(q, targetId);
  return row && rowToTarget(row);
}

/**
 * This target feeds this audience from now on, unless another one does (rule 12: decided alone, so that no audience is
 * ever fed twice). What is refused is stored as blocked with its reason.
 */
export async function markReady(
  tx: Tx,
  clock: Clock,
  target: Target,
  found: { tiktokId: string; madeByUs: boolean },
): Promise<Claim> {
  await lockAudience(tx, target.advertiserId, found.tiktokId);
  const at = new Date(clock.now());
  const [feeding] = (await selectFeeding(tx, target.advertiserId, found.tiktokId)).filter(
    (other) => other.target_id !== target.id,
  );
  if (feeding && feeding.destination_id === target.destinationId) {
    const reason = `the same TikTok audience as ${feeding.named === null ? `audience id ${found.tiktokId}` : `"${feeding.named}"`}`;
    const { tiktokId } = found;
    await setBlocked(tx, { targetId: target.id, problem: 'same', reason, choices: undefined, tiktokId, at });
    return { kind: 'same as', targetId: feeding.target_id };
  }
  if (feeding) {
    const why = {
      problem: 'fed-elsewhere',
      reason: await fedElsewhere(tx, target.spaceId, feeding.destination_id),
    } as const;
    await setBlocked(tx, { targetId: target.id, ...why, choices: undefined, tiktokId: null, at });
    return { kind: 'blocked', ...why };
  }
  await setReady(tx, { targetId: target.id, tiktokId: found.tiktokId, madeByUsAt: found.madeByUs ? at : null, at });
  return { kind: 'ready' };
}

/** Stops a target with a sentence a person understands; what it owes is kept. */
export async function block(
  tx: Tx,
  clock: Clock,
  targetId: TargetId,
  why: { problem: TargetProblem; reason: string; choices?: readonly AudienceChoice[] },
): Promise<void> {
  await setBlocked(tx, {
    targetId,
    problem: why.problem,
    reason: why.reason,
    choices: why.choices,
    tiktokId: null,
    at: new Date(clock.now()),
  });
}

/**
 * TikTok was connected anew: targets of ad accounts that the connection lacks are blocked, with everything they owe kept
 * (I8). Those of accounts that are back are looked at again. Gives the accounts that are missed. An empty list of accounts
 * says nothing: TikTok may leave it out for users with thousands (tiktok-api.md 2.2).
 */
export async function blockLackingAdvertisers(
  tx: Tx,
  clock: Clock,
  destinationId: DestinationId,
  advertiserIds: readonly string[],
): Promise<string[]> {
  if (advertiserIds.length === 0) return [];
  const lacking = (await selectTargetsByAdvertiser(tx, destinationId)).filter(
    (target) => !advertiserIds.includes(target.advertiser_id),
  );
  for (const { target_id, advertiser_id } of lacking) {
    await block(tx, clock, target_id, { problem: 'advertiser', reason: withoutAdvertiser(advertiser_id) });
  }
  return [...new Set(lacking.map((target) => target.advertiser_id))];
}

const withoutAdvertiser = (advertiserId: string): string =>
  `TikTok is connected without ad account ${advertiserId}: connect again as somebody who may use it, and tick it. Everything owed there is kept and goes out then.`;

/** A person chose one of several audiences; it is verified and claimed by the next resolving. */
export async function chooseAudience(
  tx: Tx,
  clock: Clock,
  target: Target,
  tiktokId: string,
): Promise<Claim | { kind: 'fixed' }> {
  await lockAudience(tx, target.advertiserId, tiktokId);
  const [feeding] = await selectFeeding(tx, target.advertiserId, tiktokId);
  if (feeding && feeding.destination_id !== target.destinationId) {
    const reason = await fedElsewhere(tx, target.spaceId, feeding.destination_id);
    return { kind: 'blocked', problem: 'fed-elsewhere', reason };
  }
  if (feeding) return { kind: 'same as', targetId: feeding.target_id };
  const chosen = await setTiktokId(tx, { targetId: target.id, tiktokId, at: new Date(clock.now()) });
  return chosen.length > 0 ? { kind: 'ready' } : { kind: 'fixed' };
}

/** Names the other destination only within the space (I11). */
export async function fedElsewhere(q: Queryable, spaceId: SpaceId, feeder: DestinationId): Promise<string> {
  const [other] = await selectFeederName(q, spaceId, feeder);
  const who = other ? `the destination "${other.name}"` : 'another destination';
  return `this TikTok audience is already fed by ${who}; two destinations would remove each other’s people. It becomes free when the other one has let it go.`;
}

const byNumber = (a: number, b: number): number => a - b;

async function targetsFor(
  q: Queryable,
  destinationId: DestinationId,
  refs: readonly TargetRef[],
): Promise<({ id: TargetId; state: TargetState } | undefined)[]> {
  const rows = await selectTargetsFor(q, destinationId, {
    advertiserIds: refs.map((ref) => ref.advertiserId),
    names: refs.map((ref) => (ref.audience.by === 'name' ? ref.audience.name : null)),
    ids: refs.map((ref) => (ref.audience.by === 'id' ? ref.audience.id : null)),
  });
  const byPosition = new Map(rows.map((row) => [row.position, { id: row.target_id, state: row.state }]));
  return refs.map((_, i) => byPosition.get(i + 1));
}

async function makeTargets(
  tx: Tx,
  clock: Clock,
  owner: { spaceId: SpaceId; destinationId: DestinationId },
  refs: readonly TargetRef[],
): Promise<void> {
  const at = new Date(clock.now());
  const names = refs.flatMap((ref) => (ref.audience.by === 'name' ? [{ ...ref, name: ref.audience.name }] : []));
  if (names.length > 0) {
    const rows = { advertiserIds: names.map((ref) => ref.advertiserId), names: names.map((ref) => ref.name) };
    await insertNamedTargets(tx, owner, rows, at);
  }
  const ids = refs.flatMap((ref) => (ref.audience.by === 'id' ? [{ ...ref, tiktokId: ref.audience.id }] : []));
  // In one order everywhere, so that two transactions do not wait for each other's locks.
  for (const ref of ids.sort((a, b) => (a.advertiserId + a.tiktokId < b.advertiserId + b.tiktokId ? -1 : 1))) {
    await makeTargetById(tx, at, owner, ref);
  }
}

async function makeTargetById(
  tx: Tx,
  at: Date,
  owner: { spaceId: SpaceId; destinationId: DestinationId },
  ref: { advertiserId: string; tiktokId: string },
): Promise<void> {
  await lockAudience(tx, ref.advertiserId, ref.tiktokId);
  // The lock may have been waited for: whoever held it may have made the row, and this mention may be the second.
  const wanted = { advertiserIds: [ref.advertiserId], names: [null], ids: [ref.tiktokId] };
  if ((await selectTargetsFor(tx, owner.destinationId, wanted)).length > 0) return;
  const [feeding] = await selectFeeding(tx, ref.advertiserId, ref.tiktokId);
  const row = { ...owner, advertiserId: ref.advertiserId, tiktokId: ref.tiktokId, at };
  if (!feeding) return void (await insertTargetById(tx, { ...row, state: 'unresolved', problem: null, reason: null }));
  const reason = await fedElsewhere(tx, owner.spaceId, feeding.destination_id);
  return void (await insertTargetById(tx, { ...row, state: 'blocked', problem: 'fed-elsewhere', reason }));
}

export function rowToTarget(row: TargetRow): Target {
  return {
    id: row.target_id,
    spaceId: row.space_id,
    destinationId: row.destination_id,
    advertiserId: row.advertiser_id,
    named: row.named,
    tiktokId: row.tiktok_id,
    state: row.state,
    problem: row.problem,
    reason: row.reason,
    choices: (row.choices ?? []) as AudienceChoice[],
    replacedBy: row.replaced_by,
    createOnce: row.create_once,
    leavingSince: row.leaving_since,
    madeByUsAt: row.made_by_us_at,
    seen: row.seen as Record<string, unknown> | null,
    lookedAt: row.looked_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
