import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Audience, Connection } from '../../api/audiences.ts';
import { type Destination, destinationsQuery } from '../../api/destinations.ts';
import { AdsManagerLink } from '../../ui/ads-manager-link.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number, outcomeNames } from '../../ui/format.ts';
import { TextLink } from '../../ui/links.tsx';
import { Section } from '../../ui/page.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useMay } from '../../ui/space.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { ConnectionMenu } from './connection-menu.tsx';
import { ConnectionPanel } from './connection-panel.tsx';
import { SyncState } from './sync-progress.tsx';

interface Row {
  readonly audience: Audience;
  readonly connection: Connection;
  readonly destination: Destination;
  readonly edit: () => void;
}

/** Where the audience is sent, and how far that is. */
export function ConnectedDestinations({
  audience,
  connections,
}: {
  audience: Audience;
  connections: readonly Connection[];
}): ReactNode {
  const may = useMay('editor');
  const destinations = useQuery(destinationsQuery(audience.spaceId)).data ?? [];
  const [wantsToAdd, setWantsToAdd] = useSearchState('add');
  const [edited, setEdited] = useState<Connection>();
  const add = (
    <Button onClick={() => setWantsToAdd('destinations')} disabled={!may}>
      Add Destinations
    </Button>
  );
  const rows = connections.flatMap((connection) => {
    const destination = destinations.find(({ id }) => id === connection.destinationId);
    return destination ? [{ audience, connection, destination, edit: () => setEdited(connection) }] : [];
  });
  return (
    <Section title="Destinations" actions={connections.length > 0 && add}>
      {connections.length === 0 ? (
        <EmptyState says="Not sent anywhere yet." why="Choose the destinations that shall follow this audience.">
          {add}
        </EmptyState>
      ) : (
        <DataTable label="Destinations" columns={columns} rows={rows} rowKey={({ destination }) => destination.id} />
      )}
      {connections.length > 0 && (
        <p>
          {sizeSoon} <AdsManagerLink />
        </p>
      )}
      <ConnectionPanel
        audience={audience}
        connections={connections}
        edited={edited ?? (wantsToAdd === '' || !may ? undefined : null)}
        onClose={() => {
          setEdited(undefined);
          setWantsToAdd('');
        }}
      />
    </Section>
  );
}

const sizeSoon =
  'TikTok matches these people to its users and shows a size after 24 to 48 hours, in TikTok Ads Manager under Assets > Audiences.';

const columns: readonly Column<Row>[] = [
  {
    name: 'Destination',
    cell: ({ destination }) => (
      <TextLink
        fw={600}
        to="/spaces/$space/connections/destinations/$destination/{-$tab}"
        params={{ space: destination.spaceId, destination: destination.id, tab: undefined }}
      >
        {destination.name}
      </TextLink>
    ),
  },
  { name: 'Destination status', cell: ({ destination }) => <DestinationState destination={destination} /> },
  {
    name: 'Sync status',
    cell: ({ audience, connection, destination }) => <SyncState {...{ audience, connection, destination }} />,
  },
  {
    name: 'Matching mappings',
    cell: ({ connection: { matchingMappings: found }, destination }) => (
      <TextLink
        to="/spaces/$space/connections/destinations/$destination/{-$tab}"
        params={{ space: destination.spaceId, destination: destination.id, tab: 'mappings' }}
      >
        {found.enabled} of {found.enabled + found.disabled} on
      </TextLink>
    ),
  },
  {
    name: 'On TikTok',
    align: 'right',
    cell: ({ connection }) => <>{number(connection.sync.counts.onTikTok)} on TikTok</>,
  },
  ...(['owed', 'parked', 'skipped'] as const).map(
    (outcome): Column<Row> => ({
      name: outcomeNames[outcome],
      align: 'right',
      cell: (row) => <PeopleLink row={row} outcome={outcome} />,
    }),
  ),
  {
    name: 'Actions',
    nameHidden: true,
    align: 'right',
    cell: ({ connection, destination, edit }) => (
      <ConnectionMenu connection={connection} destination={destination} edit={edit} />
    ),
  },
];

/** Each number leads to its people. */
function PeopleLink({
  row: { audience, connection, destination },
  outcome,
}: {
  row: Row;
  outcome: 'owed' | 'parked' | 'skipped';
}): ReactNode {
  const found = connection.sync.counts[outcome];
  if (found === 0) return number(found);
  return (
    <TextLink
      to="/spaces/$space/engage/audiences/$audience/{-$tab}"
      params={{ space: audience.spaceId, audience: audience.id, tab: 'members' }}
      search={{ outcome, at: destination.id }}
    >
      {number(found)}
    </TextLink>
  );
}

function DestinationState({ destination }: { destination: Destination }): ReactNode {
  if (!destination.connection.connected) return <StatusBadge tone="attention">Disconnected</StatusBadge>;
  if (!destination.enabled) return <StatusBadge tone="paused">Disabled</StatusBadge>;
  return <StatusBadge tone="good">Connected</StatusBadge>;
}
