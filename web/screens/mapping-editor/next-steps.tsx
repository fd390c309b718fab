import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { audiencesQuery } from '../../api/audiences.ts';
import { createCounterpart, mappingsQuery, type StoredMapping } from '../../api/mappings.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { Problem, RequestProblem } from '../../ui/problem.tsx';
import { useMay, useSpace } from '../../ui/space.ts';
import { BackToAudience } from './back-to-audience.tsx';

const halves: Readonly<Record<string, { slug: string; name: string }>> = {
  addUser: { slug: 'removeUser', name: 'Remove Users' },
  addToAudience: { slug: 'removeFromAudience', name: 'Remove from Audience' },
};

/** What is still missing after a mapping was saved: its other half, then back to the audience. */
export function AfterSaving({ mapping }: { mapping: StoredMapping }): ReactNode {
  const { id: space } = useSpace();
  const may = useMay('editor');
  const refresh = useRefresh();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const mappings = useQuery(mappingsQuery(mapping.destinationId)).data;
  const audiences = useQuery(audiencesQuery(space)).data?.data ?? [];
  const half = halves[mapping.actionSlug];
  const key = mapping.settings['personas_audience_key'];
  const missing =
    half !== undefined &&
    mappings !== undefined &&
    !mappings.some((one) => one.actionSlug === half.slug && one.settings['personas_audience_key'] === key);
  const create = async (): Promise<void> => {
    try {
      await createCounterpart({ destinationId: mapping.destinationId, subscriptionId: mapping.id });
      await refresh();
      await navigate({
        to: '/spaces/$space/connections/destinations/$destination/{-$tab}',
        params: { space, destination: mapping.destinationId, tab: 'mappings' },
        // Who came by another way is led back to the mapping's own audience.
        search: ({ audience }) => ({ audience: audience ?? audiences.find((one) => one.key === key)?.id }),
      });
    } catch (failed) {
      setError(failed);
    }
  };
  if (!missing || half === undefined) return <BackToAudience audienceKey={typeof key === 'string' ? key : undefined} />;
  return (
    <>
      <Problem
        level="attention"
        happened="People who leave are not removed yet."
        kept="Adding works without it."
        next={
          <>
            <Button size="xs" disabled={!may} onClick={() => void create()}>{`Create ${half.name}`}</Button>
            <BackToAudience audienceKey={typeof key === 'string' ? key : undefined} />
          </>
        }
      />
      {error !== null && <RequestProblem error={error} kept="The mapping itself is saved." />}
    </>
  );
}
