import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function QuickConnect(): ReactNode {
  return (
    <Page title="Quick connect">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
