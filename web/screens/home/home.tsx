import type { ReactNode } from 'react';
import { Page } from '../../ui/page.tsx';
import { ViewerNote } from '../../ui/viewer-note.tsx';
import { NeedsYou } from './needs-you.tsx';
import { SetUpSteps, useSetUpSteps } from './set-up-steps.tsx';

/** What needs attention first; until the first person is on TikTok, the way there. */
export function Home(): ReactNode {
  const steps = useSetUpSteps();
  return (
    <Page title="Home">
      <ViewerNote />
      <SetUpSteps steps={steps} />
      <NeedsYou sending={steps?.every(({ done }) => done) === true} />
    </Page>
  );
}
