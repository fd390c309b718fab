import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { type Destination, destinationStatusQuery } from '../../api/destinations.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { ByAudience } from './by-audience.tsx';
import { LeavingAudiences } from './leaving-audiences.tsx';
import { StatusLine } from './status-line.tsx';
import { TikTokAudiences } from './tiktok-audiences.tsx';
import { WhereMembersAre } from './where-members-are.tsx';

const AddedAndRemoved = lazy(() =>
  import('./added-and-removed.tsx').then((found) => ({ default: found.AddedAndRemoved })),
);

/** How it does, where the members are, what happened, and TikTok's own view. */
export function Overview({ destination }: { destination: Destination }): ReactNode {
  const status = useQuery(destinationStatusQuery(destination.id));
  return (
    <Loaded query={status} height={320}>
      {(found) => (
        <>
          <StatusLine status={found} />
          <Section title="Where the members are">
            <WhereMembersAre counts={found.counts} />
          </Section>
          <Suspense fallback={<Skeleton height={300} />}>
            <AddedAndRemoved destination={destination} />
          </Suspense>
          <ByAudience destination={destination} />
          <TikTokAudiences destination={destination} />
          <LeavingAudiences destination={destination} />
        </>
      )}
    </Loaded>
  );
}
