import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { audiencesQuery } from '../../api/audiences.ts';
import type { Delivery } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import type { Ingest } from '../../api/sources.ts';
import { JsonView } from '../../ui/code-block.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { number, people, percent } from '../../ui/format.ts';
import { ingestReason } from '../../ui/ingest-reasons.ts';
import { TextLink } from '../../ui/links.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { Time } from '../../ui/time.tsx';
import { reasonInWords, reasonsOf } from './outcomes.ts';
import classes from './strip.module.css';

interface Props {
  readonly destination: Destination;
  readonly delivery: Delivery;
  readonly ingest: Ingest | undefined;
  /** The steps above it. */
  readonly of: readonly string[];
}

/** What the step that was opened is made of. */
export function Breakdown({ of, ...found }: Props): ReactNode {
  const [step] = useSearchState('step', '', 'push');
  if (!of.includes(step)) return null;
  return <div className={classes['breakdown']}>{contentOf(step, found)}</div>;
}

type Found = Omit<Props, 'of'>;

function contentOf(step: string, { delivery, ingest, destination }: Found): ReactNode {
  const { series } = delivery;
  switch (step) {
    case 'received':
      return <Rows label="Received" rows={bySource(ingest, 'received')} what="Source" />;
    case 'failed':
      return <FailedOnIngest ingest={ingest} />;
    case 'filtered':
      return <Rows label="Filtered at destination" rows={inWords(series, ['filtered', 'invalid'])} />;
    case 'mapped':
      return <p>By mapping: see Overview. An event counts once for each mapping that takes it.</p>;
    case 'owed':
      return <PeopleLinks {...{ destination, delivery }} outcome="owed" none="Nobody waits to be sent." />;
    case 'sent':
      return <CallsLink destination={destination} answer="" words="Show the calls to TikTok" />;
    case 'accepted':
      return <CallsLink destination={destination} answer="accepted" words="Show the calls that TikTok accepted" />;
    case 'skipped':
      return (
        <>
          <Rows label="Skipped" rows={inWords(series, ['skipped'])} />
          <PeopleLinks {...{ destination, delivery }} outcome="skipped" none="" />
        </>
      );
    default:
      return <PeopleLinks {...{ destination, delivery }} outcome="parked" none="Nobody is parked now." />;
  }
}

interface Row {
  readonly reason: string;
  readonly count: number;
}

const inWords = (series: Delivery['series'], outcomes: readonly string[]): Row[] =>
  reasonsOf(series, outcomes).map(({ code, count }) => ({ reason: reasonInWords(code), count }));

const bySource = (ingest: Ingest | undefined, outcome: string): Row[] =>
  (ingest?.sources ?? []).flatMap(({ name, counts }) => {
    const sum = counts.filter((one) => one.outcome === outcome).reduce((total, one) => total + one.count, 0);
    return sum === 0 ? [] : [{ reason: name ?? 'A source that was deleted', count: sum }];
  });

function Rows({ label, rows, what = 'Reason' }: { label: string; rows: readonly Row[]; what?: string }): ReactNode {
  if (rows.length === 0) return <EmptyState says="None in this range." />;
  const whole = rows.reduce((sum, { count }) => sum + count, 0);
  const columns: readonly Column<Row>[] = [
    { name: what, cell: ({ reason }) => reason },
    { name: 'Count', align: 'right', cell: ({ count }) => number(count) },
    { name: 'Share', align: 'right', cell: ({ count }) => percent(count, whole) },
  ];
  return <DataTable label={`${label}, by ${what.toLowerCase()}`} columns={columns} rows={rows} rowKey={keyOf} />;
}
const keyOf = ({ reason }: Row): string => reason;

/** Up to ten of the last ones, masked by the API. */
const samplesMost = 10;

function FailedOnIngest({ ingest }: { ingest: Ingest | undefined }): ReactNode {
  const sources = ingest?.sources ?? [];
  const sums = new Map<string, number>();
  for (const { outcome, reason, count } of sources.flatMap(({ counts }) => counts))
    if (outcome === 'failed') sums.set(reason, count + (sums.get(reason) ?? 0));
  const rows = [...sums].map(([reason, count]) => ({ reason: ingestReason(reason), count }));
  const samples = sources.flatMap(({ failedSamples }) => failedSamples);
  samples.sort((a, b) => b.at.localeCompare(a.at));
  return (
    <>
      <Rows label="Failed on ingest" rows={rows} />
      {samples.slice(0, samplesMost).map(({ at, reason, sample }) => (
        <details key={at + reason + JSON.stringify(sample)}>
          <summary>
            {ingestReason(reason)}, <Time at={at} />
          </summary>
          <JsonView label={`event of ${at}`} value={sample} />
        </details>
      ))}
    </>
  );
}

/** By audience, to the list of its members. */
function PeopleLinks({
  destination,
  delivery,
  outcome,
  none,
}: Omit<Found, 'ingest'> & { outcome: 'owed' | 'skipped' | 'parked'; none: string }): ReactNode {
  const audiences = useQuery(audiencesQuery(destination.spaceId)).data?.data ?? [];
  const some = delivery.audiences.filter(({ counts }) => counts[outcome] > 0);
  if (some.length === 0) return none === '' ? null : <EmptyState says={none} />;
  return (
    <p className={classes['links']}>
      Now:
      {some.map(({ audienceId, counts }) => (
        <TextLink
          key={audienceId}
          to="/spaces/$space/engage/audiences/$audience/{-$tab}"
          params={{ space: destination.spaceId, audience: audienceId, tab: 'members' }}
          search={{ outcome, at: destination.id }}
        >
          {people(counts[outcome])} of {audiences.find(({ id }) => id === audienceId)?.name ?? 'an audience'}
        </TextLink>
      ))}
    </p>
  );
}

function CallsLink({
  destination,
  answer,
  words,
}: {
  destination: Destination;
  answer: string;
  words: string;
}): ReactNode {
  return (
    <p>
      <TextLink
        to="/spaces/$space/connections/destinations/$destination/{-$tab}"
        params={{ space: destination.spaceId, destination: destination.id, tab: 'delivery' }}
        search={{ view: 'calls', answer }}
      >
        {words}
      </TextLink>
    </p>
  );
}
