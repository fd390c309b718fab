import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, audiencesQuery } from '../../api/audiences.ts';
import { type Delivery, type Destination, deliveryQuery } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number } from '../../ui/format.ts';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';

type Row = Delivery['audiences'][number] & { readonly audience: Audience | undefined };

export function ByAudience({ destination }: { destination: Destination }): ReactNode {
  const delivery = useQuery(deliveryQuery(destination.id));
  const audiences = useQuery(audiencesQuery(destination.spaceId)).data?.data ?? [];
  return (
    <Section title="By audience">
      <Loaded query={delivery} height={120}>
        {({ audiences: found }) =>
          found.length === 0 ? (
            <EmptyState
              says="No audience is connected."
              why="Open an audience and choose Add Destinations, so that its people follow here."
            >
              <ButtonLink to="/spaces/$space/engage/audiences" params={{ space: destination.spaceId }}>
                Go to Audiences
              </ButtonLink>
            </EmptyState>
          ) : (
            <DataTable
              label="By audience"
              columns={columns}
              rows={found.map((row) => ({ ...row, audience: audiences.find(({ id }) => id === row.audienceId) }))}
              rowKey={({ audienceId }) => audienceId}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

const columns: readonly Column<Row>[] = [
  {
    name: 'Audience',
    cell: ({ audience }) =>
      audience && (
        <TextLink
          fw={600}
          to="/spaces/$space/engage/audiences/$audience/{-$tab}"
          params={{ space: audience.spaceId, audience: audience.id, tab: undefined }}
        >
          {audience.name}
        </TextLink>
      ),
  },
  ...(['members', 'onTikTok', 'owed', 'parked', 'skipped', 'leaving'] as const).map(
    (which): Column<Row> => ({
      name: {
        members: 'Members',
        onTikTok: 'On TikTok',
        owed: 'Owed',
        parked: 'Parked',
        skipped: 'Skipped',
        leaving: 'Leaving',
      }[which],
      align: 'right',
      cell: ({ counts }) => number(counts[which]),
    }),
  ),
];
