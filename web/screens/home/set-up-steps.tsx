import { IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import type { LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { audiencesQuery, liveMs } from '../../api/audiences.ts';
import { destinationStatusQuery, destinationsQuery } from '../../api/destinations.ts';
import { ingestQuery } from '../../api/sources.ts';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Section } from '../../ui/page.tsx';
import { useSpace } from '../../ui/space.ts';
import classes from './set-up-steps.module.css';

interface Step {
  readonly name: string;
  readonly why: string;
  readonly link: Pick<LinkProps, 'to' | 'params'>;
  readonly done: boolean;
}

/** **Set up**, with ticks that come by themselves; gone once the first person is on TikTok. */
export function SetUpSteps({ steps }: { steps: readonly Step[] | undefined }): ReactNode {
  const { id } = useSpace();
  if (steps === undefined || steps.every(({ done }) => done)) return null;
  const next = steps.findIndex(({ done }) => !done);
  return (
    <Section
      title="Set up"
      lead="Four steps from the first event to people on TikTok. Quick connect does the last two in one go."
      actions={
        <ButtonLink variant="default" to="/spaces/$space/quick-connect" params={{ space: id }}>
          Quick connect
        </ButtonLink>
      }
    >
      <ol className={classes['steps']}>
        {steps.map(({ name, why, link, done }, index) => (
          <li key={name} className={classes['step']} data-next={index === next || undefined}>
            {done ? (
              <IconCircleCheckFilled size={22} className={classes['done']} aria-label="Done" role="img" />
            ) : (
              <IconCircle size={22} className={classes['open']} aria-label="Not done yet" role="img" />
            )}
            <span>
              <TextLink {...link} fw={600}>
                {name}
              </TextLink>
              <span className={classes['why']}>{why}</span>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

export function useSetUpSteps(): Step[] | undefined {
  const { id } = useSpace();
  const params = { space: id };
  const ingest = useQuery(ingestQuery(id)).data;
  const audiences = useQuery(audiencesQuery(id)).data;
  const destinations = useQuery({ ...destinationsQuery(id), refetchInterval: liveMs }).data;
  const states = useQueries({
    queries: (destinations ?? []).map((destination) => destinationStatusQuery(destination.id)),
  });
  if (!ingest || !audiences || !destinations) return undefined;
  const received = ingest.sources.some(({ counts }) => counts.some(({ outcome }) => outcome === 'received'));
  return [
    {
      name: 'Send events',
      why: 'Add a source and let Segment, a website or a server send to it.',
      link: { to: '/spaces/$space/connections/sources', params },
      done: received || audiences.data.some(({ size }) => size.count > 0),
    },
    {
      name: 'Open an audience',
      why: 'It appears with its first event; copy its Audience Key if you need it elsewhere.',
      link: { to: '/spaces/$space/engage/audiences', params },
      done: audiences.data.length > 0,
    },
    {
      name: 'Connect TikTok',
      why: 'Add TikTok Audiences as a destination and sign in at TikTok.',
      link: { to: '/spaces/$space/engage/settings/{-$tab}', params: { ...params, tab: 'destinations' } },
      done: destinations.some(({ connection }) => connection.connected),
    },
    {
      name: 'Watch people arrive',
      why: 'Map an audience, add the destination to it, and see its members reach TikTok.',
      link: { to: '/spaces/$space/connections/destinations', params },
      done: states.some(({ data }) => (data?.counts.onTikTok ?? 0) > 0),
    },
  ];
}
