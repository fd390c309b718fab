import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function SelectSource(): ReactNode {
  return (
    <Page title="Select Source">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
