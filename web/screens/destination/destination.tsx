import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Destination(): ReactNode {
  return (
    <Page title="Destination">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
