import { NativeSelect, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Role } from '../../api/accounts.ts';
import { createToken } from '../../api/tokens.ts';
import { Form, FormActions, SaveButton } from '../../ui/form.tsx';
import { useRefresh } from '../../ui/loaded.tsx';
import { useOwned } from '../../ui/owned.tsx';
import { RoleRadios, SpaceSelect } from '../../ui/role-fields.tsx';
import { rememberShownOnce } from '../../ui/shown-once.ts';
import { SidePanel } from '../../ui/side-panel.tsx';

export function NewToken({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactNode {
  return (
    <SidePanel opened={opened} onClose={onClose} title="New token">
      <NewTokenForm onClose={onClose} />
    </SidePanel>
  );
}

const dayMs = 86_400_000;
const never = '';
const lifetimes = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: never, label: 'Never' },
];
const usualDays = '90';

function NewTokenForm({ onClose }: { onClose: () => void }): ReactNode {
  const { spaces } = useOwned();
  const refresh = useRefresh();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [spaceId, setSpaceId] = useState<string | null>(spaces[0]?.id ?? null);
  const [lifetime, setLifetime] = useState(usualDays);
  const submit = async (): Promise<void> => {
    const expiry =
      lifetime === never ? {} : { expiresAt: new Date(Date.now() + Number(lifetime) * dayMs).toISOString() };
    const { id, token } = await createToken({ name: name.trim(), role, spaceId, ...expiry });
    rememberShownOnce(id, token);
    await refresh();
    onClose();
  };
  return (
    <Form
      label="New token"
      submit={submit}
      check={() => (name.trim() === '' ? { name: 'Name the program that will use it.' } : {})}
    >
      {({ problems, sending }) => (
        <>
          <TextInput
            label="Token name"
            description="What will use it."
            name="name"
            autoComplete="off"
            error={problems['name']}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <RoleRadios value={role} onChange={setRole} />
          <SpaceSelect value={spaceId} onChange={setSpaceId} />
          <NativeSelect
            label="Expires after"
            name="expiresAt"
            data={lifetimes}
            error={problems['expiresAt']}
            value={lifetime}
            onChange={(event) => setLifetime(event.currentTarget.value)}
          />
          <FormActions>
            <SaveButton sending={sending}>Create token</SaveButton>
          </FormActions>
        </>
      )}
    </Form>
  );
}
