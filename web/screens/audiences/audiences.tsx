import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Audiences(): ReactNode {
  return (
    <Page title="Audiences">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
