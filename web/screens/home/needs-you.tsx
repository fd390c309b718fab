import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Attention, attentionQuery } from '../../api/attention.ts';
import { audiencesQuery } from '../../api/audiences.ts';
import { deliveryQuery } from '../../api/delivery.ts';
import { destinationsQuery } from '../../api/destinations.ts';
import { count, moment } from '../../ui/format.ts';
import { RemedyLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/now.ts';
import { Section } from '../../ui/page.tsx';
import { useSpace } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';
import classes from './needs-you.module.css';

/** **Needs you**, worst first, one line each; below it what Usher is doing by itself. `sending`: the set-up is done. */
export function NeedsYou({ sending }: { sending: boolean }): ReactNode {
  const { id } = useSpace();
  const attention = useQuery(attentionQuery(id));
  return (
    <Loaded query={attention} height={64}>
      {(lines) => {
        const mine = lines.filter(({ severity }) => severity === 'needs-you');
        const working = lines.filter(({ severity }) => severity === 'working');
        return (
          <>
            {mine.length > 0 && <Lines title={`Needs you (${mine.length})`} lines={mine} />}
            {working.length > 0 && <Lines title="Working on it" lines={working} />}
            {lines.length === 0 && sending && <AllQuiet />}
          </>
        );
      }}
    </Loaded>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly Attention[] }): ReactNode {
  return (
    <Section title={title}>
      <ul className={classes['lines']}>
        {lines.map((line) => (
          <li key={`${line.subject} ${line.code} ${line.message}`} className={classes['line']}>
            {line.severity === 'needs-you' ? (
              <IconAlertTriangle size={20} className={classes['attention']} aria-hidden />
            ) : (
              <IconRefresh size={20} className={classes['working']} aria-hidden />
            )}
            <p className={classes['sentence']}>
              {line.message} {line.kept}{' '}
              <span className={classes['since']}>
                Began <Time at={line.since} />.
              </span>
            </p>
            {line.remedy && <RemedyLink {...line.remedy} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Normal is quiet: one sentence, and nothing else to read. */
function AllQuiet(): ReactNode {
  const { id } = useSpace();
  const now = useNow();
  const audiences = useQuery(audiencesQuery(id)).data?.data ?? [];
  const destinations = useQuery(destinationsQuery(id)).data ?? [];
  const deliveries = useQueries({ queries: destinations.map((one) => deliveryQuery(one.id, '1h')) });
  const connected = deliveries.flatMap(({ data }) => data?.audiences ?? []);
  const inSync = connected.filter(({ counts }) => counts.owed + counts.leaving === 0);
  const changes = audiences.flatMap(({ lastChangeAt }) => (lastChangeAt === null ? [] : [Date.parse(lastChangeAt)]));
  return (
    <p className={classes['quiet']}>
      All quiet.
      {inSync.length > 0 && ` ${count(new Set(inSync.map(({ audienceId }) => audienceId)).size, 'audience')} in sync`}
      {inSync.length > 0 && changes.length > 0 && `, last change ${moment(new Date(Math.max(...changes)), now)}`}
      {inSync.length > 0 && '.'}
    </p>
  );
}
