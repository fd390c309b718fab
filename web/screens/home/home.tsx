import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Home(): ReactNode {
  return (
    <Page title="Home">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
