/** Finds or makes the TikTok audience of each target that needs it (rule 12), and acts on what TikTok says. */
import { type CreateRecord, dueTargets, resolveTarget, type Target } from '../destinations/destinations.ts';
import { moveSiblings } from '../ledger/ledger.ts';
import type { Answer } from '../tiktok/tiktok.ts';
import { announceInTime } from './keep-lease.ts';
import { holdsLease, leaseOutlives } from './leases.sql.ts';
import { recordingReads } from './reads.ts';
import { finishRequest, forgetParkedOfSiblings, insertRequest, unansweredCreate } from './requests.sql.ts';
import { backOff, blockTargets, type DeliveryDeps, isWaiting, pauseRun, type Run, waitKey } from './run.ts';
import { endOf } from './send.ts';

export async function resolveTargets(deps: DeliveryDeps, run: Run): Promise<void> {
  for (const target of await dueTargets(deps.db, deps.clock, run.destinationId)) {
    if (run.stop.signal.aborted) return;
    if (isWaiting(deps, run.memory, target.advertiserId)) continue;
    const call = { token: run.token, signal: run.stop.signal };
    const tiktok = recordingReads(deps, run);
    const parts = { ...deps, tiktok, reach: deps.reached, creates: createRecord(deps, run) };
    const found = await resolveTarget(parts, call, target, run.destination.settings);
    switch (found.kind) {
      case 'ready':
        deps.log.info('TikTok audience found', { target: target.id });
        break;
      case 'blocked':
        deps.log.warn('TikTok audience blocked', { target: target.id });
        break;
      case 'same as':
        break; // The next step of the run moves what this one holds to the target that feeds the audience.
      case 'later':
        backOff(deps, run, waitKey({ advertiserId: target.advertiserId }), 'lenient');
        break;
      case 'failed':
        await react(deps, run, target, found.answer);
        break;
    }
  }
}

/** Rule 12: what stands under a second name of one audience belongs to the target that feeds it, before anything is sent. */
export async function moveAllSiblings(deps: DeliveryDeps, run: Run): Promise<void> {
  while (!run.stop.signal.aborted) {
    const moved = await deps.db.transaction(async (tx) => {
      const people = await moveSiblings(tx, deps, run.destinationId);
      if (people > 0) await forgetParkedOfSiblings(tx, run.destinationId);
      return people;
    });
    if (moved === 0) return;
  }
}

/** What an answer to any call but a mapping call means for what comes next. */
async function react(deps: DeliveryDeps, run: Run, target: Target, answer: Answer<unknown>): Promise<void> {
  const { kind } = answer.outcome;
  if (kind === 'unauthorized') return pauseRun(deps, run, answer, tokenDead);
  if (kind === 'config') return pauseRun(deps, run, answer, appWrong(answer));
  if (kind === 'forbidden') return blockTargets(deps, run, [readyOf(target)], notAllowed(target.advertiserId, answer));
  if (kind === 'refused' || kind === 'gone')
    return blockTargets(deps, run, [readyOf(target)], `TikTok refused: ${answer.message}`);
  if (kind !== 'throttled') backOff(deps, run, waitKey({ advertiserId: target.advertiserId }), 'fast');
}

const readyOf = (target: Target) => ({
  id: target.id,
  tiktokId: target.tiktokId ?? '',
  advertiserId: target.advertiserId,
});

export const tokenDead =
  'TikTok no longer accepts the access token; connect TikTok again. Everything owed is kept and goes out then.';
export const appWrong = (answer: Answer<unknown>): string =>
  `TikTok refuses the app or its settings (${answer.code ?? answer.httpStatus}: ${answer.message}); mend it and connect again`;
export const notAllowed = (advertiserId: string, answer: Answer<unknown>): string =>
  `no permission for ad account ${advertiserId} (${answer.message}); grant it at TikTok or connect with another account`;

/** resolve-target.ts creates an audience only between these two: announced before, settled after. */
function createRecord(deps: DeliveryDeps, run: Run): CreateRecord {
  return {
    unanswered: (target) => unansweredCreate(deps.db, run.destinationId, target.id),
    async announce(target) {
      const startedAt = new Date(deps.clock.now());
      const { spaceId, destinationId, fence } = run;
      const pointer = { spaceId, targetId: target.id, lane: 0 as const, seq: 0, originId: 0, personId: 0 as never };
      const requestNo = await announceInTime(deps, run, async (tx) => {
        if (!(await leaseOutlives(tx, run, deps.settings.callTimeout, deps.virtualNow()))) return undefined;
        const place = { spaceId, destinationId, fence, kind: 'create' as const, advertiserId: target.advertiserId };
        return insertRequest(tx, { ...place, rows: 0, pointers: [pointer], payload: null, startedAt });
      });
      if (requestNo === undefined) return undefined;
      return (answer, store) =>
        deps.db.transaction(async (tx) => {
          // Fenced like every settling (rule 11): the successor finds the audience by its name and makes none.
          if (!(await holdsLease(tx, run))) throw new Error('the lease was lost while an audience was created');
          await finishRequest(tx, requestNo, endOf(answer), new Date(deps.clock.now()));
          return store(tx);
        });
    },
  };
}
