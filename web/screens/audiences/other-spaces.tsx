import { useQueries, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { audiencesQuery } from '../../api/audiences.ts';
import { meQuery } from '../../api/session.ts';
import { count } from '../../ui/format.ts';
import { TextLink } from '../../ui/links.tsx';
import { useSpace } from '../../ui/space.ts';

/** Being in the wrong space is the commonest reason for an empty list. */
export function OtherSpaces(): ReactNode {
  const { id } = useSpace();
  const others = (useQuery(meQuery).data?.spaces ?? []).filter((space) => space.id !== id).slice(0, 5);
  const lists = useQueries({
    queries: others.map((space) => ({ ...audiencesQuery(space.id), refetchInterval: false as const })),
  });
  const filled = others.flatMap((space, index) => {
    const total = lists[index]?.data?.pagination.total ?? 0;
    return total > 0 ? [{ space, total }] : [];
  });
  return filled.map(({ space, total }) => (
    <span key={space.id} style={{ flexBasis: '100%' }}>
      {count(total, 'audience')} {total === 1 ? 'is' : 'are'} in {space.name}.{' '}
      <TextLink underline="always" to="/spaces/$space/engage/audiences" params={{ space: space.id }}>
        Switch space
      </TextLink>
    </span>
  ));
}
