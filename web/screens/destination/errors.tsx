import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery, errorsQuery, ranges, type TikTokError } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { Time } from '../../ui/time.tsx';
import { type Failure, failuresOf } from './outcomes.ts';

/** What TikTok did not take, what it means, what Usher does about it and what is left to do. */
export function Errors({ destination }: { destination: Destination }): ReactNode {
  const [range, control] = useRange();
  const delivery = useQuery(deliveryQuery(destination.id, range));
  const catalog = useQuery(errorsQuery).data ?? [];
  return (
    <Section title="Errors" actions={control}>
      <Loaded query={delivery} height={240}>
        {({ series }) => {
          const rows = failuresOf(series).map((failure) => ({ failure, known: meaningOf(catalog, failure) }));
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
    </Section>
  );
}

interface Row {
  readonly failure: Failure;
  readonly known: TikTokError | undefined;
}

const columns: readonly Column<Row>[] = [
  {
    name: 'What happened',
    cell: ({ failure: { code, outcome }, known }) =>
      `${known?.meaning ?? (outcome === 'unknown' ? 'TikTok did not answer' : outcome)}${code === '' ? '' : ` (${code})`}`,
  },
  { name: 'People', align: 'right', cell: ({ failure }) => number(failure.people) },
  { name: 'First', cell: ({ failure }) => <Time at={failure.first} /> },
  { name: 'Last', cell: ({ failure }) => <Time at={failure.last} /> },
  { name: 'What Usher does', cell: ({ known }) => known?.usherDoes ?? 'Tries again with growing pauses, for ever.' },
  { name: 'What to do', cell: ({ known }) => known?.youDo ?? 'Nothing.' },
];

/** The table goes by ranges of codes; narrower ones come first in it. */
const meaningOf = (catalog: readonly TikTokError[], { code }: Failure): TikTokError | undefined =>
  code === '' ? undefined : catalog.find((row) => row.code <= Number(code) && Number(code) <= row.lastCode);
