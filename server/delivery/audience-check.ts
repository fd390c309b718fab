import { getTarget, type Target } from '../destinations/destinations.ts';
import type { ReadyTarget } from './batch.ts';
import { recordingReads } from './reads.ts';
import type { DeliveryDeps, Run } from './run.ts';

export type AudienceCheck =
  | { readonly kind: 'checked'; readonly targets: readonly Target[]; readonly gone: readonly ReadyTarget[] }
  | { readonly kind: 'failed' };

/** Asks TikTok which of these audiences it still has: a refusal may mean that one is gone, with any of three codes (tiktok-api.md Q4). */
export async function getAudiencesOf(
  deps: DeliveryDeps,
  run: Run,
  all: readonly ReadyTarget[],
): Promise<AudienceCheck> {
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
