import { Button, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { RecentEvent, TestEvent } from '../../api/mappings.ts';
import { recentEventsQuery } from '../../api/sources.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { useSpace } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';
import classes from './mapping-editor.module.css';
import { sampleEvent } from './sample-event.ts';

const shownMost = 50;

/** What the mapping is tried on: an event that came in (its values stay on the server), the sample, or pasted JSON. */
export function TestEventPanel({
  sample,
  onChange,
}: {
  sample: { key: string; entered: boolean };
  onChange: (event: TestEvent | undefined) => void;
}): ReactNode {
  const { id: space } = useSpace();
  const [listed, setListed] = useState(false);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string>();
  const recent = useQuery({ ...recentEventsQuery(space), enabled: listed }).data?.slice(0, shownMost);
  const choose = ({ messageId, masked, event, type }: RecentEvent): void => {
    setText('');
    setChosen(`Using ${event ?? type} as it came in.`);
    setListed(false);
    onChange({ kind: 'recent', messageId, shape: masked });
  };
  const type = (json: string): void => {
    setText(json);
    const event = objectIn(json);
    setChosen(undefined);
    onChange(event === undefined ? undefined : { kind: 'typed', event });
  };
  return (
    <div className={classes['stack']}>
      <div className={classes['actions']}>
        <Button size="xs" variant="default" onClick={() => setListed(true)}>
          Load Test Event from Source
        </Button>
        <Button
          size="xs"
          variant="default"
          onClick={() => type(JSON.stringify(sampleEvent(sample.key || 'audience_key', sample.entered), null, 2))}
        >
          Load Sample Event
        </Button>
      </div>
      {listed && recent?.length === 0 && <p>Nothing has arrived lately. Use the sample.</p>}
      {listed && recent !== undefined && recent.length > 0 && (
        <DataTable
          label="Recent events"
          columns={columnsFor(choose)}
          rows={recent}
          rowKey={({ messageId }) => messageId}
        />
      )}
      {chosen !== undefined && <p role="status">{chosen}</p>}
      <Textarea
        label="Or paste an event as JSON"
        description="Used for this test only; it is neither stored nor logged."
        classNames={{ input: 'mono' }}
        autosize
        minRows={3}
        maxRows={14}
        spellCheck={false}
        value={text}
        error={jsonError(text)}
        onChange={(event) => type(event.currentTarget.value)}
      />
    </div>
  );
}

const columnsFor = (choose: (event: RecentEvent) => void): readonly Column<RecentEvent>[] => [
  {
    name: 'Event',
    cell: (row) => (
      <Button size="compact-sm" variant="subtle" onClick={() => choose(row)}>
        {row.event ?? row.type}
      </Button>
    ),
  },
  { name: 'Received', cell: ({ receivedAt }) => <Time at={receivedAt} /> },
];

function jsonError(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isEvent(value) ? undefined : 'An event is an object with a "type", such as "track". Your text is unchanged.';
  } catch (error) {
    return `Not JSON: ${error instanceof Error ? error.message : 'unreadable'}. Your text is unchanged.`;
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const types = ['track', 'identify', 'page', 'screen', 'group', 'alias'];
const isEvent = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && 'type' in value && types.includes(String(value.type));
