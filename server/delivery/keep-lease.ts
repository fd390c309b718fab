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
