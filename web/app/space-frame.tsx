import { useQuery } from '@tanstack/react-query';
import { Outlet, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { meQuery } from '../api/session.ts';
import { NoSuchPage } from '../ui/dead-ends.tsx';
import { SpaceContext } from '../ui/space.ts';
import { GuideBar } from './guide-bar.tsx';

/** Everything below /spaces/{space}: who may do what here, and the space's name for titles and headings. */
export function SpaceFrame(): ReactNode {
  const { space: id } = useParams({ from: '/signed-in/shell/spaces/$space' });
  const { data: me } = useQuery(meQuery);
  if (me === undefined) return null;
  const space = me.spaces.find((one) => one.id === id);
  if (space === undefined) return <NoSuchPage />;
  return (
    <SpaceContext value={space}>
      <GuideBar />
      <Outlet key={id} />
    </SpaceContext>
  );
}
