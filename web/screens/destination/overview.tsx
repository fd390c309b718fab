import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { type Destination, destinationStatusQuery } from '../../api/destinations.ts';
import { Loaded, Waiting } from '../../ui/loaded.tsx';
import { Section } from '../../ui/page.tsx';
import { useRange } from '../../ui/range.tsx';
import { ByAudience } from './by-audience.tsx';
import { ByMapping } from './by-mapping.tsx';
import { ErrorTable } from './errors.tsx';
import { LeavingAudiences } from './leaving-audiences.tsx';
import { StatusLine } from './status-line.tsx';
import { TikTokAudiences } from './tiktok-audiences.tsx';
import { WhereMembersAre } from './where-members-are.tsx';

const OverTime = lazy(() => import('./over-time.tsx').then((found) => ({ default: found.OverTime })));

/** How it does, where the members are, what happened, and TikTok's own view. */
export function Overview({ destination }: { destination: Destination }): ReactNode {
  const status = useQuery(destinationStatusQuery(destination.id));
  const [range, control] = useRange();
  return (
    <Loaded query={status} height={320}>
      {(found) => (
        <>
          <StatusLine status={found} />
          <Section title="Where the members are">
            <WhereMembersAre counts={found.counts} />
          </Section>
          <ByAudience destination={destination} range={range} />
          <Section title="What happened" actions={control}>
            <Suspense fallback={<Waiting height={600} />}>
              <OverTime destination={destination} range={range} />
            </Suspense>
          </Section>
          <ByMapping destination={destination} range={range} />
          <Section title="By error">
            <ErrorTable destination={destination} range={range} />
          </Section>
          <TikTokAudiences destination={destination} />
          <LeavingAudiences destination={destination} />
        </>
      )}
    </Loaded>
  );
}
