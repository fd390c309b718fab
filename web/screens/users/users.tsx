import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Users(): ReactNode {
  return (
    <Page title="Users">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
