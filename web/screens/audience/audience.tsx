import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Audience(): ReactNode {
  return (
    <Page title="Audience">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
