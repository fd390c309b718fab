import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function ApiTokens(): ReactNode {
  return (
    <Page title="API tokens">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
