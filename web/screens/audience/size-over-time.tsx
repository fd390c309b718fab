import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, sizesQuery } from '../../api/audiences.ts';
import { ranges } from '../../api/delivery.ts';
import { people } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { TimeChart } from '../../ui/time-chart.tsx';

/** How many members there were; loaded by itself, because most visits do not scroll to it. */
export function SizeOverTime({ audience }: { audience: Audience }): ReactNode {
  const [range, control] = useRange();
  const sizes = useQuery(sizesQuery(audience.spaceId, audience.id, ranges[range]));
  return (
    <Section title="Size" actions={control}>
      <Loaded query={sizes} height={300}>
        {(found) => {
          const before = found.sizes[0]?.members;
          const points = [...found.sizes, { time: found.to, members: found.members }];
          return (
            <TimeChart
              title="Size over time"
              sentence={sentenceOf(before, found.members, ranges[range].words)}
              series={series}
              points={points.map(({ time, members }) => ({ time, values: [members] }))}
            />
          );
        }}
      </Loaded>
    </Section>
  );
}

const series = [{ name: 'Members', color: 'chart-members', kind: 'line' }] as const;

function sentenceOf(before: number | undefined, now: number, range: string): string {
  if (before === undefined) return `${people(now)} now; nothing older is known in ${range}.`;
  if (before === now) return `${people(now)} now, as many as at the first count in ${range}.`;
  const change = now > before ? `${people(now - before)} more` : `${people(before - now)} fewer`;
  return `${people(now)} now, ${change} than at the first count in ${range}.`;
}
