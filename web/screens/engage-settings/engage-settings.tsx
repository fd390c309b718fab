import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function EngageSettings(): ReactNode {
  return (
    <Page title="Engage Settings">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
