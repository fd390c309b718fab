import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function Invite(): ReactNode {
  return (
    <Page title="You are invited">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
