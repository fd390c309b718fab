import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery, type Range, ranges } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { number, people } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { TimeChart } from '../../ui/time-chart.tsx';
import { addedAndRemoved, heldIn, owedOverTime, totalOf } from './outcomes.ts';

/** For the Overview: who came and went at TikTok, and how much waited. */
export function OverTime({ destination, range }: { destination: Destination; range: Range }): ReactNode {
  const delivery = useQuery(deliveryQuery(destination.id, range));
  return (
    <Loaded query={delivery} height={600}>
      {({ series: counts, history, owed, leaving }) => {
        const waited = [...owedOverTime(history), { time: nowOf(delivery), values: [owed, leaving] as const }];
        return (
          <>
            <TimeChart
              title="Added and removed"
              sentence={sentenceOf(counts, ranges[range].words)}
              series={series}
              points={addedAndRemoved(counts, { ...ranges[range], now: delivery.dataUpdatedAt })}
            />
            <TimeChart
              title="Owed over time"
              sentence={owedSentence(waited, ranges[range].words)}
              series={owedSeries}
              points={waited}
              bands={[
                { name: 'Sending was paused', holds: [...history.map(({ held }) => held), false] },
                { name: 'Slowed by TikTok', holds: heldIn(counts, waited) },
              ]}
            />
          </>
        );
      }}
    </Loaded>
  );
}

const nowOf = ({ dataUpdatedAt }: { dataUpdatedAt: number }): string => new Date(dataUpdatedAt).toISOString();

const series = [
  { name: 'Added', color: 'chart-added', kind: 'up' },
  { name: 'Removed', color: 'chart-removed', kind: 'down' },
  { name: 'Failed', color: 'danger', kind: 'mark' },
] as const;

const owedSeries = [
  { name: 'Owed', color: 'chart-owed', kind: 'line' },
  { name: 'Leaving', color: 'chart-removed', kind: 'dashed' },
] as const;

/** "In the last 24 hours 1,204 people were added and 318 removed; none failed." */
function sentenceOf(counts: Parameters<typeof totalOf>[0], range: string): string {
  const [added, removed, failed] = [totalOf(counts, 'added'), totalOf(counts, 'removed'), totalOf(counts, 'parked')];
  if (added + removed + failed === 0) return 'Nothing changed in this range.';
  const were = `${people(added)} ${added === 1 ? 'was' : 'were'} added and ${number(removed)} removed`;
  return `In ${range} ${were}; ${failed === 0 ? 'none' : number(failed)} failed.`;
}

/** "Nobody waits now; at most 312 people waited in the last 24 hours." */
function owedSentence(points: readonly { values: readonly number[] }[], range: string): string {
  const sums = points.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const [now, most] = [sums.at(-1) ?? 0, Math.max(...sums)];
  const waits = now === 0 ? 'Nobody waits now' : `${people(now)} ${now === 1 ? 'waits' : 'wait'} now`;
  return most === 0
    ? `${waits}, and nobody was seen waiting in ${range}.`
    : `${waits}; at most ${number(most)} in ${range}.`;
}
