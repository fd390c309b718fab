import { type AudienceId, idToText } from '../../contract/ids.ts';
import { type ManagedConnection, manage } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { deliveryReads } from '../delivery/delivery.ts';
import { type Destination, listMappings, type Target, targetsOf } from '../destinations/destinations.ts';
import { counts, owed } from '../ledger/ledger.ts';
import { type Sync, syncOf } from './sync-state.ts';

/** What decides how a destination does (web.md 5.1), read once for its page and for Home. */
export interface Facts {
  readonly destination: Destination;
  readonly mappings: number;
  readonly audiences: readonly { connection: ManagedConnection; name: string; sync: Sync }[];
  readonly targets: readonly Target[];
  /** The newest calls first. */
  readonly calls: readonly Call[];
  /** Members whom no enabled mapping takes, by audience. */
  readonly unmatched: ReadonlyMap<AudienceId, number>;
  /** Changes that TikTok has not been told of. */
  readonly pointers: number;
  /** Whether any of them may go out: at a TikTok audience that is not blocked, of a destination that is on and not paused. */
  readonly goingOut: boolean;
}

export interface Call {
  readonly kind: string;
  readonly outcome: string | null;
  readonly code: number | null;
  readonly message: string | null;
  readonly startedAt: Date;
}

/** The reason that the ledger gives members whom no mapping takes (ledger/wish.ts). */
const noMapping = 'no enabled add mapping matches the event';
const callsRead = 50;

export async function readFacts(q: Queryable, destination: Destination): Promise<Facts> {
  const { id, spaceId } = destination;
  const connections = await manage.connectionsInto(q, spaceId, id);
  const sync = await syncOf(q, connections);
  const names = new Map<AudienceId, string>();
  for (const { audienceId } of connections) {
    const audience = await manage.getAudience(q, spaceId, audienceId);
    names.set(audienceId, audience?.name ?? idToText('audience', audienceId));
  }
  const reasons = await counts.skipReasons(q, spaceId, id);
  const targets = await targetsOf(q, id);
  const open = targets.filter(({ state }) => state !== 'blocked' && state !== 'gone').map((target) => target.id);
  const requests = await deliveryReads.selectRequests(q, id, { before: Number.MAX_SAFE_INTEGER, limit: callsRead });
  return {
    destination,
    mappings: (await listMappings(q, id)).length,
    audiences: connections.flatMap((connection) => {
      const state = sync.get(connection.audienceId);
      return state ? [{ connection, name: names.get(connection.audienceId) ?? '', sync: state }] : [];
    }),
    targets,
    calls: requests.map((row) => ({
      kind: row.kind,
      outcome: row.outcome,
      code: row.code,
      message: row.message,
      startedAt: row.started_at,
    })),
    unmatched: new Map(reasons.filter(({ reason }) => reason === noMapping).map((row) => [row.audience_id, row.count])),
    pointers: (await counts.countOwed(q, id)).pointers,
    goingOut: await owed.anyOwed(q, id, open, []),
  };
}
