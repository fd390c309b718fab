import { Button, Group, Select, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useReducer } from 'react';
import { watchSource } from '../../api/debugger.ts';
import type { Source } from '../../api/sources.ts';
import { JsonView } from '../../ui/code-block.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { count } from '../../ui/format.ts';
import { Identifiers } from '../../ui/identifiers.tsx';
import { ingestReason } from '../../ui/ingest-reasons.ts';
import { Section } from '../../ui/page.tsx';
import { Problem } from '../../ui/problem.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import { changeLive, firstLive, type Seen } from './live-events.ts';

/** What arrives, as it arrives, newest first. Not announced line by line: the count is enough. */
export function Debugger({ source }: { source: Source }): ReactNode {
  const [live, change] = useReducer(changeLive, firstLive);
  useEffect(
    () =>
      watchSource(source.id, {
        onEvent: (event) => change({ kind: 'arrived', event }),
        onSampled: (left) => change({ kind: 'sampled', left }),
        onConnection: (connected) => change({ kind: connected ? 'connected' : 'interrupted' }),
      }),
    [source.id],
  );
  return (
    <>
      {live.interrupted && (
        <Problem level="attention" happened="Live view interrupted, trying again." kept="Events are still received." />
      )}
      <Group mb="md" gap="sm" align="flex-end">
        <Filters />
        <Button variant="default" onClick={() => change({ kind: live.paused ? 'resume' : 'pause' })}>
          {live.paused ? 'Resume' : 'Pause'}
          {live.paused && live.waiting.length > 0 && ` (${live.waiting.length} new)`}
        </Button>
      </Group>
      {live.left > 0 && <p>{count(live.left, 'event')} more came in than are shown here; all of them are counted.</p>}
      <Events events={live.events} />
    </>
  );
}

const types = ['track', 'identify', 'page', 'screen', 'group', 'alias'];

function Filters(): ReactNode {
  const [type, setType] = useSearchState('type');
  const [name, setName] = useSearchState('name');
  const [result, setResult] = useSearchState('result');
  return (
    <>
      <Select
        label="Type"
        placeholder="All"
        data={types}
        w={128}
        clearable
        value={type || null}
        onChange={(value) => setType(value ?? '')}
      />
      <TextInput label="Event name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Select
        label="Result"
        placeholder="All"
        w={168}
        data={[
          { value: 'accepted', label: 'Accepted' },
          { value: 'failed', label: 'Failed on ingest' },
        ]}
        clearable
        value={result || null}
        onChange={(value) => setResult(value ?? '')}
      />
    </>
  );
}

function Events({ events }: { events: readonly Seen[] }): ReactNode {
  const [type] = useSearchState('type');
  const [name] = useSearchState('name');
  const [result] = useSearchState('result');
  const [opened, setOpened] = useSearchState('event', '', 'push');
  const shown = events.filter(
    (event) =>
      (type === '' || event.type === type) &&
      (result === '' || event.result === result) &&
      (event.event ?? event.type).toLowerCase().includes(name.trim().toLowerCase()),
  );
  if (events.length === 0) {
    return (
      <EmptyState says="Nothing has arrived while this page was open." why="New events appear here by themselves." />
    );
  }
  const open = events.find(({ number }) => String(number) === opened);
  return (
    <>
      <p>{count(shown.length, 'event')}, newest first. The last 500 are kept.</p>
      <DataTable label="Events" columns={columnsOf(setOpened)} rows={shown} rowKey={({ number }) => String(number)} />
      {open !== undefined && (
        <Section
          title={`${open.event ?? open.type}, masked`}
          actions={
            <Button variant="default" onClick={() => setOpened('')}>
              Close event
            </Button>
          }
        >
          <JsonView value={open.masked} label="Event" />
        </Section>
      )}
    </>
  );
}

const columnsOf = (open: (number: string) => void): readonly Column<Seen>[] => [
  { name: 'Received', cell: ({ receivedAt }) => <Time at={receivedAt} /> },
  { name: 'Type', cell: ({ type }) => type },
  {
    name: 'Event',
    cell: ({ event, type, number }) => (
      <Button variant="transparent" size="compact-sm" p={0} onClick={() => open(String(number))}>
        {event ?? type}
      </Button>
    ),
  },
  { name: 'Audience', cell: ({ audienceKey }) => (audienceKey === null ? '—' : <code>{audienceKey}</code>) },
  { name: 'Person', cell: ({ person }) => <Identifiers of={person} /> },
  { name: 'Result', cell: (event) => <Result event={event} /> },
];

function Result({ event }: { event: Seen }): ReactNode {
  if (event.result === 'accepted') return <StatusBadge tone="good">Accepted</StatusBadge>;
  return (
    <>
      <StatusBadge tone="danger">Failed on ingest</StatusBadge> {event.reason !== null && ingestReason(event.reason)}
    </>
  );
}
