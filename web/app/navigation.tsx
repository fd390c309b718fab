import { Button, Menu } from '@mantine/core';
import {
  IconBook2,
  IconBrandTiktok,
  IconBuildingBroadcastTower,
  IconHome,
  IconKey,
  IconListDetails,
  IconPlugConnected,
  IconSelector,
  IconSend,
  IconSettings,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps } from '@tanstack/react-router';
import type { ComponentType, ReactNode } from 'react';
import { attentionQuery } from '../api/attention.ts';
import { audienceTotalQuery } from '../api/audiences.ts';
import { meQuery } from '../api/session.ts';
import { count } from '../ui/format.ts';
import classes from './navigation.module.css';
import { UserMenu } from './user-menu.tsx';

/** Segment's guide sends people to Engage first and to Connections later; both lead to the same pages. */
export function Navigation({ spaceId }: { spaceId: string | undefined }): ReactNode {
  const { data: me } = useQuery(meQuery);
  const owner = me?.role === 'owner';
  return (
    <nav className={classes['navigation']} aria-label="Main">
      <SpaceSwitcher spaceId={spaceId} mayCreate={owner} />
      {spaceId !== undefined && <SpaceLinks spaceId={spaceId} />}
      <Group title="Settings">
        <Item icon={IconUsersGroup} link={{ to: '/settings/users' }} name="Users" />
        <Item icon={IconKey} link={{ to: '/settings/tokens' }} name="API tokens" />
        <Item icon={IconListDetails} link={{ to: '/settings/audit' }} name="Audit" />
        <Item icon={IconBrandTiktok} link={{ to: '/settings/tiktok-app' }} name="TikTok app" />
      </Group>
      <div className={classes['bottom']}>
        <UserMenu />
      </div>
    </nav>
  );
}

function SpaceLinks({ spaceId }: { spaceId: string }): ReactNode {
  const params = { space: spaceId };
  return (
    <>
      <ul className={classes['list']}>
        <Item
          icon={IconHome}
          link={{ to: '/spaces/$space/home', params }}
          name="Home"
          after={<Waiting spaceId={spaceId} />}
        />
      </ul>
      <Group title="Engage">
        <Item icon={IconUsers} link={{ to: '/spaces/$space/engage/audiences', params }} name="Audiences" />
        <Item
          icon={IconSettings}
          link={{ to: '/spaces/$space/engage/settings/{-$tab}', params: { ...params, tab: 'destinations' } }}
          name="Engage Settings"
        />
      </Group>
      <Group title="Connections">
        <Item
          icon={IconBuildingBroadcastTower}
          link={{ to: '/spaces/$space/connections/sources', params }}
          name="Sources"
        />
        <Item icon={IconSend} link={{ to: '/spaces/$space/connections/destinations', params }} name="Destinations" />
        <Item icon={IconBook2} link={{ to: '/spaces/$space/catalog/destinations', params }} name="Catalog" />
      </Group>
    </>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <>
      <p className={classes['title']}>{title}</p>
      <ul className={classes['list']} aria-label={title}>
        {children}
      </ul>
    </>
  );
}

function Item({
  icon: Icon,
  link,
  name,
  after,
}: {
  icon: ComponentType<{ size: number; 'aria-hidden': boolean }>;
  link: Pick<LinkProps, 'to' | 'params'>;
  name: string;
  after?: ReactNode;
}): ReactNode {
  return (
    <li>
      <Link {...link} className={classes['item'] ?? ''} activeProps={{ 'data-active': true, 'aria-current': 'page' }}>
        <Icon size={18} aria-hidden />
        {name}
        {after}
      </Link>
    </li>
  );
}

/** Seen from every page, so it is asked for less often than where it can be mended. */
const attentionMs = 15_000;

/** How many lines Home has under "Needs you". */
function Waiting({ spaceId }: { spaceId: string }): ReactNode {
  const lines = useQuery({ ...attentionQuery(spaceId), refetchInterval: attentionMs }).data ?? [];
  const mine = lines.filter(({ severity }) => severity === 'needs-you').length;
  if (mine === 0) return null;
  return (
    <span className={classes['waiting']}>
      {mine}
      <span className="only-for-readers"> need you</span>
    </span>
  );
}

/** In the open switcher: what is in a space, and whether it needs somebody. */
function SpaceCounts({ spaceId }: { spaceId: string }): ReactNode {
  const audiences = useQuery(audienceTotalQuery(spaceId)).data;
  const lines = useQuery({ ...attentionQuery(spaceId), refetchInterval: attentionMs }).data ?? [];
  const mine = lines.filter(({ severity }) => severity === 'needs-you').length;
  return (
    <span className={classes['counts']}>
      {audiences !== undefined && count(audiences, 'audience')}
      {mine > 0 && ` · ${mine} ${mine === 1 ? 'needs' : 'need'} you`}
    </span>
  );
}

function SpaceSwitcher({ spaceId, mayCreate }: { spaceId: string | undefined; mayCreate: boolean }): ReactNode {
  const spaces = useQuery(meQuery).data?.spaces ?? [];
  const current = spaces.find(({ id }) => id === spaceId);
  return (
    <Menu width={216} position="bottom-start">
      <Menu.Target>
        <Button
          className={classes['switcher'] ?? ''}
          variant="default"
          fullWidth
          justify="space-between"
          rightSection={<IconSelector size={16} aria-hidden />}
          aria-label={`Space: ${current?.name ?? 'none'}`}
        >
          {current?.name ?? 'Choose a space'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {spaces.map(({ id, name }) => (
          <Menu.Item
            key={id}
            renderRoot={(props) => <Link to="/spaces/$space/home" params={{ space: id }} {...props} />}
          >
            {name}
            <SpaceCounts spaceId={id} />
          </Menu.Item>
        ))}
        {mayCreate && (
          <>
            <Menu.Divider />
            <Menu.Item
              leftSection={<IconPlugConnected size={16} aria-hidden />}
              renderRoot={(props) => <Link to="/first-space" {...props} />}
            >
              New space
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
