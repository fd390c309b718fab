import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { sourcesQuery } from '../../api/sources.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { Loaded } from '../../ui/loaded.tsx';
import { Page, Section } from '../../ui/page.tsx';
import { SourceTable } from '../../ui/source-table.tsx';
import { useSpace } from '../../ui/space.ts';
import { AddDestination, SpaceDestinations } from '../../ui/space-destinations.tsx';
import { PageTabs } from '../../ui/tabs.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { General } from './general.tsx';

const tabs = [
  { value: 'destinations', name: 'Destinations' },
  { value: 'sources', name: 'Sources' },
  { value: 'general', name: 'General' },
];

/** Engage > Engage Settings: where Segment's guide sends people for the first set-up. */
export function EngageSettings(): ReactNode {
  const { id: space } = useSpace();
  const { tab = 'destinations' } = useParams({ strict: false });
  const link = (value: string) => ({
    to: '/spaces/$space/engage/settings/{-$tab}' as const,
    params: { space, tab: value },
  });
  return (
    <Page title="Engage Settings">
      <ViewerNote />
      <PageTabs label="Engage Settings" current={tab} tabs={tabs.map((one) => ({ ...one, link: link(one.value) }))}>
        {tab === 'sources' ? <Sources /> : tab === 'general' ? <General /> : <Destinations />}
      </PageTabs>
    </Page>
  );
}

function Destinations(): ReactNode {
  const { name } = useSpace();
  return (
    <Section title={`Destinations of ${name}`} actions={<AddDestination />}>
      <SpaceDestinations />
    </Section>
  );
}

function Sources(): ReactNode {
  const { id, name } = useSpace();
  const sources = useQuery(sourcesQuery(id));
  return (
    <Section title={`Sources of ${name}`}>
      <Loaded query={sources} height={160}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState says={`No sources in ${name} yet.`}>
              <ButtonLink to="/spaces/$space/connections/sources" params={{ space: id }}>
                Send events
              </ButtonLink>
            </EmptyState>
          ) : (
            <SourceTable sources={found} />
          )
        }
      </Loaded>
    </Section>
  );
}
