import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { sourceQuery } from '../../api/sources.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { kindWords } from '../../ui/source-kinds.ts';
import { useSpace } from '../../ui/space.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { Connect } from './connect.tsx';
import { Debugger } from './debugger.tsx';
import { Overview } from './overview.tsx';
import { Settings } from './settings.tsx';

const tabs = [
  { value: 'overview', name: 'Overview' },
  { value: 'debugger', name: 'Debugger' },
  { value: 'connect', name: 'Connect' },
  { value: 'settings', name: 'Settings' },
];

const contents = { debugger: Debugger, connect: Connect, settings: Settings } as const;

/** One source. */
export function Source(): ReactNode {
  const { id: space } = useSpace();
  const { source: id = '', tab = 'overview' } = useParams({ strict: false });
  const source = useQuery(sourceQuery(id));
  const Content = tab in contents ? contents[tab as keyof typeof contents] : Overview;
  const link = (value: string) => ({
    to: '/spaces/$space/connections/sources/$source/{-$tab}' as const,
    params: { space, source: id, tab: value },
  });
  return (
    <Loaded query={source} height={400} isPage>
      {(found) => (
        <Page title={found.name} aside={<StatusBadge tone="neutral">{kindWords[found.kind].name}</StatusBadge>}>
          <ViewerNote />
          <PageTabs label="Source" current={tab} tabs={tabs.map((one) => ({ ...one, link: link(one.value) }))}>
            <Content source={found} />
          </PageTabs>
        </Page>
      )}
    </Loaded>
  );
}
