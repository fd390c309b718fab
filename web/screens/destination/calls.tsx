import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Call, type CallFilter, callQuery, callsQuery } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { type Target, targetsQuery } from '../../api/targets.ts';
import { JsonView } from '../../ui/code-block.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { saveFile } from '../../ui/download.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { count, number } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { SidePanel } from '../../ui/side-panel.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './calls.module.css';

/** Each call to TikTok with its answer, the newest first; tokens and plain identifiers are in none of them. */
export function Calls({ destination }: { destination: Destination }): ReactNode {
  const filter = useFilter();
  const [cursor, setCursor] = useSearchState('after', '', 'push');
  const [open, setOpen] = useSearchState('call', '', 'push');
  const targets = useQuery(targetsQuery(destination.id)).data ?? [];
  const nameOf = (id: string): string => nameIn(targets, id);
  return (
    <>
      <Filters targets={targets} />
      <Loaded query={useQuery(callsQuery(destination.id, filter, cursor))} height={480}>
        {({ data, pagination }) =>
          data.length === 0 ? (
            <NoCalls filtered={Object.keys(filter).length > 0} />
          ) : (
            <>
              <DataTable label="Calls" columns={columnsOf(nameOf, setOpen)} rows={data} rowKey={({ id }) => id} />
              <Group mt="md" gap="xs">
                <Button variant="default" disabled={cursor === ''} onClick={() => setCursor('')}>
                  Newest calls
                </Button>
                <Button
                  variant="default"
                  disabled={pagination.next === null}
                  onClick={() => setCursor(pagination.next ?? '')}
                >
                  Older calls
                </Button>
                <span className={classes['dim']}>{count(pagination.total, 'call')}; kept for 30 days.</span>
              </Group>
            </>
          )
        }
      </Loaded>
      <SidePanel opened={open !== ''} onClose={() => setOpen('')} title="Call to TikTok">
        {open !== '' && <OneCall destination={destination} id={open} />}
      </SidePanel>
    </>
  );
}

const answers = [
  { value: '', label: 'Any answer' },
  { value: 'accepted', label: 'Accepted' },
  { value: 'other', label: 'Anything else' },
  { value: 'none', label: 'No answer yet' },
];
const isAnswer = (text: string): text is NonNullable<CallFilter['answer']> =>
  text !== '' && answers.some(({ value }) => value === text);

function useFilter(): CallFilter {
  const [answer] = useSearchState('answer');
  const [targetId] = useSearchState('target');
  const [tiktokRequestId] = useSearchState('request');
  return {
    ...(isAnswer(answer) ? { answer } : {}),
    ...(targetId === '' ? {} : { targetId }),
    ...(tiktokRequestId.trim() === '' ? {} : { tiktokRequestId: tiktokRequestId.trim() }),
  };
}

/** In the address, so that a colleague sees the same calls. */
function Filters({ targets }: { targets: readonly Target[] }): ReactNode {
  const [answer, setAnswer] = useSearchState('answer');
  const [target, setTarget] = useSearchState('target');
  const [request, setRequest] = useSearchState('request');
  return (
    <div className={classes['filters']}>
      <NativeSelect
        label="Answer"
        data={answers}
        value={answer}
        onChange={(event) => setAnswer(event.currentTarget.value)}
      />
      <NativeSelect
        label="TikTok audience"
        data={[{ value: '', label: 'All' }, ...targets.map(({ id }) => ({ value: id, label: nameIn(targets, id) }))]}
        value={target}
        onChange={(event) => setTarget(event.currentTarget.value)}
      />
      <TextInput
        label="request_id"
        autoComplete="off"
        spellCheck={false}
        value={request}
        onChange={(event) => setRequest(event.currentTarget.value)}
      />
    </div>
  );
}

const nameIn = (targets: readonly Target[], id: string): string => {
  const target = targets.find((one) => one.id === id);
  return target?.name ?? target?.tiktokId ?? id;
};

function NoCalls({ filtered }: { filtered: boolean }): ReactNode {
  if (filtered) return <EmptyState says="No call fits these filters." why="Calls are kept for 30 days." />;
  return (
    <EmptyState says="TikTok was not called yet." why="The first call is made when somebody enters an audience." />
  );
}

const columnsOf = (nameOf: (id: string) => string, open: (id: string) => void): readonly Column<Call>[] => [
  { name: 'Time', cell: ({ startedAt }) => <Time at={startedAt} /> },
  {
    name: 'Action',
    cell: ({ id, action }) => (
      <Button size="compact-sm" variant="default" aria-label={`Open the call ${action}`} onClick={() => open(id)}>
        {action}
      </Button>
    ),
  },
  {
    name: 'TikTok audience',
    cell: ({ targetIds }) => (targetIds.length === 0 ? '—' : targetIds.map(nameOf).join(', ')),
  },
  { name: 'People', align: 'right', cell: ({ rows }) => number(rows) },
  { name: 'Answer', cell: (call) => answerOf(call) },
  { name: 'ms', align: 'right', cell: ({ durationMs }) => (durationMs === null ? '—' : number(durationMs)) },
  { name: 'request_id', cell: ({ tiktokRequestId }) => <code>{tiktokRequestId ?? '—'}</code> },
];

function answerOf({ outcome, code, meaning }: Call): string {
  if (outcome === null) return 'Under way';
  if (outcome === 'ok') return 'Accepted';
  if (outcome === 'unknown') return 'No answer; sent again';
  return `${meaning ?? outcome}${code === null ? '' : ` (${code})`}`;
}

const rowsShown = 50;

function OneCall({ destination, id }: { destination: Destination; id: string }): ReactNode {
  return (
    <Loaded query={useQuery(callQuery(destination.id, id))} height={480}>
      {({ told, ...answer }) => (
        <>
          <p>{answerOf(answer)}</p>
          {answer.advice !== null && <p>{answer.advice}</p>}
          <p>
            Request: the hashes that TikTok was told
            {told.length > rowsShown && `, the first ${rowsShown} of ${number(told.length)} rows`}.
          </p>
          <JsonView label="request" value={told.slice(0, rowsShown)} />
          <Button
            variant="default"
            size="xs"
            onClick={() => saveFile(`${id}.json`, 'application/json', JSON.stringify({ ...answer, told }, null, 2))}
          >
            Download JSON
          </Button>
          <p>Response:</p>
          <JsonView label="response" value={answer} />
        </>
      )}
    </Loaded>
  );
}
