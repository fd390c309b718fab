import type { ReactNode } from 'react';
import { Page } from '../../ui/page.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { NeedsYou } from './needs-you.tsx';
import { SetUpSteps } from './set-up-steps.tsx';

/** What needs attention first; until the first person is on TikTok, the way there. */
export function Home(): ReactNode {
  return (
    <Page title="Home">
      <ViewerNote />
      <SetUpSteps />
      <NeedsYou />
    </Page>
  );
}
