import type { ReactNode } from 'react';
import { Page } from '../../ui/page.tsx';
import { useSpace } from '../../ui/space.ts';
import { AddDestination, SpaceDestinations } from '../../ui/space-destinations.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';

/** Connections > Destinations: the same list as in Engage Settings. */
export function Destinations(): ReactNode {
  const { name } = useSpace();
  return (
    <Page title={`Destinations of ${name}`} actions={<AddDestination />}>
      <ViewerNote />
      <SpaceDestinations />
    </Page>
  );
}
