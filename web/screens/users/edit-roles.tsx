import { Button, Modal, NativeSelect } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type Grant, type Role, setRoles, type User } from '../../api/accounts.ts';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { roles, useOwned } from '../../ui/owned.tsx';
import { confirmed } from '../../ui/toast.ts';
import classes from './users.module.css';

/** One role per space of those that one owns; roles in other spaces stay as they are. */
export function EditRoles({ user, onClose }: { user: User | undefined; onClose: () => void }): ReactNode {
  return (
    <Modal
      opened={user !== undefined}
      onClose={onClose}
      title={`Roles of ${user?.name ?? ''}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {user !== undefined && <RolesForm key={user.id} user={user} onClose={onClose} />}
    </Modal>
  );
}

function RolesForm({ user, onClose }: { user: User; onClose: () => void }): ReactNode {
  const { everything, spaces } = useOwned();
  const refresh = useRefresh();
  const [grants, setGrants] = useState<readonly Grant[]>(user.roles);
  const places = [...(everything ? [{ id: null, name: 'All spaces, also later ones' }] : []), ...spaces];
  const submit = async (): Promise<void> => {
    await setRoles(user.id, everything ? grants : grants.filter(({ spaceId }) => spaceId !== null));
    await refresh();
    confirmed(`Roles of ${user.name} saved.`);
    onClose();
  };
  return (
    <Form label={`Roles of ${user.name}`} kept="The roles are as they were." submit={submit}>
      {({ sending }) => (
        <>
          <div className={classes['spaces']}>
            {places.map(({ id, name }) => (
              <NativeSelect
                key={id ?? ''}
                label={name}
                value={grants.find(({ spaceId }) => spaceId === id)?.role ?? none}
                data={choices}
                onChange={(event) => setGrants(withRole(grants, id, event.currentTarget.value))}
              />
            ))}
          </div>
          <FormActions>
            <SaveButton sending={sending}>Save roles</SaveButton>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </FormActions>
        </>
      )}
    </Form>
  );
}

const none = 'none';
const choices = [{ value: none, label: 'No role' }, ...roles.map(({ value, name }) => ({ value, label: name }))];

function withRole(grants: readonly Grant[], place: string | null, chosen: string): readonly Grant[] {
  const role: Role | undefined = roles.find(({ value }) => value === chosen)?.value;
  const others = grants.filter(({ spaceId }) => spaceId !== place);
  return role === undefined ? others : [...others, { spaceId: place, role }];
}
