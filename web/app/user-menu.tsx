import { Button, type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconUserCircle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { meQuery, signOut } from '../api/session.ts';
import { useTechnicalDetails } from '../ui/technical-details.ts';
import classes from './user-menu.module.css';

const schemes: readonly { value: MantineColorScheme; name: string }[] = [
  { value: 'light', name: 'Light' },
  { value: 'dark', name: 'Dark' },
  { value: 'auto', name: 'System' },
];

export function UserMenu(): ReactNode {
  const { data: me } = useQuery(meQuery);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [technical, setTechnical] = useTechnicalDetails();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    await signOut();
    queries.clear();
    await navigate({ to: '/sign-in' });
  };
  return (
    <Menu width={216} position="top-start" closeOnItemClick={false}>
      <Menu.Target>
        <Button
          className={classes['button'] ?? ''}
          variant="subtle"
          color="gray"
          fullWidth
          justify="flex-start"
          leftSection={<IconUserCircle size={18} aria-hidden />}
        >
          {me?.user?.name ?? 'Account'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item closeMenuOnClick renderRoot={(props) => <Link to="/profile" {...props} />}>
          Profile
        </Menu.Item>
        <Ticked
          on={technical}
          name="Technical details"
          role="menuitemcheckbox"
          onClick={() => setTechnical(!technical)}
        />
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(({ value, name }) => (
          <Ticked
            key={value}
            on={colorScheme === value}
            name={name}
            role="menuitemradio"
            onClick={() => setColorScheme(value)}
          />
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Ticked({
  on,
  name,
  role,
  onClick,
}: {
  on: boolean;
  name: string;
  role: 'menuitemcheckbox' | 'menuitemradio';
  onClick: () => void;
}): ReactNode {
  return (
    <Menu.Item role={role} aria-checked={on} rightSection={on && <IconCheck size={16} aria-hidden />} onClick={onClick}>
      {name}
    </Menu.Item>
  );
}
