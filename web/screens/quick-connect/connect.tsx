import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { authorize, createDestination, type Destination } from '../../api/destinations.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { OAuthOutcome } from '../../ui/oauth-outcome.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { RequestProblem } from '../../ui/problem.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import classes from './quick-connect.module.css';

/** The kind that the catalog has. */
const metadataId = 'actions-tiktok-audiences';

/** Screen 1. A destination that is left over from another try is used again. */
export function Connect({
  destinations,
  chosen,
  choose,
}: {
  destinations: readonly Destination[];
  chosen: Destination | undefined;
  choose: (destinationId: string) => void;
}): ReactNode {
  const { id: spaceId, name } = useSpace();
  const may = useMay('owner');
  const refresh = useRefresh();
  const { oauth = '', audience } = useSearch({ strict: false });
  const connected = destinations.filter(({ connection }) => connection.connected);
  const go = useMutation({
    async mutationFn() {
      const free = chosen ?? destinations.find(({ connection, enabled }) => !connection.connected && !enabled);
      const names = new Set(destinations.map((one) => one.name));
      const number = [...names].length + 1;
      const newName = names.has('TikTok Audiences') ? `TikTok Audiences ${number}` : 'TikTok Audiences';
      const destination = free ?? (await createDestination({ spaceId, metadataId, name: newName }));
      await refresh();
      const query = new URLSearchParams({ destination: destination.id, ...(audience ? { audience } : {}) });
      window.location.assign(await authorize(destination.id, `/spaces/${spaceId}/quick-connect?${query}`));
    },
  });
  return (
    <Section
      title="Connect TikTok"
      lead={`Step 1 of 3. Audiences of ${name} are sent to the ad account you choose next.`}
    >
      <div className={classes['part']}>
        <OAuthOutcome outcome={oauth} />
        {connected.map((destination) => (
          <Card key={destination.id}>
            <div className={classes['row']}>
              <span>{destination.name} is connected to TikTok already.</span>
              <Button size="xs" onClick={() => choose(destination.id)}>
                Continue
              </Button>
            </div>
          </Card>
        ))}
        <p className={classes['text']}>
          You go to TikTok and come back here. Sign in as someone who is Admin or Operator, tick every ad account you
          want, leave all permissions on.
        </p>
        <div>
          <Button
            variant={connected.length > 0 ? 'default' : 'filled'}
            disabled={!may}
            loading={go.isPending}
            onClick={() => go.mutate()}
          >
            Connect TikTok
          </Button>
        </div>
        {go.isError && <RequestProblem error={go.error} kept="Nothing was changed." />}
      </div>
    </Section>
  );
}
