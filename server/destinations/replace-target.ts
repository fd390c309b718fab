/**
 * Rule 12: an audience that was deleted at TikTok comes back with another id, so its target is over, and a new one takes
 * its place, under every name the old one had. The people follow (ledger/siblings.ts); here only the targets change.
 */
import type { TargetId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import { insertReplacement, selectNamed, setAudienceGone, setCreateOnce, setReplacedBy } from './replace-target.sql.ts';
import { lockAudience, selectFeeding } from './targets.sql.ts';
import { fedElsewhere, type Target } from './targets.ts';

export type ReplacementProblem =
  /** Another destination feeds that audience; its words. */
  | { kind: 'fed elsewhere'; reason: string }
  /** Blocked no more, or replaced already. */
  | { kind: 'not blocked' }
  /** It was asked for by its id, and TikTok never said its name: nothing to create one by. */
  | { kind: 'no name' };

/**
 * Another audience (`tiktokId`), or one that is looked for by its name and made (`create`), takes the place of a blocked
 * target's. Gives the target that stands from now on: a new one, or the one that feeds that audience already.
 */
export async function replaceTarget(
  tx: Tx,
  clock: Clock,
  old: Target,
  by: { tiktokId: string } | 'create',
): Promise<Result<TargetId, ReplacementProblem>> {
  return by === 'create' ? byCreating(tx, clock, old) : byChoosing(tx, clock, old, by.tiktokId);
}

async function byChoosing(
  tx: Tx,
  clock: Clock,
  old: Target,
  tiktokId: string,
): Promise<Result<TargetId, ReplacementProblem>> {
  await lockAudience(tx, old.advertiserId, tiktokId);
  const [feeding] = await selectFeeding(tx, old.advertiserId, tiktokId);
  if (feeding && feeding.destination_id !== old.destinationId) {
    return err({ kind: 'fed elsewhere', reason: await fedElsewhere(tx, old.spaceId, feeding.destination_id) });
  }
  const at = new Date(clock.now());
  const gone = await setAudienceGone(tx, { targetId: old.id, at });
  if (gone.length === 0) return err({ kind: 'not blocked' });
  const named = gone.find((target) => target.named !== null)?.named ?? null;
  const target = feeding ? feeding.target_id : await insertOne(tx, { ...old, named, tiktokId, at });
  await setReplacedBy(
    tx,
    gone.map((one) => one.target_id),
    target,
  );
  return ok(target);
}

async function byCreating(tx: Tx, clock: Clock, old: Target): Promise<Result<TargetId, ReplacementProblem>> {
  const { advertiserId, destinationId } = old;
  const seenName = old.seen?.['name'];
  const named = old.named ?? (typeof seenName === 'string' && seenName !== '' ? seenName : undefined);
  if (named === undefined) return err({ kind: 'no name' });
  const at = new Date(clock.now());
  const gone = await setAudienceGone(tx, { targetId: old.id, at });
  if (gone.length === 0) return err({ kind: 'not blocked' });
  const [standing] = await selectNamed(tx, { destinationId, advertiserId, named });
  const target = standing ? standing.target_id : await insertOne(tx, { ...old, named, tiktokId: null, at });
  await setCreateOnce(tx, [target], at);
  await setReplacedBy(
    tx,
    gone.map((one) => one.target_id),
    target,
  );
  return ok(target);
}

async function insertOne(tx: Tx, row: Parameters<typeof insertReplacement>[1]): Promise<TargetId> {
  const [made] = await insertReplacement(tx, row);
  return must(made, 'insert returns its row').target_id;
}

/** Somebody asks for audiences to be made where none has the name, whatever the destination's setting. Gives how many will be. */
export async function askToCreate(tx: Tx, clock: Clock, targetIds: readonly TargetId[]): Promise<number> {
  return (await setCreateOnce(tx, targetIds, new Date(clock.now()))).length;
}
