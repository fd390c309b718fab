import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type Invitation, invitationsQuery, withdrawInvitation } from '../../api/accounts.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loaded, useRefresh } from '../../ui/loaded.tsx';
import { roleName, useSpaceNames } from '../../ui/owned.tsx';
import { Section } from '../../ui/page.tsx';
import { Time } from '../../ui/time.tsx';

/** Links that can still be used; there is no section without one. */
export function Invitations(): ReactNode {
  const invitations = useQuery(invitationsQuery);
  return (
    <Loaded query={invitations} height={0}>
      {(open) => (open.length > 0 ? <OpenInvitations open={open} /> : null)}
    </Loaded>
  );
}

function OpenInvitations({ open }: { open: readonly Invitation[] }): ReactNode {
  const nameOf = useSpaceNames();
  const refresh = useRefresh();
  const [chosen, setChosen] = useState<Invitation>();
  const columns: readonly Column<Invitation>[] = [
    { name: 'For whom', cell: ({ note }) => note || '—' },
    {
      name: 'Roles',
      cell: ({ roles }) => roles.map(({ spaceId, role }) => `${roleName(role)} of ${nameOf(spaceId)}`).join(', '),
    },
    { name: 'Made', cell: ({ createdAt }) => <Time at={createdAt} /> },
    { name: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      name: 'Actions',
      nameHidden: true,
      align: 'right',
      cell: (invitation) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Withdraw the invitation ${invitation.note}`}
          onClick={() => setChosen(invitation)}
        >
          Withdraw
        </Button>
      ),
    },
  ];
  return (
    <Section title="Open invitations">
      <DataTable label="Open invitations" columns={columns} rows={open} rowKey={({ id }) => id} />
      <Confirm
        opened={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        title="Withdraw this invitation?"
        action="Withdraw invitation"
        act={async () => {
          if (chosen) await withdrawInvitation(chosen.id);
          await refresh();
          setChosen(undefined);
        }}
      >
        <p>Its link lets nobody in any more. Nothing else changes.</p>
      </Confirm>
    </Section>
  );
}
