import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery } from '../api/delivery.ts';
import type { Destination } from '../api/destinations.ts';
import { DestinationBadge, type DestinationStatus } from './status-badge.tsx';

/** The badge of a destination. */
export function DestinationStatusOf({ destination }: { destination: Destination }): ReactNode {
  const { data } = useQuery(deliveryQuery(destination.id));
  return <DestinationBadge status={statusOf(destination, data)} />;
}

interface Counted {
  readonly members: number;
  readonly onTikTok: number;
  readonly audiences: readonly { walk: { finishedAt: string | null } | null }[];
}

/** The first that holds: nothing was ever sent, somebody paused it, somebody is needed, it syncs, all is well. */
function statusOf({ connection, enabled, paused }: Destination, counted: Counted | undefined): DestinationStatus {
  const sent = (counted?.onTikTok ?? 0) > 0;
  if (!sent && (!connection.connected || (counted?.audiences.length ?? 0) === 0)) return 'setup';
  if (!enabled) return 'paused';
  if (paused !== null || !connection.connected) return 'needs-you';
  if (counted?.audiences.some(({ walk }) => walk?.finishedAt === null)) return 'syncing';
  return 'healthy';
}
