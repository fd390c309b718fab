import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function MappingEditor(): ReactNode {
  return (
    <Page title="Mapping">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
