import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type User, usersQuery } from '../../api/accounts.ts';
import { meQuery } from '../../api/session.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { OwnersOnly, RoleMeanings, roleName, useOwned, useSpaceNames } from '../../ui/owned.tsx';
import { Page } from '../../ui/page.tsx';
import { Time } from '../../ui/time.tsx';
import { EditRoles } from './edit-roles.tsx';
import { Invitations } from './invitations.tsx';
import { InvitePanel } from './invite-panel.tsx';
import { RemoveUser } from './remove-user.tsx';
import { SignInLink } from './sign-in-link.tsx';
import classes from './users.module.css';

type Open = { readonly what: 'roles' | 'link' | 'removal'; readonly user: User };

/** Who may do what, and where; for owners. */
export function Users(): ReactNode {
  const [inviting, setInviting] = useState(false);
  const { everything, spaces } = useOwned();
  const may = everything || spaces.length > 0;
  return (
    <Page
      title="Users"
      actions={
        <Button disabled={!may} onClick={() => setInviting(true)}>
          Invite
        </Button>
      }
    >
      <OwnersOnly what="the other users">
        <People />
        <Invitations />
        <RoleMeanings />
        <InvitePanel opened={inviting} onClose={() => setInviting(false)} />
      </OwnersOnly>
    </Page>
  );
}

function People(): ReactNode {
  const users = useQuery(usersQuery);
  const [open, setOpen] = useState<Open>();
  const of = (what: Open['what']) => (open?.what === what ? open.user : undefined);
  const close = () => setOpen(undefined);
  return (
    <>
      <Loaded query={users} height={240}>
        {(found) => <PeopleTable users={found} open={setOpen} />}
      </Loaded>
      <EditRoles user={of('roles')} onClose={close} />
      <SignInLink user={of('link')} onClose={close} />
      <RemoveUser user={of('removal')} onClose={close} />
    </>
  );
}

function PeopleTable({ users, open }: { users: readonly User[]; open: (what: Open) => void }): ReactNode {
  const nameOf = useSpaceNames();
  const { everything } = useOwned();
  const { data: me } = useQuery(meQuery);
  const columns: readonly Column<User>[] = [
    { name: 'Name', cell: ({ id, name }) => (id === me?.user?.id ? `${name} (you)` : name) },
    { name: 'E-mail', cell: ({ email }) => email },
    {
      name: 'Roles',
      cell: ({ roles }) => (
        <ul className={classes['roles']}>
          {roles.map(({ spaceId, role }) => (
            <li key={spaceId ?? ''}>
              {roleName(role)} <span className={classes['dim']}>{nameOf(spaceId)}</span>
            </li>
          ))}
        </ul>
      ),
    },
    { name: 'Last seen', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
    {
      name: 'Actions',
      nameHidden: true,
      align: 'right',
      cell: (user) => (
        <div className={classes['actions']}>
          <Action of={user} name="Change roles" act={() => open({ what: 'roles', user })} />
          {everything && <Action of={user} name="Sign-in link" act={() => open({ what: 'link', user })} />}
          {everything && <Action of={user} name="Remove" act={() => open({ what: 'removal', user })} />}
        </div>
      ),
    },
  ];
  return <DataTable label="Users" columns={columns} rows={users} rowKey={({ id }) => id} />;
}

/** `aria-label` says whom it is about: a list of buttons is read without its table. */
function Action({ of, name, act }: { of: User; name: string; act: () => void }): ReactNode {
  return (
    <Button size="compact-sm" variant="default" aria-label={`${name}: ${of.name}`} onClick={act}>
      {name}
    </Button>
  );
}
