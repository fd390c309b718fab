import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Audit(): ReactNode {
  return (
    <Page title="Audit">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
