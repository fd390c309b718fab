import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { audienceQuery } from '../../api/audiences.ts';
import { AudienceStatus } from '../../ui/audience-status.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { useSpace } from '../../ui/space.ts';
import { PageTabs } from '../../ui/tabs.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { Members } from './members.tsx';
import { Overview } from './overview.tsx';
import { Settings } from './settings.tsx';

const tabs = [
  { value: 'overview', name: 'Overview' },
  { value: 'members', name: 'Members' },
  { value: 'settings', name: 'Settings' },
];

/** One audience. */
export function Audience(): ReactNode {
  const { id: space } = useSpace();
  const { audience: id = '', tab = 'overview' } = useParams({ strict: false });
  const audience = useQuery(audienceQuery(space, id));
  const link = (value: string) => ({
    to: '/spaces/$space/engage/audiences/$audience/{-$tab}' as const,
    params: { space, audience: id, tab: value },
  });
  return (
    <Loaded query={audience} height={400} isPage>
      {(found) => (
        <Page title={found.name} aside={<AudienceStatus audience={found} />}>
          <ViewerNote />
          <PageTabs label="Audience" current={tab} tabs={tabs.map((one) => ({ ...one, link: link(one.value) }))}>
            {tab === 'members' ? (
              <Members audience={found} />
            ) : tab === 'settings' ? (
              <Settings audience={found} />
            ) : (
              <Overview audience={found} />
            )}
          </PageTabs>
        </Page>
      )}
    </Loaded>
  );
}
