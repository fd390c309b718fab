import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { destinationsQuery } from '../api/destinations.ts';
import { DestinationTable } from './destination-table.tsx';
import { EmptyState } from './empty-state.tsx';
import { ButtonLink } from './links.tsx';
import { Loaded } from './loaded.tsx';
import { useMay, useSpace } from './space.ts';

/** The list that both ways of Segment's guide lead to. */
export function SpaceDestinations(): ReactNode {
  const { id, name } = useSpace();
  const destinations = useQuery(destinationsQuery(id));
  return (
    <Loaded query={destinations} height={240}>
      {(found) =>
        found.length === 0 ? (
          <EmptyState says={`Nothing is sent from ${name} yet.`} why="A destination belongs to one space.">
            <AddDestination quickFirst />
          </EmptyState>
        ) : (
          <DestinationTable destinations={found} />
        )
      }
    </Loaded>
  );
}

/** The short way and the long one; the short one first while there is nothing. */
export function AddDestination({ quickFirst = false }: { quickFirst?: boolean }): ReactNode {
  const { id } = useSpace();
  const may = useMay('editor');
  return (
    <>
      <ButtonLink
        to="/spaces/$space/quick-connect"
        params={{ space: id }}
        variant={quickFirst ? 'filled' : 'default'}
        disabled={!may}
      >
        Quick connect
      </ButtonLink>
      <ButtonLink
        to="/spaces/$space/catalog/destinations"
        params={{ space: id }}
        variant={quickFirst ? 'default' : 'filled'}
        disabled={!may}
      >
        Add destination
      </ButtonLink>
    </>
  );
}
