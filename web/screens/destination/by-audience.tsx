import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, audiencesQuery } from '../../api/audiences.ts';
import { type Delivery, deliveryQuery, type Range } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number, outcomeNames } from '../../ui/format.ts';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';

type Row = Delivery['audiences'][number] & {
  readonly audience: Audience | undefined;
  readonly destination: Destination;
};

/** From the answer that the charts of the page are drawn from; its numbers are of now, whatever the range. */
export function ByAudience({ destination, range }: { destination: Destination; range: Range }): ReactNode {
  const delivery = useQuery(deliveryQuery(destination.id, range));
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
              rows={found.map((row) => ({
                ...row,
                destination,
                audience: audiences.find(({ id }) => id === row.audienceId),
              }))}
              rowKey={({ audienceId }) => audienceId}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

type Part = keyof typeof outcomeNames;

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
  { name: 'Members', align: 'right', cell: ({ counts }) => number(counts.members) },
  ...(Object.keys(outcomeNames) as Part[]).map(
    (part): Column<Row> => ({
      name: outcomeNames[part],
      align: 'right',
      cell: (row) => <PeopleLink row={row} part={part} />,
    }),
  ),
];

/** Each number leads to its people. */
function PeopleLink({ row: { audience, destination, counts }, part }: { row: Row; part: Part }): ReactNode {
  if (audience === undefined || counts[part] === 0) return number(counts[part]);
  return (
    <TextLink
      to="/spaces/$space/engage/audiences/$audience/{-$tab}"
      params={{ space: audience.spaceId, audience: audience.id, tab: 'members' }}
      search={{ outcome: part, at: destination.id }}
      aria-label={`${outcomeNames[part]} of ${audience.name}: ${number(counts[part])}`}
    >
      {number(counts[part])}
    </TextLink>
  );
}
