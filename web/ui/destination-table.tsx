import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery } from '../api/delivery.ts';
import type { Destination } from '../api/destinations.ts';
import { type Column, DataTable } from './data-table.tsx';
import { DestinationStatusOf } from './destination-status.tsx';
import { number } from './format.ts';
import { TextLink } from './links.tsx';

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
  { name: 'Status', cell: (destination) => <DestinationStatusOf destination={destination} /> },
  {
    name: 'Audiences',
    align: 'right',
    cell: ({ id }) => <CountOf of={id} pick={({ audiences }) => audiences.length} />,
  },
  { name: 'On TikTok', align: 'right', cell: ({ id }) => <CountOf of={id} pick={({ onTikTok }) => onTikTok} /> },
  { name: 'Owed', align: 'right', cell: ({ id }) => <CountOf of={id} pick={({ owed }) => owed} /> },
];

interface Counted {
  readonly audiences: readonly unknown[];
  readonly onTikTok: number;
  readonly owed: number;
}

function CountOf({ of, pick }: { of: string; pick: (delivery: Counted) => number }): ReactNode {
  const { data } = useQuery(deliveryQuery(of));
  return data === undefined ? '—' : number(pick(data));
}
