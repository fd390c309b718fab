import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type DeliveryCount, deliveryQuery } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { number } from '../../ui/format.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { Stat, Stats } from '../../ui/stat.tsx';
import { type Reason, reasonInWords, reasonsOf, totalOf } from './outcomes.ts';

/** People on their way to TikTok, and why some of them do not get there. */
export function Pipeline({ destination }: { destination: Destination }): ReactNode {
  const [range, control] = useRange();
  const delivery = useQuery(deliveryQuery(destination.id, range));
  return (
    <Loaded query={delivery} height={480}>
      {({ series, owed, leaving }) => {
        const accepted = totalOf(series, 'added', 'removed');
        const parked = totalOf(series, 'parked');
        return (
          <>
            <Section
              title="Events"
              actions={control}
              lead="Of each mapping, so an event counts as often as mappings look at it."
            >
              <Stats label="Events">
                <Stat name="Filtered at destination" value={totalOf(series, 'filtered', 'invalid')} />
              </Stats>
              <Reasons label="Filtered at destination" counts={series} outcomes={['filtered', 'invalid']} />
            </Section>
            <Section title="People">
              <Stats label="People">
                <Stat name="Owed" value={owed + leaving} hint="Still to be sent, now" />
                <Stat name="Sent" value={accepted + parked} />
                <Stat name="Accepted by TikTok" value={accepted} />
                <Stat name="Skipped" value={totalOf(series, 'skipped')} hint="Nothing usable to send" />
                <Stat name="Parked" value={parked} hint="TikTok refused this person alone" />
              </Stats>
              <Reasons label="Skipped" counts={series} outcomes={['skipped']} />
            </Section>
          </>
        );
      }}
    </Loaded>
  );
}

const columns: readonly Column<Reason>[] = [
  { name: 'Reason', cell: ({ code }) => reasonInWords(code) },
  { name: 'Count', align: 'right', cell: ({ count }) => number(count) },
];

function Reasons({
  label,
  counts,
  outcomes,
}: {
  label: string;
  counts: readonly DeliveryCount[];
  outcomes: readonly string[];
}): ReactNode {
  const reasons = reasonsOf(counts, outcomes);
  if (reasons.length === 0) return null;
  return (
    <DataTable
      label={`${label}, by reason`}
      columns={columns}
      rows={reasons}
      rowKey={({ code, outcome }) => outcome + code}
    />
  );
}
