import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Destinations(): ReactNode {
  return (
    <Page title="Destinations">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
