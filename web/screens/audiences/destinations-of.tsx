import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, connectionsQuery } from '../../api/audiences.ts';
import { destinationsQuery } from '../../api/destinations.ts';
import { SyncBadge, syncStatus } from '../../ui/sync-status.tsx';

/** The state of an audience at each of its destinations. Asked for now and then: a list is not a watch. */
export function DestinationsOf({ audience }: { audience: Audience }): ReactNode {
  const seldom = { refetchInterval: 15_000, staleTime: 10_000 };
  const connections = useQuery({ ...connectionsQuery(audience.spaceId, audience.id), ...seldom }).data;
  const destinations = useQuery(destinationsQuery(audience.spaceId)).data;
  if (connections === undefined || destinations === undefined) return '';
  if (connections.length === 0) return '—';
  return connections.map((connection) => {
    const destination = destinations.find(({ id }) => id === connection.destinationId);
    if (destination === undefined) return null;
    return <SyncBadge key={destination.id} status={syncStatus(connection, destination)} name={destination.name} />;
  });
}
