import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense } from 'react';
import { destinationQuery, destinationStatusQuery } from '../../api/destinations.ts';
import { Loaded, Waiting } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { useSpace } from '../../ui/space.ts';
import { DestinationBadge } from '../../ui/status-badge.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';

/** Each tab comes when it is opened: charts and editors weigh more than the rest. */
const screens = {
  overview: lazy(() => import('./overview.tsx').then(({ Overview }) => ({ default: Overview }))),
  mappings: lazy(() => import('./mappings.tsx').then(({ Mappings }) => ({ default: Mappings }))),
  delivery: lazy(() => import('./event-delivery.tsx').then(({ EventDelivery }) => ({ default: EventDelivery }))),
  settings: lazy(() => import('./settings.tsx').then(({ Settings }) => ({ default: Settings }))),
};
const tabs = [
  { value: 'overview', name: 'Overview' },
  { value: 'mappings', name: 'Mappings' },
  { value: 'delivery', name: 'Event Delivery' },
  { value: 'settings', name: 'Settings' },
] as const;

/** One destination. */
export function Destination(): ReactNode {
  const { id: space } = useSpace();
  const { destination: id = '', tab } = useParams({ strict: false });
  const destination = useQuery(destinationQuery(id));
  const status = useQuery({ ...destinationStatusQuery(id), enabled: destination.isSuccess }).data?.status;
  const { value } = tabs.find((one) => one.value === tab) ?? tabs[0];
  const Screen = screens[value];
  const link = (to: string) => ({
    to: '/spaces/$space/connections/destinations/$destination/{-$tab}' as const,
    params: { space, destination: id, tab: to },
  });
  return (
    <Loaded query={destination} height={400} isPage>
      {(found) => (
        <Page title={found.name} aside={status && <DestinationBadge status={status} />}>
          <ViewerNote />
          <PageTabs label="Destination" current={value} tabs={tabs.map((one) => ({ ...one, link: link(one.value) }))}>
            <Suspense fallback={<Waiting height={360} />}>
              <Screen key={found.id} destination={found} />
            </Suspense>
          </PageTabs>
        </Page>
      )}
    </Loaded>
  );
}
