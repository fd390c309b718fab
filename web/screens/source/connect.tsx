import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ingestQuery, recentEventsQuery, type Source } from '../../api/sources.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { Copyable } from '../../ui/copy.tsx';
import { moment } from '../../ui/format.ts';
import { useNow } from '../../ui/now.ts';
import { Card, Section } from '../../ui/page.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useShownOnce } from '../../ui/shown-once.ts';
import classes from './connect.module.css';
import { snippets } from './snippets.ts';

/** What to paste where, and whether it worked. */
export function Connect({ source }: { source: Source }): ReactNode {
  const [key] = source.writeKeys;
  const shownOnce = useShownOnce(key?.id ?? '');
  const plain = key?.key ?? shownOnce;
  const written = snippets({ url: window.location.origin, writeKey: plain ?? 'WRITE_KEY', sourceId: source.id });
  const first = written.find(({ kinds }) => kinds.includes(source.kind)) ?? written[0];
  const [chosen, setChosen] = useSearchState('with', first?.value ?? '');
  return (
    <div className={classes['connect']}>
      <FirstEvent source={source} />
      <Card label="Write key">
        <p className={classes['label']}>Write key</p>
        {plain !== undefined && plain !== null ? (
          <>
            <Copyable text={plain} of="write key" />
            {key?.key === null && <p className={classes['hint']}>Shown once. Copy it now.</p>}
          </>
        ) : (
          <p className={classes['hint']}>
            It begins with <code>{key?.prefix}</code> and was shown when it was made. Under Settings you can add another
            one.
          </p>
        )}
      </Card>
      <Section title="Send events with">
        <Tabs value={chosen} onChange={(value) => setChosen(value ?? '')} keepMounted={false}>
          <Tabs.List aria-label="Send events with" mb="md">
            {written.map(({ value, name }) => (
              <Tabs.Tab key={value} value={value}>
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {written.map(({ value, steps }) => (
            <Tabs.Panel key={value} value={value}>
              {steps.map(({ says, code, label }) => (
                <div key={label} className={classes['step']}>
                  <p>{says}</p>
                  <CodeBlock code={code} label={label} />
                </div>
              ))}
            </Tabs.Panel>
          ))}
        </Tabs>
      </Section>
    </div>
  );
}

/** Turns by itself once something arrives, and stays. */
function FirstEvent({ source }: { source: Source }): ReactNode {
  const now = useNow();
  const recent = useQuery(recentEventsQuery(source.spaceId)).data ?? [];
  const counts = useQuery(ingestQuery(source.spaceId)).data?.sources.find(
    ({ sourceId }) => sourceId === source.id,
  )?.counts;
  const last = recent.find(({ sourceId }) => sourceId === source.id);
  if (last !== undefined) {
    return (
      <p className={classes['arrived']} role="status">
        Received {last.event ?? last.type} {moment(new Date(last.receivedAt), now)}.
      </p>
    );
  }
  const received = counts?.some(({ outcome }) => outcome === 'received');
  return (
    <p className={classes['waiting']} role="status">
      {received ? 'Events have arrived in the last 24 hours.' : 'Waiting for the first event…'}
    </p>
  );
}
