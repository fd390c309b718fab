import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Sources(): ReactNode {
  return (
    <Page title="Sources">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
