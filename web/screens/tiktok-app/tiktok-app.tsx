import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Page } from '../../ui/page.tsx';

export function TikTokApp(): ReactNode {
  return (
    <Page title="TikTok app">
      <EmptyState says="This page is being built." />
    </Page>
  );
}
