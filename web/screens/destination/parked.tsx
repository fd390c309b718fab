import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Parked, parkedQuery, retryParked, type WhichParked } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { targetsQuery } from '../../api/targets.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { people } from '../../ui/format.ts';
import { Identifiers } from '../../ui/identifiers.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { sentence } from '../../ui/problem.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useMay } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';
import { confirmed } from '../../ui/toast.ts';

/** What a retry is asked about. */
interface Asked {
  readonly which: WhichParked;
  readonly action: string;
  readonly says: string;
}

/** People whom TikTok refused on their own; they wait for a retry by hand. */
export function ParkedPeople({ destination }: { destination: Destination }): ReactNode {
  const may = useMay('editor');
  const [cursor, setCursor] = useSearchState('after', '', 'push');
  const [asked, setAsked] = useState<Asked>();
  const targets = useQuery(targetsQuery(destination.id)).data ?? [];
  const nameOf = (id: string): string => targets.find((target) => target.id === id)?.name ?? id;
  return (
    <Loaded query={useQuery(parkedQuery(destination.id, cursor))} height={320}>
      {({ data, pagination: { total, next } }) =>
        total === 0 ? (
          <EmptyState says="Nobody is parked." />
        ) : (
          <Section
            title="Parked"
            lead="TikTok refused these people on their own; all others went through."
            actions={
              <>
                {reasonsIn(data).map((row) => (
                  <Button key={row.code} variant="default" disabled={!may} onClick={() => setAsked(withReason(row))}>
                    Retry all with {row.code}
                  </Button>
                ))}
                <Button
                  variant="default"
                  disabled={!may}
                  onClick={() => setAsked({ which: {}, action: `Retry all ${total}`, says: sends(total) })}
                >
                  Retry all {total}
                </Button>
              </>
            }
          >
            <DataTable
              label="Parked"
              columns={columnsOf({ nameOf, may, ask: setAsked })}
              rows={data}
              rowKey={({ personId, targetId, at, audienceId }) => [personId, targetId, at, audienceId].join()}
            />
            {(cursor !== '' || next !== null) && (
              <Group mt="md" gap="xs">
                <Button variant="default" disabled={cursor === ''} onClick={() => setCursor('')}>
                  First page
                </Button>
                <Button variant="default" disabled={next === null} onClick={() => setCursor(next ?? '')}>
                  Next page
                </Button>
              </Group>
            )}
            {asked !== undefined && (
              <Retry destination={destination} asked={asked} onClose={() => setAsked(undefined)} />
            )}
          </Section>
        )
      }
    </Loaded>
  );
}

function Retry({
  destination,
  asked,
  onClose,
}: {
  destination: Destination;
  asked: Asked;
  onClose: () => void;
}): ReactNode {
  const refresh = useRefresh();
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Retry what is parked?"
      action={asked.action}
      act={async () => {
        const { retried } = await retryParked(destination.id, asked.which);
        await refresh();
        confirmed(`${people(retried)} tried again.`);
        onClose();
      }}
    >
      <p>{asked.says} Whoever it refuses once more is parked once more.</p>
    </Confirm>
  );
}

const sends = (total: number): string => `Sends ${people(total)} to TikTok again.`;

const columnsOf = ({
  nameOf,
  may,
  ask,
}: {
  nameOf: (id: string) => string;
  may: boolean;
  ask: (asked: Asked) => void;
}): readonly Column<Parked>[] => [
  { name: 'Person', cell: ({ identifiers }) => <Identifiers of={identifiers} /> },
  { name: 'TikTok audience', cell: ({ targetId }) => nameOf(targetId) },
  { name: 'Action', cell: ({ action }) => (action === 'add' ? 'Add' : 'Remove') },
  { name: 'Reason', cell: ({ meaning, code, message }) => `${sentence(meaning)} “${message}” (${code})` },
  { name: 'What to do', cell: ({ advice }) => sentence(advice) },
  { name: 'Since', cell: ({ at }) => <Time at={at} /> },
  {
    name: 'Retry',
    nameHidden: true,
    align: 'right',
    cell: (row) => (
      <Button
        size="compact-sm"
        variant="default"
        disabled={!may}
        aria-label={`Retry ${row.personId} at ${nameOf(row.targetId)}`}
        onClick={() => ask(onlyThis(row))}
      >
        Retry
      </Button>
    ),
  },
];

const onlyThis = ({ personId, targetId }: Parked): Asked => ({
  which: { personId, targetId },
  action: 'Retry this person',
  says: sends(1),
});

/** One row for each reason, where there are several to choose from. */
function reasonsIn(rows: readonly Parked[]): Parked[] {
  const byCode = [...new Map(rows.map((row) => [row.code, row])).values()];
  return byCode.length > 1 ? byCode : [];
}

const withReason = ({ code, meaning }: Parked): Asked => ({
  which: { code },
  action: 'Retry all with this reason',
  says: `Sends everybody to TikTok again who was refused because of this: ${sentence(meaning)}`,
});
