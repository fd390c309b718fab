import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { deliveryQuery, ranges } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { number, people } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRange } from '../../ui/range.tsx';
import { TimeChart } from '../../ui/time-chart.tsx';
import { addedAndRemoved, totalOf } from './outcomes.ts';

/** For the Overview: who came and went at TikTok. */
export function AddedAndRemoved({ destination }: { destination: Destination }): ReactNode {
  const [range, control] = useRange();
  const delivery = useQuery(deliveryQuery(destination.id, range));
  return (
    <>
      {control}
      <Loaded query={delivery} height={300}>
        {({ series: counts }) => (
          <TimeChart
            title="Added and removed"
            sentence={sentenceOf(counts, ranges[range].words)}
            series={series}
            points={addedAndRemoved(counts, { ...ranges[range], now: delivery.dataUpdatedAt })}
          />
        )}
      </Loaded>
    </>
  );
}

const series = [
  { name: 'Added', color: 'chart-added', kind: 'up' },
  { name: 'Removed', color: 'chart-removed', kind: 'down' },
  { name: 'Failed', color: 'danger', kind: 'mark' },
] as const;

/** "In the last 24 hours 1,204 people were added and 318 removed; none failed." */
function sentenceOf(counts: Parameters<typeof totalOf>[0], range: string): string {
  const [added, removed, failed] = [totalOf(counts, 'added'), totalOf(counts, 'removed'), totalOf(counts, 'parked')];
  if (added + removed + failed === 0) return 'Nothing changed in this range.';
  const were = `${people(added)} ${added === 1 ? 'was' : 'were'} added and ${number(removed)} removed`;
  return `In ${range} ${were}; ${failed === 0 ? 'none' : number(failed)} failed.`;
}
