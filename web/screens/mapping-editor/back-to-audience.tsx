import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { audiencesQuery } from '../../api/audiences.ts';
import { TextLink } from '../../ui/links.tsx';
import { useSearchState } from '../../ui/search-state.ts';
import { useSpace } from '../../ui/space.ts';

/** The way back of who came here for an audience: the one in the address, else the one of this key, else their list. */
export function BackToAudience({ audienceKey }: { audienceKey?: string | undefined }): ReactNode {
  const { id: space } = useSpace();
  const [from] = useSearchState('audience');
  const audiences = useQuery(audiencesQuery(space)).data?.data ?? [];
  const audience = audiences.find(({ id, key }) => (from === '' ? key === audienceKey : id === from));
  if (audience === undefined) {
    return (
      <TextLink display="inline-block" mb="sm" to="/spaces/$space/engage/audiences" params={{ space }}>
        Go to Audiences
      </TextLink>
    );
  }
  return (
    <TextLink
      display="inline-block"
      mb="sm"
      to="/spaces/$space/engage/audiences/$audience/{-$tab}"
      params={{ space, audience: audience.id, tab: undefined }}
    >
      {`Back to ${audience.name}`}
    </TextLink>
  );
}
