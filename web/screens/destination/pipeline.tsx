import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Delivery, deliveryQuery, type Range, ranges } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { mappingsQuery } from '../../api/mappings.ts';
import { type Ingest, ingestMostMs, ingestQuery } from '../../api/sources.ts';
import { count, number } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { Breakdown } from './breakdown.tsx';
import { totalOf } from './outcomes.ts';
import { type Step, Strip } from './strip.tsx';

/** Events on their way to mappings, people on their way to TikTok, and why some of them do not get there. */
export function Pipeline({ destination }: { destination: Destination }): ReactNode {
  const [range, control] = useRange();
  const [mapping, setMapping] = useSearchState('mapping', '', 'push');
  const mappings = useQuery(mappingsQuery(destination.id)).data ?? [];
  const delivery = useQuery(deliveryQuery(destination.id, range));
  const ingest = useQuery(ingestQuery(destination.spaceId, ranges[range].ms)).data;
  const only = (found: Delivery): Delivery => ({
    ...found,
    series: mapping === '' ? found.series : found.series.filter(({ mappingId }) => mappingId === mapping),
  });
  return (
    <Loaded query={delivery} height={480}>
      {(found) => (
        <>
          <Section
            title="Events"
            actions={
              <>
                <NativeSelect
                  size="xs"
                  aria-label="Mapping"
                  value={mapping}
                  onChange={(event) => setMapping(event.currentTarget.value)}
                  data={[
                    { value: '', label: 'All mappings' },
                    ...mappings.map(({ id, name }) => ({ value: id, label: name })),
                  ]}
                />
                {control}
              </>
            }
          >
            <Strip label="Events" steps={eventSteps(only(found), ingest, range)} />
            <Breakdown
              destination={destination}
              delivery={only(found)}
              ingest={ingest}
              of={['received', 'failed', 'filtered', 'mapped']}
            />
          </Section>
          <Section title="People" lead={joint(only(found))}>
            <Strip label="People" steps={peopleSteps(only(found))} />
            <Breakdown
              destination={destination}
              delivery={only(found)}
              ingest={ingest}
              of={['owed', 'sent', 'accepted', 'skipped', 'parked']}
            />
          </Section>
        </>
      )}
    </Loaded>
  );
}

const ingested = (ingest: Ingest | undefined, outcome: string): number | null =>
  ingest === undefined
    ? null
    : ingest.sources
        .flatMap(({ counts }) => counts.filter((one) => one.outcome === outcome))
        .reduce((sum, one) => sum + one.count, 0);

function eventSteps({ series }: Delivery, ingest: Ingest | undefined, range: Range): Step[] {
  const known = ranges[range].ms <= ingestMostMs ? ingest : undefined;
  const far = known === undefined && ingest !== undefined ? ' Counted for 14 days only.' : '';
  return [
    {
      step: 'received',
      name: 'Successfully received',
      value: ingested(known, 'received'),
      hint: `By all sources of the space, for all destinations.${far}`,
    },
    {
      step: 'failed',
      name: 'Failed on ingest',
      value: ingested(known, 'failed'),
      hint: `Not events that Usher can take.${far}`,
    },
    {
      step: 'filtered',
      name: 'Filtered at destination',
      value: totalOf(series, 'filtered', 'invalid'),
      hint: 'Events of connected audiences that no mapping takes',
    },
    {
      step: 'mapped',
      name: 'Mapped',
      value: totalOf(series, 'mapped'),
      hint: 'Taken by a mapping; once for each that takes it',
    },
  ];
}

function peopleSteps({ series, owed, leaving }: Delivery): Step[] {
  const accepted = totalOf(series, 'added', 'removed');
  const parked = totalOf(series, 'parked');
  return [
    { step: 'owed', name: 'Owed', value: owed + leaving, hint: 'Still to be sent, now' },
    { step: 'sent', name: 'Sent', value: accepted + parked },
    { step: 'accepted', name: 'Accepted by TikTok', value: accepted },
    { step: 'skipped', name: 'Skipped', value: totalOf(series, 'skipped'), hint: 'Nothing usable to send' },
    { step: 'parked', name: 'Parked', value: parked, hint: 'TikTok refused this person alone' },
  ];
}

/** Units differ left and right of the joint, so it is said how one became the other. */
function joint({ series }: Delivery): string {
  const [mapped, changes] = [totalOf(series, 'mapped'), totalOf(series, 'added', 'removed', 'parked')];
  const became = `${count(mapped, 'mapped event')}, ${count(changes, 'change')} told to TikTok`;
  if (changes > mapped) return `${became}. A first sync and a retry make changes without events.`;
  return `${became}: ${number(mapped - changes)} were repeats, cancelled each other out, had nothing to send or still wait.`;
}
