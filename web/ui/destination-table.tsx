import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Destination, destinationStatusQuery } from '../api/destinations.ts';
import { type Column, DataTable } from './data-table.tsx';
import { number } from './format.ts';
import { TextLink } from './links.tsx';
import { DestinationBadge } from './status-badge.tsx';

/** Engage Settings > Destinations and Connections > Destinations show the same. */
export function DestinationTable({ destinations }: { destinations: readonly Destination[] }): ReactNode {
  return <DataTable label="Destinations" columns={columns} rows={destinations} rowKey={({ id }) => id} />;
}

const columns: readonly Column<Destination>[] = [
  {
    name: 'Name',
    cell: ({ id, spaceId, name }) => (
      <TextLink
        fw={600}
        to="/spaces/$space/connections/destinations/$destination/{-$tab}"
        params={{ space: spaceId, destination: id, tab: undefined }}
      >
        {name}
      </TextLink>
    ),
  },
  { name: 'Status', cell: ({ id }) => <StatusOf id={id} /> },
  { name: 'Members', align: 'right', cell: ({ id }) => <CountOf id={id} which="members" /> },
  { name: 'On TikTok', align: 'right', cell: ({ id }) => <CountOf id={id} which="onTikTok" /> },
  { name: 'Owed', align: 'right', cell: ({ id }) => <CountOf id={id} which="owed" /> },
];

function StatusOf({ id }: { id: string }): ReactNode {
  const { data } = useQuery(destinationStatusQuery(id));
  return data === undefined ? '' : <DestinationBadge status={data.status} />;
}

function CountOf({ id, which }: { id: string; which: 'members' | 'onTikTok' | 'owed' }): ReactNode {
  const { data } = useQuery(destinationStatusQuery(id));
  return data === undefined ? '—' : number(data.counts[which]);
}
