/** Who shares the call budget of the TikTok app, and this node's part of it (tiktok-api.md 10: one limit for the whole app). */
import { seconds } from '../kernel/clock.ts';
import type { TikTok } from '../tiktok/tiktok.ts';
import { countNodes, forgetNode } from './leases.sql.ts';
import type { DeliveryDeps } from './run.ts';

type NodeDeps = Pick<DeliveryDeps, 'db' | 'clock' | 'log' | 'nodeId' | 'virtualNow'> & {
  readonly tiktok: { readonly budget: Pick<TikTok['budget'], 'setShare'> };
};

export interface NodeShare {
  /** Says that this node lives. False: it is new, and makes no calls until the others have counted it. */
  beat(): Promise<boolean>;
  leave(): Promise<void>;
}

const beatEvery = seconds(2);
/** Two beats of the others and a second: by then each of them has seen a new node and has made its own part smaller. */
const seenWithin = seconds(5);
/** A node that has not been seen for so long shares no more; when it comes back, it is new. */
const deadAfter = seconds(20);

export function createNodeShare(deps: NodeDeps): NodeShare {
  const node = { nodeId: deps.nodeId, deadAfterMs: deadAfter };
  let lastBeat = Number.NEGATIVE_INFINITY;
  let callsFrom = Number.NEGATIVE_INFINITY;
  return {
    async beat() {
      const now = deps.clock.elapsed();
      if (now - lastBeat >= beatEvery) {
        const nodes = await deps.db.transaction((tx) => countNodes(tx, node, deps.virtualNow()));
        deps.tiktok.budget.setShare(1 / nodes);
        if (nodes === 1) callsFrom = now;
        else if (now - lastBeat > deadAfter) callsFrom = now + seenWithin;
        lastBeat = now;
      }
      return now >= callsFrom;
    },
    async leave() {
      try {
        await forgetNode(deps.db, deps.nodeId);
      } catch (error) {
        // A node stops also while the database is away; the others forget it by themselves.
        deps.log.warn('this node could not sign off', { error: error instanceof Error ? error.name : 'error' });
      }
    },
  };
}
