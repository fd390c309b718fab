import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery, errorsQuery, type Range, ranges, type TikTokError } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number } from '../../ui/format.ts';
import { ButtonLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { Time } from '../../ui/time.tsx';
import { type Failure, failuresOf } from './outcomes.ts';

/** What TikTok did not take, what it means, what Usher does about it and what is left to do. */
export function Errors({ destination }: { destination: Destination }): ReactNode {
  const [range, control] = useRange();
  return (
    <Section title="Errors" actions={control}>
      <ErrorTable destination={destination} range={range} />
    </Section>
  );
}

export function ErrorTable({ destination, range }: { destination: Destination; range: Range }): ReactNode {
  const delivery = useQuery(deliveryQuery(destination.id, range));
  const catalog = useQuery(errorsQuery).data ?? [];
  return (
    <Loaded query={delivery} height={120}>
      {({ series }) => {
        const rows = failuresOf(series).map((failure) => ({
          failure,
          destination,
          known: meaningOf(catalog, failure),
        }));
        return rows.length === 0 ? (
          <EmptyState says={`TikTok refused nothing in ${ranges[range].words}.`} />
        ) : (
          <DataTable
            label="Errors"
            columns={columns}
            rows={rows}
            rowKey={({ failure: { outcome, code } }) => outcome + code}
          />
        );
      }}
    </Loaded>
  );
}

interface Row {
  readonly destination: Destination;
  readonly failure: Failure;
  readonly known: TikTokError | undefined;
}

const columns: readonly Column<Row>[] = [
  {
    name: 'What happened',
    cell: ({ failure: { code, outcome }, known }) =>
      `${known?.meaning ?? (outcome === 'unknown' ? 'TikTok did not answer' : outcome)}${code === '' ? '' : ` (${code})`}`,
  },
  { name: 'People, each try', align: 'right', cell: ({ failure }) => number(failure.people) },
  { name: 'First', cell: ({ failure }) => <Time at={failure.first} /> },
  { name: 'Last', cell: ({ failure }) => <Time at={failure.last} /> },
  { name: 'What Usher does', cell: ({ known }) => known?.usherDoes ?? 'Tries again with growing pauses, for ever.' },
  { name: 'What to do', cell: ({ known }) => known?.youDo ?? 'Nothing.' },
  { name: 'Where to look', nameHidden: true, align: 'right', cell: (row) => <WhereToLook row={row} /> },
];

/** Whom it concerns, or what TikTok answered. */
function WhereToLook({ row: { destination, failure } }: { row: Row }): ReactNode {
  const parked = failure.outcome === 'parked';
  return (
    <ButtonLink
      size="compact-sm"
      variant="default"
      to="/spaces/$space/connections/destinations/$destination/{-$tab}"
      params={{ space: destination.spaceId, destination: destination.id, tab: 'delivery' }}
      search={parked ? { view: 'parked' } : { view: 'calls', answer: 'other' }}
    >
      {parked ? 'Show parked' : 'Show calls'}
    </ButtonLink>
  );
}

/** The table goes by ranges of codes; narrower ones come first in it. */
const meaningOf = (catalog: readonly TikTokError[], { code }: Failure): TikTokError | undefined =>
  code === '' ? undefined : catalog.find((row) => row.code <= Number(code) && Number(code) <= row.lastCode);
