import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { endOtherSessions, endSession, type Session, sessionsQuery } from '../../api/profile.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { RequestProblem } from '../../ui/problem.tsx';
import { Time } from '../../ui/time.tsx';
import { confirmed } from '../../ui/toast.ts';
import { deviceOf } from './device.ts';

/** Where one is signed in. */
export function Sessions(): ReactNode {
  const sessions = useQuery(sessionsQuery);
  const refresh = useRefresh();
  const [failure, setFailure] = useState<unknown>(null);
  const end = async (act: () => Promise<unknown>, said: string): Promise<void> => {
    setFailure(null);
    try {
      await act();
      await refresh();
      confirmed(said);
    } catch (error) {
      setFailure(error);
    }
  };
  const columns: readonly Column<Session>[] = [
    {
      name: 'Device',
      cell: ({ userAgent, current }) => `${deviceOf(userAgent)}${current ? ' (this one)' : ''}`,
    },
    { name: 'From', cell: ({ address }) => address },
    { name: 'Last seen', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
    {
      name: 'Actions',
      nameHidden: true,
      align: 'right',
      cell: ({ id, current, userAgent }) =>
        current ? null : (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Sign out ${deviceOf(userAgent)}`}
            onClick={() => void end(() => endSession(id), 'Signed out there.')}
          >
            Sign out
          </Button>
        ),
    },
  ];
  return (
    <Section
      title="Sessions"
      lead="Where you are signed in."
      actions={
        <Button
          variant="default"
          disabled={(sessions.data?.length ?? 0) < 2}
          onClick={() => void end(endOtherSessions, 'Signed out everywhere else.')}
        >
          Sign out everywhere else
        </Button>
      }
    >
      {failure !== null && <RequestProblem error={failure} kept="The sessions are as they were." />}
      <Loaded query={sessions} height={160}>
        {(found) => <DataTable label="Sessions" columns={columns} rows={found} rowKey={({ id }) => id} />}
      </Loaded>
    </Section>
  );
}
