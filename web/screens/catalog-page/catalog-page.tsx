import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { catalogQuery } from '../../api/destinations.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Page } from '../../ui/page.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { PageTabs } from '../../ui/tabs.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { ActionsAndFields } from './actions-and-fields.tsx';
import { BeforeYouStart } from './before-you-start.tsx';

const tabs = [
  { value: 'overview', name: 'Overview' },
  { value: 'actions', name: 'Actions and fields' },
];

/** What a destination is, what it needs, and every action and field of it. */
export function CatalogPage(): ReactNode {
  const { id: space, name } = useSpace();
  const may = useMay('editor');
  const { entry: slug = '', tab = 'overview' } = useParams({ strict: false });
  const catalog = useQuery(catalogQuery);
  const link = (value: string) => ({
    to: '/spaces/$space/catalog/destinations/$entry/{-$tab}' as const,
    params: { space, entry: slug, tab: value },
  });
  return (
    <Loaded query={catalog} height={400}>
      {(entries) => {
        const entry = entries.find((one) => one.slug === slug);
        if (entry === undefined) return <EmptyState says={`There is no such page in ${name}.`} />;
        const configure = (
          <ButtonLink
            to="/spaces/$space/catalog/destinations/$entry/configure"
            params={{ space, entry: slug }}
            disabled={!may}
          >
            Configure {entry.name}
          </ButtonLink>
        );
        return (
          <Page title={entry.name} actions={configure}>
            <ViewerNote />
            <PageTabs label={entry.name} current={tab} tabs={tabs.map((one) => ({ ...one, link: link(one.value) }))}>
              {tab === 'actions' ? <ActionsAndFields entry={entry} /> : <BeforeYouStart entry={entry} />}
            </PageTabs>
          </Page>
        );
      }}
    </Loaded>
  );
}
