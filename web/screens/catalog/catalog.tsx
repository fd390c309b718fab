import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Catalog(): ReactNode {
  return (
    <Page title="Catalog">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
