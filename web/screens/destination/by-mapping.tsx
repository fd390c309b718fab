import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery, type Range, ranges } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { mappingsQuery, type StoredMapping } from '../../api/mappings.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number } from '../../ui/format.ts';
import { TextLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { byMapping, type OfMapping } from './outcomes.ts';

type Row = OfMapping & { readonly mapping: StoredMapping | undefined; readonly destination: Destination };

/** What each mapping did in the range. */
export function ByMapping({ destination, range }: { destination: Destination; range: Range }): ReactNode {
  const delivery = useQuery(deliveryQuery(destination.id, range));
  const mappings = useQuery(mappingsQuery(destination.id)).data ?? [];
  return (
    <Section title="By mapping">
      <Loaded query={delivery} height={120}>
        {({ series }) => {
          const rows = byMapping(series).map((row) => ({
            ...row,
            destination,
            mapping: mappings.find(({ id }) => id === row.mappingId),
          }));
          return rows.length === 0 ? (
            <EmptyState says={`No mapping did anything in ${ranges[range].words}.`} />
          ) : (
            <DataTable label="By mapping" columns={columns} rows={rows} rowKey={({ mappingId }) => mappingId} />
          );
        }}
      </Loaded>
    </Section>
  );
}

const columns: readonly Column<Row>[] = [
  { name: 'Mapping', cell: (row) => <MappingLink row={row} /> },
  { name: 'Events taken', align: 'right', cell: ({ mapped }) => number(mapped) },
  { name: 'Added', align: 'right', cell: ({ added }) => number(added) },
  { name: 'Removed', align: 'right', cell: ({ removed }) => number(removed) },
  { name: 'Skipped', align: 'right', cell: ({ skipped }) => number(skipped) },
  { name: 'Failed', align: 'right', cell: ({ failed }) => number(failed) },
];

function MappingLink({ row: { mapping, destination } }: { row: Row }): ReactNode {
  if (mapping === undefined) return 'A mapping that was deleted';
  return (
    <TextLink
      fw={600}
      to="/spaces/$space/connections/destinations/$destination/mappings/$mapping"
      params={{ space: destination.spaceId, destination: destination.id, mapping: mapping.id }}
    >
      {mapping.name}
    </TextLink>
  );
}
