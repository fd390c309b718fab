import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ingestQuery, type Source } from '../../api/sources.ts';
import { JsonView } from '../../ui/code-block.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number } from '../../ui/format.ts';
import { ingestReason } from '../../ui/ingest-reasons.ts';
import { ButtonLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { Stat, Stats } from '../../ui/stat.tsx';
import { Time } from '../../ui/time.tsx';

interface Reason {
  readonly outcome: string;
  readonly reason: string;
  readonly count: number;
}

/** What came in during the last day, and what did not come through. */
export function Overview({ source }: { source: Source }): ReactNode {
  const ingest = useQuery(ingestQuery(source.spaceId));
  return (
    <Loaded query={ingest} height={240}>
      {({ sources }) => {
        const found = sources.find(({ sourceId }) => sourceId === source.id);
        const counts = found?.counts ?? [];
        const sum = (outcome: string) =>
          counts.filter((one) => one.outcome === outcome).reduce((total, { count }) => total + count, 0);
        if (counts.length === 0) return <NothingYet source={source} />;
        const problems = counts.filter(({ outcome }) => outcome === 'failed' || outcome === 'ignored');
        return (
          <>
            <Stats label="Last 24 hours">
              <Stat name="Received in 24 h" value={sum('received')} />
              <Stat name="Repeated" value={sum('duplicate')} hint="Sent again with the same messageId; counted once" />
              <Stat name="Failed on ingest" value={sum('failed')} />
            </Stats>
            {problems.length > 0 && (
              <Section title="Why events did not come through">
                <DataTable label="Reasons" columns={columns} rows={problems} rowKey={({ reason }) => reason} />
              </Section>
            )}
            {(found?.failedSamples.length ?? 0) > 0 && (
              <Section title="The last ones that failed" lead="Keys and kinds of values only; the values are not kept.">
                {found?.failedSamples.slice(0, 5).map((sample) => (
                  <details key={`${sample.at} ${sample.reason}`}>
                    <summary>
                      {ingestReason(sample.reason)} <Time at={sample.at} />
                    </summary>
                    <JsonView value={sample.sample} label="Event that failed" />
                  </details>
                ))}
              </Section>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

const columns: readonly Column<Reason>[] = [
  { name: 'What happened', cell: ({ reason }) => ingestReason(reason) },
  { name: 'Events', align: 'right', cell: ({ count }) => number(count) },
];

function NothingYet({ source }: { source: Source }): ReactNode {
  return (
    <EmptyState says="Nothing has arrived in the last 24 hours." why="Connect shows what to paste where.">
      <ButtonLink
        to="/spaces/$space/connections/sources/$source/{-$tab}"
        params={{ space: source.spaceId, source: source.id, tab: 'connect' }}
      >
        Connect a sender
      </ButtonLink>
    </EmptyState>
  );
}
