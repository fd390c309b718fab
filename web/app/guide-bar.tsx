import { CloseButton } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { type LinkProps, useParams, useRouterState, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { audiencesQuery } from '../api/audiences.ts';
import { destinationStatusQuery, destinationsQuery } from '../api/destinations.ts';
import { TextLink } from '../ui/links.tsx';
import { usePreference } from '../ui/preferences.ts';
import { useSearchState } from '../ui/search-state.ts';
import { useSpace } from '../ui/space.ts';
import classes from './guide-bar.module.css';
import { type SetUp, stepOf, steps } from './guide-steps.ts';

/** Pages with a guide of their own, and those that set nothing up. */
const without = /\/(home|quick-connect)$/;

/**
 * **Set-up: step 3 of 6**, from the first audience to the first person on TikTok. `?audience=` goes along with every link
 * below the space (router.tsx), so that a later page knows which audience was meant.
 */
export function GuideBar(): ReactNode {
  const [closed, setClosed] = usePreference('guideClosed');
  const [finished, setFinished] = useState(false);
  if (closed || finished) return null;
  return <Guide onClose={() => setClosed(true)} onFinished={() => setFinished(true)} />;
}

function Guide({ onClose, onFinished }: { onClose: () => void; onFinished: () => void }): ReactNode {
  const { id: space } = useSpace();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const setUp = useSetUp(space);
  const finished = setUp?.onTikTok === true;
  useCarriedAudience(setUp !== undefined && !finished);
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once
  useEffect(() => {
    if (finished) onFinished();
  }, [finished]);
  if (setUp === undefined || finished || without.test(path)) return null;
  const step = stepOf(setUp);
  return (
    <aside className={classes['bar']} aria-label="Set-up guide">
      <strong>
        Set-up: step {step + 1} of {steps.length}
      </strong>
      <ol className={classes['steps']}>
        {steps.map((name, index) => (
          <li key={name} data-done={index < step || undefined} aria-current={index === step ? 'step' : undefined}>
            {name}
          </li>
        ))}
      </ol>
      <span className={classes['links']}>
        <NextLink space={space} setUp={setUp} step={step} />
        <BackToAudience space={space} />
      </span>
      <CloseButton aria-label="Close the guide" onClick={onClose} />
    </aside>
  );
}

function useSetUp(space: string): (SetUp & { readonly destination: string | undefined }) | undefined {
  const audiences = useQuery(audiencesQuery(space)).data?.data;
  const destinations = useQuery(destinationsQuery(space)).data;
  const states = useQueries({ queries: (destinations ?? []).map(({ id }) => destinationStatusQuery(id)) });
  if (audiences === undefined || destinations === undefined) return undefined;
  const known = states.flatMap(({ data }) => (data === undefined ? [] : [data]));
  if (known.length < destinations.length) return undefined;
  return {
    audiences: audiences.length,
    destinations: destinations.length,
    connected: destinations.some(({ connection }) => connection.connected),
    reasons: known.map(({ reason }) => reason),
    onTikTok: known.some(({ counts }) => counts.onTikTok > 0),
    destination: destinations[0]?.id,
  };
}

/** The audience that one opened is the one that is meant from then on. */
function useCarriedAudience(active: boolean): void {
  const { audience: opened } = useParams({ strict: false });
  const [carried, carry] = useSearchState('audience');
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another page changes what is meant
  useEffect(() => {
    if (active && opened !== undefined && opened !== carried) carry(opened);
  }, [active, opened]);
}

function NextLink({
  space,
  setUp,
  step,
}: {
  space: string;
  setUp: SetUp & { readonly destination: string | undefined };
  step: number;
}): ReactNode {
  const { audience } = useSearch({ strict: false });
  const destination = setUp.destination ?? '';
  const at = (tab: string) => ({
    to: '/spaces/$space/connections/destinations/$destination/{-$tab}' as const,
    params: { space, destination, tab },
  });
  const links: readonly { readonly words: string; readonly link: Pick<LinkProps, 'to' | 'params'> }[] = [
    { words: 'Open Audiences', link: { to: '/spaces/$space/engage/audiences', params: { space } } },
    {
      words: 'Add a destination',
      link: { to: '/spaces/$space/engage/settings/{-$tab}', params: { space, tab: 'destinations' } },
    },
    { words: 'Connect TikTok', link: at('settings') },
    { words: 'Make mappings', link: at('mappings') },
    {
      words: 'Add the destination to the audience',
      link:
        audience === undefined
          ? { to: '/spaces/$space/engage/audiences', params: { space } }
          : { to: '/spaces/$space/engage/audiences/$audience/{-$tab}', params: { space, audience, tab: undefined } },
    },
    { words: 'Watch people arrive', link: at('overview') },
  ];
  const next = links[step];
  return next && <TextLink {...next.link}>Next: {next.words}</TextLink>;
}

function BackToAudience({ space }: { space: string }): ReactNode {
  const { audience } = useSearch({ strict: false });
  const here = useParams({ strict: false }).audience;
  const name = useQuery(audiencesQuery(space)).data?.data.find(({ id }) => id === audience)?.name;
  if (audience === undefined || audience === here || name === undefined) return null;
  return (
    <TextLink to="/spaces/$space/engage/audiences/$audience/{-$tab}" params={{ space, audience, tab: undefined }}>
      Back to {name}
    </TextLink>
  );
}
