import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Profile(): ReactNode {
  return (
    <Page title="Profile">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
