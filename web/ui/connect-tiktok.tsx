import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { authorize, type Destination } from '../api/destinations.ts';
import { tiktokAppQuery } from '../api/tiktok-app.ts';
import { RequestProblem } from './problem.tsx';
import { useMay } from './space.ts';

/** To TikTok and back in the same tab. `draft` is what was typed on the page; the server keeps it with the OAuth state. */
export function ConnectTikTok({
  destination,
  returnTo,
  draft,
  primary,
}: {
  destination: Destination;
  returnTo: string;
  draft?: string | undefined;
  primary: boolean;
}): ReactNode {
  const may = useMay('owner');
  const configured = useQuery(tiktokAppQuery).data?.configured === true;
  const { audience } = useSearch({ strict: false });
  const go = useMutation({
    async mutationFn() {
      const query = new URLSearchParams({ ...(audience ? { audience } : {}), ...(draft ? { draft } : {}) }).toString();
      const separator = query === '' ? '' : returnTo.includes('?') ? '&' : '?';
      window.location.assign(await authorize(destination.id, returnTo + separator + query));
    },
  });
  return (
    <>
      <Button
        variant={primary ? 'filled' : 'default'}
        disabled={!may || !configured}
        loading={go.isPending}
        onClick={() => go.mutate()}
      >
        {destination.connection.connected ? 'Reconnect TikTok' : 'Connect TikTok'}
      </Button>
      {go.isError && <RequestProblem error={go.error} kept="What you typed is still here." />}
    </>
  );
}
