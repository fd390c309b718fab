/** When TikTok is asked about a target: unresolved and blocked ones until they are found, fed ones for TikTok's own view. */
import type { DestinationId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Clock, hours, minutes } from '../kernel/clock.ts';
import {
  selectDueTargets,
  selectUnseen,
  setBlockedSeen,
  setOneSeen,
  setSeen,
  setUnneeded,
  setUnseen,
  setWaitingSeen,
  takeTurn,
} from './targets.sql.ts';
import { rowToTarget, type Target } from './targets.ts';

/** How often a blocked target is looked at again: one listing per target, far below TikTok's limits. */
const blockedRecheck = minutes(10);
/** How often TikTok's own view of an audience that is fed is read: sizes and expiry move in days (tiktok-api.md 13, Q18). */
const lookEvery = hours(6);
/** Somebody who asks for it now is answered at most once a minute (web.md 1.4). */
const askEvery = minutes(1);

/** Targets to resolve now: unresolved ones, and blocked ones not looked at for ten minutes. */
export async function dueTargets(q: Queryable, clock: Clock, destinationId: DestinationId): Promise<Target[]> {
  const rows = await selectDueTargets(q, destinationId, new Date(clock.now() - blockedRecheck));
  return rows.map(rowToTarget);
}

/**
 * Blocked targets are due at once instead of ten minutes after the last look: something changed, so TikTok's answer, or
 * what we make of it, may be another one now.
 */
export async function lookAgain(tx: Tx, clock: Clock, destinationId: DestinationId): Promise<void> {
  await setBlockedSeen(tx, destinationId, new Date(clock.now() - blockedRecheck - 1));
}

/** One blocked target is due at once: somebody asked for a look. */
export async function lookAgainAt(tx: Tx, clock: Clock, targetId: TargetId): Promise<void> {
  await setOneSeen(tx, targetId, new Date(clock.now() - blockedRecheck - 1));
}

/** Somebody asks for TikTok's view now. False: it was asked for within the last minute. */
export async function askForLook(tx: Tx, clock: Clock, targetId: TargetId): Promise<boolean> {
  const now = clock.now();
  return (await takeTurn(tx, { targetId, before: new Date(now - askEvery), at: new Date(now) })).length > 0;
}

/** The next run of delivery reads TikTok's view, however new the last one is: something begins or ends here. */
export async function lookSoon(tx: Tx, targetId: TargetId): Promise<void> {
  await setUnseen(tx, targetId);
}

/** Targets of which TikTok's own view is older than six hours. */
export async function unseenTargets(q: Queryable, clock: Clock, destinationId: DestinationId): Promise<Target[]> {
  return (await selectUnseen(q, destinationId, unseenBefore(clock))).map(rowToTarget);
}

export const unseenBefore = (clock: Clock): Date => new Date(clock.now() - lookEvery);

/** TikTok has no such audience, and nobody is to be added: it is looked for again when somebody is. */
export async function markUnneeded(tx: Tx, clock: Clock, targetId: TargetId, reason: string): Promise<void> {
  await setUnneeded(tx, { targetId, reason, at: new Date(clock.now()) });
}

/** Keeps TikTok's own view (size, valid, expiring, expires), with the time it was read. */
export async function saveSeen(tx: Tx, clock: Clock, targetId: TargetId, view: object): Promise<void> {
  const at = new Date(clock.now());
  await setSeen(tx, { targetId, seen: { ...view, readAt: at.toISOString() }, at });
}

/** An audience was let go: those that wait for it look at once. */
export async function wakeWaiting(
  tx: Tx,
  clock: Clock,
  of: { advertiserId: string; tiktokId: string | null },
): Promise<void> {
  await setWaitingSeen(tx, of, new Date(clock.now() - blockedRecheck - 1));
}
