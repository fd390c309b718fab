import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Ingest, ingestQuery, recentEventsQuery, type Source } from '../api/sources.ts';
import { type Column, DataTable } from './data-table.tsx';
import { number } from './format.ts';
import { TextLink } from './links.tsx';
import { kindWords } from './source-kinds.ts';
import { useSpace } from './space.ts';
import { StatusBadge } from './status-badge.tsx';
import { Time } from './time.tsx';

interface Row {
  readonly source: Source;
  readonly received: number | null;
  readonly failed: number | null;
  readonly lastEventAt: string | null;
}

/** The sources of a space with what came in during the last day. */
export function SourceTable({ sources }: { sources: readonly Source[] }): ReactNode {
  const { id } = useSpace();
  const ingest = useQuery(ingestQuery(id)).data;
  const recent = useQuery(recentEventsQuery(id)).data ?? [];
  const rows = sources.map((source) => ({
    source,
    ...lastDayOf(
      ingest,
      source.id,
      recent.find(({ sourceId }) => sourceId === source.id),
    ),
  }));
  return <DataTable label="Sources" columns={columns} rows={rows} rowKey={({ source }) => source.id} />;
}

function lastDayOf(
  ingest: Ingest | undefined,
  sourceId: string,
  newest: { readonly receivedAt: string } | undefined,
): Omit<Row, 'source'> {
  const found = ingest?.sources.find((one) => one.sourceId === sourceId);
  // To the second where this node took it in itself, to the minute otherwise.
  const lastEventAt = newest?.receivedAt ?? found?.lastReceived ?? null;
  if (ingest === undefined) return { received: null, failed: null, lastEventAt };
  const counts = found?.counts ?? [];
  const sum = (wanted: string) =>
    counts.filter(({ outcome }) => outcome === wanted).reduce((total, { count }) => total + count, 0);
  return { received: sum('received'), failed: sum('failed'), lastEventAt };
}

const columns: readonly Column<Row>[] = [
  {
    name: 'Name',
    cell: ({ source }) => (
      <TextLink
        fw={600}
        to="/spaces/$space/connections/sources/$source/{-$tab}"
        params={{ space: source.spaceId, source: source.id, tab: undefined }}
      >
        {source.name}
      </TextLink>
    ),
  },
  { name: 'Kind', cell: ({ source }) => kindWords[source.kind].name },
  { name: 'Events (24 h)', align: 'right', cell: ({ received }) => (received === null ? '—' : number(received)) },
  { name: 'Failed on ingest', align: 'right', cell: ({ failed }) => (failed === null ? '—' : number(failed)) },
  { name: 'Last event', cell: ({ lastEventAt }) => <Time at={lastEventAt} /> },
  { name: 'Status', cell: (row) => <SourceStatus {...row} /> },
];

function SourceStatus({ source, received }: Row): ReactNode {
  if (!source.enabled) return <StatusBadge tone="paused">Disabled</StatusBadge>;
  if (received === 0) return <StatusBadge tone="neutral">Waiting for events</StatusBadge>;
  return <StatusBadge tone="good">Receiving</StatusBadge>;
}
