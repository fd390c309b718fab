import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Parked, parkedQuery, retryParked, targetsQuery } from '../../api/delivery.ts';
import type { Destination } from '../../api/destinations.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { count, people } from '../../ui/format.ts';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { sentence } from '../../ui/problem.tsx';
import { useMay } from '../../ui/space.ts';
import { Time } from '../../ui/time.tsx';
import { confirmed } from '../../ui/toast.ts';

/** People whom TikTok refused on their own; they wait for a retry by hand. */
export function ParkedPeople({ destination }: { destination: Destination }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [asking, dialog] = useDisclosure(false);
  const targets = useQuery(targetsQuery(destination.id)).data ?? [];
  const nameOf = (id: string): string => targets.find((target) => target.id === id)?.name ?? id;
  return (
    <Loaded query={useQuery(parkedQuery(destination.id))} height={320}>
      {({ data, pagination: { total } }) =>
        total === 0 ? (
          <EmptyState says="Nobody is parked." />
        ) : (
          <Section
            title="Parked"
            lead={
              data.length < total
                ? `The ${count(data.length, 'oldest row', 'oldest rows')} of ${total}.`
                : 'TikTok refused these people on their own; all others went through.'
            }
            actions={
              <Button variant="default" disabled={!may} onClick={dialog.open}>
                Retry all {total}
              </Button>
            }
          >
            <DataTable
              label="Parked"
              columns={columnsOf(nameOf)}
              rows={data}
              rowKey={({ personId, targetId, at, audienceId }) => [personId, targetId, at, audienceId].join()}
            />
            <Confirm
              opened={asking}
              onClose={dialog.close}
              title="Retry what is parked?"
              action={`Retry all ${total}`}
              act={async () => {
                const { retried } = await retryParked(destination.id);
                await refresh();
                confirmed(`${people(retried)} tried again.`);
                dialog.close();
              }}
            >
              <p>Sends {people(total)} to TikTok again. Whoever it refuses once more is parked once more.</p>
            </Confirm>
          </Section>
        )
      }
    </Loaded>
  );
}

const columnsOf = (nameOf: (id: string) => string): readonly Column<Parked>[] => [
  { name: 'Person', cell: ({ personId }) => <code>{personId}</code> },
  { name: 'TikTok audience', cell: ({ targetId }) => nameOf(targetId) },
  { name: 'Action', cell: ({ action }) => (action === 'add' ? 'Add' : 'Remove') },
  { name: 'Reason', cell: ({ meaning, code, message }) => `${sentence(meaning)} “${message}” (${code})` },
  { name: 'What to do', cell: ({ advice }) => sentence(advice) },
  { name: 'Since', cell: ({ at }) => <Time at={at} /> },
];
