import { NativeSelect, Radio, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { roles, useOwned } from './owned.tsx';
import type { Role } from './space.ts';

/** Which of the three roles, each with its one line. */
export function RoleRadios({ value, onChange }: { value: Role; onChange: (role: Role) => void }): ReactNode {
  return (
    <Radio.Group label="Role" value={value} onChange={(chosen) => onChange(roleOf(chosen))}>
      <Stack gap="xs" mt="xs">
        {roles.map((role) => (
          <Radio key={role.value} value={role.value} label={role.name} description={role.may} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** One space of those that one owns, or all of them; null: all. */
export function SpaceSelect({
  value,
  onChange,
}: {
  value: string | null;
  onChange: (spaceId: string | null) => void;
}): ReactNode {
  const { everything, spaces } = useOwned();
  return (
    <NativeSelect
      label="Space"
      name="spaceId"
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.value)}
      data={[
        ...spaces.map(({ id, name }) => ({ value: id, label: name })),
        ...(everything ? [{ value: '', label: 'All spaces, also later ones' }] : []),
      ]}
    />
  );
}

const roleOf = (text: string): Role => roles.find(({ value }) => value === text)?.value ?? 'viewer';
