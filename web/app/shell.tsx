import { Button, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconMenu2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useParams, useRouterState } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { meQuery } from '../api/session.ts';
import { AwayBar, SandboxBar } from './bars.tsx';
import { ConfirmPassword, SignInAgain } from './gate-dialogs.tsx';
import { useLastSpace } from './last-space.ts';
import { Navigation } from './navigation.tsx';
import classes from './shell.module.css';

/** The frame of every page behind the sign-in: the navigation, the bars that concern all pages, and the page itself. */
export function Shell(): ReactNode {
  const [menuOpen, menu] = useDisclosure(false);
  const spaceId = useLastSpace(useParams({ strict: false }).space);
  const space = useQuery(meQuery).data?.spaces.find(({ id }) => id === spaceId);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes
  useEffect(menu.close, [path]);
  return (
    <>
      <a className={classes['skip']} href="#content">
        Skip to content
      </a>
      <SandboxBar />
      <AwayBar />
      <div className={classes['frame']}>
        <div className={classes['topbar']}>
          <Button variant="default" size="xs" leftSection={<IconMenu2 size={16} aria-hidden />} onClick={menu.open}>
            Menu
          </Button>
          <span className={classes['space']}>{space?.name ?? 'Usher'}</span>
        </div>
        <div className={classes['sidebar']}>
          <Navigation spaceId={spaceId} />
        </div>
        <main className={classes['content']} id="content" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Drawer opened={menuOpen} onClose={menu.close} title="Menu" size={280} hiddenFrom="md">
        <Navigation spaceId={spaceId} />
      </Drawer>
      <SignInAgain />
      <ConfirmPassword />
    </>
  );
}
