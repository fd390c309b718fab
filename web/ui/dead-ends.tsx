import { Button } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { EmptyState } from './empty-state.tsx';
import { ButtonLink } from './links.tsx';
import { Page } from './page.tsx';
import { RequestProblem } from './problem.tsx';
import { useSpaceName } from './space.ts';
import { Threshold } from './threshold.tsx';

/** A wrong address, or a thing of another space: both look the same (I11). */
export function NoSuchPage(): ReactNode {
  const space = useSpaceName();
  return (
    <Page title="Not found">
      <EmptyState says={space === undefined ? 'There is no such page.' : `There is no such page in ${space}.`}>
        <ButtonLink to="/">Go to Home</ButtonLink>
      </EmptyState>
    </Page>
  );
}

/** An address that leads nowhere in the app, so there is no navigation around it. */
export function NoSuchAddress(): ReactNode {
  return (
    <Threshold title="There is no such page" lead="The address leads nowhere. A link may have been cut off.">
      <ButtonLink to="/">Go to Home</ButtonLink>
    </Threshold>
  );
}

export function Crashed({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <Page title="This page stopped">
      <RequestProblem error={error} kept="Nothing that was saved is lost." />
      <Button mt="md" variant="default" onClick={reset}>
        Load it again
      </Button>
    </Page>
  );
}
