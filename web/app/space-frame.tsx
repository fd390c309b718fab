import { useQuery } from '@tanstack/react-query';
import { Outlet, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { meQuery, roleIn } from '../api/session.ts';
import { spacesQuery } from '../api/spaces.ts';
import { type CurrentSpace, SpaceContext } from '../ui/space.ts';
import { NoSuchPage } from './dead-ends.tsx';

/** Everything below /spaces/{space}: who may do what here, and the space's name for titles and headings. */
export function SpaceFrame(): ReactNode {
  const { space: id } = useParams({ from: '/signed-in/shell/spaces/$space' });
  const { data: me } = useQuery(meQuery);
  const { data: spaces } = useQuery(spacesQuery);
  if (me === undefined || spaces === undefined) return null;
  const space = spaces.find((one) => one.id === id);
  const role = roleIn(me, id);
  if (space === undefined || role === undefined) return <NoSuchPage />;
  const current: CurrentSpace = { id, name: space.name, role, owners: [] };
  return (
    <SpaceContext value={current}>
      <Outlet key={id} />
    </SpaceContext>
  );
}
