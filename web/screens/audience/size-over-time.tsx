import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, sizesQuery } from '../../api/audiences.ts';
import { ranges } from '../../api/delivery.ts';
import { type Destination, destinationsQuery } from '../../api/destinations.ts';
import { people } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { TimeChart } from '../../ui/time-chart.tsx';

/** How many members there were; loaded by itself, because most visits do not scroll to it. */
export function SizeOverTime({ audience }: { audience: Audience }): ReactNode {
  const [range, control] = useRange();
  const destinations = useQuery(destinationsQuery(audience.spaceId)).data ?? [];
  const sizes = useQuery(sizesQuery(audience.spaceId, audience.id, ranges[range]));
  return (
    <Section title="Size" actions={control}>
      <Loaded query={sizes} height={300}>
        {(found) => {
          const before = found.sizes[0]?.members;
          const at = connected(found, destinations);
          const points = [
            ...found.sizes.map(({ time, members }) => ({
              time,
              values: [members, ...at.map(({ byTime }) => byTime.get(Date.parse(time)) ?? null)],
            })),
            { time: found.to, values: [found.members, ...at.map(({ last }) => last)] },
          ];
          return (
            <TimeChart
              title="Size over time"
              sentence={sentenceOf(before, found.members, ranges[range].words)}
              series={[members, ...at.map(({ name }, index) => ({ ...onTikTok, ...lineOf(at.length, name, index) }))]}
              points={points}
            />
          );
        }}
      </Loaded>
    </Section>
  );
}

const members = { name: 'Members', color: 'chart-members', kind: 'line' } as const;
const onTikTok = { name: 'On TikTok', color: 'chart-size', kind: 'dashed' } as const;
/** More lines than these nobody tells apart; each destination's own page has its numbers. */
const lineColors = ['chart-size', 'chart-added', 'chart-removed'];

const lineOf = (lines: number, name: string, index: number) =>
  lines === 1 ? {} : { name: `On TikTok: ${name}`, color: lineColors[index] ?? onTikTok.color };

type Sizes = NonNullable<Awaited<ReturnType<NonNullable<ReturnType<typeof sizesQuery>['queryFn']>>>>;

/** The destinations of which anything is known, with their numbers by time. */
function connected({ onTikTok: known }: Sizes, destinations: readonly Destination[]) {
  const ids = [...new Set(known.map(({ destinationId }) => destinationId))];
  return ids.slice(0, lineColors.length).map((id) => {
    const own = known.filter(({ destinationId }) => destinationId === id);
    return {
      name: destinations.find((one) => one.id === id)?.name ?? 'A destination that was removed',
      byTime: new Map(own.map(({ time, people: there }) => [Date.parse(time), there])),
      last: own.at(-1)?.people ?? null,
    };
  });
}

function sentenceOf(before: number | undefined, now: number, range: string): string {
  if (before === undefined) return `${people(now)} now; nothing older is known in ${range}.`;
  if (before === now) return `${people(now)} now, as many as at the first count in ${range}.`;
  const change = now > before ? `${people(now - before)} more` : `${people(before - now)} fewer`;
  return `${people(now)} now, ${change} than at the first count in ${range}.`;
}
