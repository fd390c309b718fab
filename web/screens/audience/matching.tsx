import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Audience, type ConnectionSettings, type MatchingMappings, matchingQuery } from '../../api/audiences.ts';
import type { Destination } from '../../api/destinations.ts';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Problem } from '../../ui/problem.tsx';
import classes from './matching.module.css';

/** Typing is over when nothing was typed for so long. */
const typingMs = 250;

interface MatchingProps {
  readonly audience: Audience;
  readonly destination: Destination;
  readonly settings: ConnectionSettings;
  readonly usual: Pick<ConnectionSettings, 'enteredEvent' | 'exitedEvent'>;
  readonly change: (part: Partial<ConnectionSettings>) => void;
}

/** **Matching mappings**: found by the real triggers while one types, so that no renamed event goes unheard (E9). */
export function Matching({ audience, destination, settings, usual, change }: MatchingProps): ReactNode {
  const [asked] = useDebouncedValue(settings, typingMs);
  const named = asked.enteredEvent.trim() !== '' && asked.exitedEvent.trim() !== '';
  const place = { spaceId: audience.spaceId, audienceId: audience.id, destinationId: destination.id };
  const found = useQuery({ ...matchingQuery(place, asked), enabled: named }).data;
  if (found === undefined) return null;
  const { enter, exit, enabled, disabled } = found;
  return (
    <section className={classes['matching']} aria-label="Matching mappings" aria-live="polite">
      <p>
        <strong>Matching mappings:</strong> {enabled} of {enabled + disabled} on
        {enabled + disabled > 0 && ': '}
        <Names all={[...enter, ...exit]} destination={destination} />
      </p>
      <Missing found={found} {...{ audience, destination, settings, usual, change }} />
      {!destination.enabled && <p>{destination.name} is off. People are followed and sent once it is on.</p>}
    </section>
  );
}

function Names({ all, destination }: { all: MatchingMappings['enter']; destination: Destination }): ReactNode {
  const each = [...new Map(all.map((mapping) => [mapping.id, mapping])).values()];
  return each.map(({ id, name }, index) => (
    <span key={id}>
      {index > 0 && ', '}
      <TextLink
        to="/spaces/$space/connections/destinations/$destination/mappings/$mapping"
        params={{ space: destination.spaceId, destination: destination.id, mapping: id }}
      >
        {name}
      </TextLink>
    </span>
  ));
}

function Missing({
  found,
  audience,
  destination,
  settings,
  usual,
  change,
}: MatchingProps & { found: MatchingMappings }): ReactNode {
  const entersOn = found.enter.some(({ enabled }) => enabled);
  const exitsOn = found.exit.some(({ enabled }) => enabled);
  const mappings = (words: string) => (
    <ButtonLink
      size="xs"
      variant="default"
      to="/spaces/$space/connections/destinations/$destination/{-$tab}"
      params={{ space: destination.spaceId, destination: destination.id, tab: 'mappings' }}
      search={{ audience: audience.id }}
    >
      {words}
    </ButtonLink>
  );
  if (!settings.sendTrack && !settings.sendIdentify) {
    return <Problem level="attention" happened="With Send Track off nothing reaches TikTok." />;
  }
  if (entersOn && exitsOn) return null;
  const which = entersOn ? 'exitedEvent' : 'enteredEvent';
  if (settings[which] !== usual[which]) {
    return (
      <Problem
        level="attention"
        happened={`No enabled mapping listens to “${settings[which]}”.`}
        kept={entersOn ? 'Who leaves stays on TikTok.' : 'Members are counted, none will be sent.'}
        next={
          <>
            <Button size="xs" variant="default" onClick={() => change({ [which]: usual[which] })}>
              Use {usual[which]}
            </Button>
            {mappings('Change the trigger')}
          </>
        }
      />
    );
  }
  if (entersOn) {
    return (
      <Problem
        level="attention"
        happened={`Nobody ever leaves ${audience.key} on TikTok: no enabled mapping removes.`}
        next={mappings('Show mappings')}
      />
    );
  }
  return (
    <Problem
      level="attention"
      happened={
        settings.sendTrack
          ? `No enabled mapping takes this audience's key.`
          : 'With Send Track off nothing reaches TikTok: mappings listen to Track events.'
      }
      kept="Members are counted, none will be sent."
      next={mappings(found.enter.length > 0 ? 'Turn it on' : 'New Mapping')}
    />
  );
}
