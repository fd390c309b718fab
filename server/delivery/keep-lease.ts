import type { Tx } from '../db/port.ts';
import { renewLease } from './leases.sql.ts';
import type { DeliveryDeps, Run } from './run.ts';

/** Renews the lease at a third of its time; a run that lost it stops at once. */
export async function keepLease(deps: DeliveryDeps, run: Run, over: AbortSignal): Promise<void> {
  const place = { spaceId: run.spaceId, destinationId: run.destinationId, holder: deps.nodeId, fence: run.fence };
  while (!over.aborted) {
    await deps.clock.sleep(deps.settings.lease / 3, over);
    if (over.aborted) return;
    try {
      if (!(await renewLease(deps.db, place, deps.settings.lease, deps.virtualNow()))) run.stop.abort();
    } catch (error) {
      // Not fatal: a call is only announced while the lease outlives it.
      deps.log.warn('a lease could not be renewed', {
        destination: run.destinationId,
        error: error instanceof Error ? error.name : 'error',
      });
    }
  }
}

/**
 * Announces a call, and gives what was announced only if the call may still be made. A process that was stopped in between
 * (SIGSTOP, a frozen container) wakes up when its successor has made doubts of the call and may have asserted them: a call
 * after that would stand (rule 11; reliability.md 2, row 2).
 */
export async function announceInTime<Announced>(
  deps: DeliveryDeps,
  run: Run,
  announce: (tx: Tx) => Promise<Announced | undefined>,
): Promise<Announced | undefined> {
  const began = deps.clock.elapsed();
  const announced = await deps.db.transaction(announce);
  if (deps.clock.elapsed() - began < deps.settings.lease) return announced;
  run.stop.abort();
  return undefined;
}
