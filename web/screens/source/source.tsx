import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Source(): ReactNode {
  return (
    <Page title="Source">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
