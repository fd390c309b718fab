import { getTarget, goneSentence, saveSeen, type Target, unseenTargets } from '../destinations/destinations.ts';
import type { ReadyTarget } from './batch.ts';
import { reactAlike } from './react.ts';
import { recordingReads } from './reads.ts';
import { backOff, blockTargets, type DeliveryDeps, isWaiting, type Run, underLease, waitKey } from './run.ts';

type AudienceCheck =
  | { readonly kind: 'checked'; readonly targets: readonly Target[]; readonly gone: readonly ReadyTarget[] }
  | { readonly kind: 'failed' };

/** Asks TikTok which of these audiences it still has: a refusal may mean that one is gone, with any of three codes (tiktok-api.md Q4). */
async function getAudiencesOf(deps: DeliveryDeps, run: Run, all: readonly ReadyTarget[]): Promise<AudienceCheck> {
  const targets = [...new Map(all.map((target) => [target.id, target])).values()];
  const advertiserId = targets[0]?.advertiserId ?? '';
  const call = { token: run.token, signal: run.stop.signal };
  const answer = await recordingReads(deps, run).getAudiences(
    call,
    advertiserId,
    targets.map((t) => t.tiktokId),
  );
  if (answer.outcome.kind !== 'ok' && answer.outcome.kind !== 'gone') return { kind: 'failed' };
  const there = new Set((answer.data ?? []).map((view) => view.audienceId));
  // One id that TikTok calls unknown fails the whole question: only for a single target it is an answer.
  if (answer.outcome.kind === 'gone' && targets.length > 1) return { kind: 'failed' };
  const stored = await Promise.all(targets.map((target) => getTarget(deps.db, target.id)));
  return {
    kind: 'checked',
    targets: stored.filter((target) => target !== undefined),
    gone: targets.filter((target) => !there.has(target.tiktokId)),
  };
}

/**
 * What follows from a refusal that may mean that an audience is gone. Gives the targets as they are stored where TikTok has
 * them all; undefined where the refusal is dealt with: what is gone is blocked, what could not be asked waits.
 */
export async function whereAllAreThere(
  deps: DeliveryDeps,
  run: Run,
  all: readonly ReadyTarget[],
): Promise<readonly Target[] | undefined> {
  const check = await getAudiencesOf(deps, run, all);
  const advertiserId = all[0]?.advertiserId ?? '';
  if (check.kind === 'failed') return void backOff(deps, run, waitKey({ advertiserId }), 'fast');
  if (check.gone.length === 0) return check.targets;
  await blockGone(deps, run, check.targets, check.gone);
  return undefined;
}

/** Rule 12: blocked with the reason, and never made again unasked; what is owed is for the audience that takes the place. */
async function blockGone(
  deps: DeliveryDeps,
  run: Run,
  targets: readonly Target[],
  gone: readonly Pick<ReadyTarget, 'id'>[],
): Promise<void> {
  const ids = new Set(gone.map(({ id }) => id));
  for (const target of targets) {
    if (ids.has(target.id)) await blockTargets(deps, run, [target], { problem: 'gone', reason: goneSentence(target) });
  }
}

/**
 * TikTok's own view (size, valid, expiring) of every audience that is fed, every six hours: one list an ad account. What
 * is not in the list is asked for by its id, because the list may move while it is read.
 */
export async function lookAtAudiences(deps: DeliveryDeps, run: Run): Promise<void> {
  const unseen = await unseenTargets(deps.db, deps.clock, run.destinationId);
  for (const advertiserId of new Set(unseen.map((target) => target.advertiserId))) {
    if (run.stop.signal.aborted) return;
    if (isWaiting(deps, run.memory, advertiserId)) continue;
    const targets = unseen.filter((target) => target.advertiserId === advertiserId && !run.blocked.has(target.id));
    await lookAt(deps, run, advertiserId, targets);
  }
}

async function lookAt(deps: DeliveryDeps, run: Run, advertiserId: string, targets: readonly Target[]): Promise<void> {
  const call = { token: run.token, signal: run.stop.signal };
  const answer = await recordingReads(deps, run).listAudiences(call, advertiserId);
  const kind = await reactAlike(deps, run, { advertiserId, targets }, answer);
  if (kind === undefined) return;
  // A list that is refused says nothing about any of its audiences.
  if (kind !== 'ok' || answer.data === undefined) return backOff(deps, run, waitKey({ advertiserId }), 'fast');
  const views = new Map(answer.data.map((view) => [view.audienceId, view]));
  await underLease(deps, run, async (tx) => {
    for (const { id, tiktokId } of targets) {
      const view = views.get(tiktokId ?? '');
      if (view) await saveSeen(tx, deps.clock, id, view);
    }
  });
  const absent = targets.flatMap(({ id, tiktokId }) =>
    tiktokId === null || views.has(tiktokId) ? [] : [{ id, tiktokId, advertiserId }],
  );
  if (absent.length === 0) return;
  const check = await getAudiencesOf(deps, run, absent);
  if (check.kind === 'failed') return backOff(deps, run, waitKey({ advertiserId }), 'fast');
  await blockGone(deps, run, check.targets, check.gone);
}
