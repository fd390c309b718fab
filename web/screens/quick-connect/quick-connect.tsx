import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { destinationsQuery } from '../../api/destinations.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useSpace } from '../../ui/space.ts';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { ChooseAccount } from './choose-account.tsx';
import { ChooseAudiences } from './choose-audiences.tsx';
import { Connect } from './connect.tsx';
import { Sending } from './sending.tsx';

/**
 * Three screens from a TikTok login to people on TikTok. Each saves as it goes (the destination, its pair of mappings, the
 * connections), and where one is stands in the address, so that the way to TikTok and back, or a break, loses nothing.
 */
export function QuickConnect(): ReactNode {
  const { id } = useSpace();
  const destinations = useQuery(destinationsQuery(id));
  const [destinationId, setDestination] = useSearchState('destination');
  const [advertiserId, setAdvertiser] = useSearchState('advertiser', '', 'push');
  const [sent, setSent] = useSearchState('sent');
  return (
    <Page title="Quick connect">
      <ViewerNote />
      <Loaded query={destinations} height={320}>
        {(found) => {
          const destination = found.find((one) => one.id === destinationId);
          if (destination?.connection.connected !== true) {
            return <Connect destinations={found} chosen={destination} choose={setDestination} />;
          }
          if (advertiserId === '') return <ChooseAccount destination={destination} choose={setAdvertiser} />;
          if (sent !== '') return <Sending destination={destination} audienceIds={sent.split('.')} />;
          return (
            <ChooseAudiences
              destination={destination}
              advertiserId={advertiserId}
              onSent={(ids) => setSent(ids.join('.'))}
            />
          );
        }}
      </Loaded>
    </Page>
  );
}
