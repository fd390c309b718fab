import { useQueries, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { audiencesQuery, connectionsQuery } from '../../api/audiences.ts';
import type { Destination } from '../../api/destinations.ts';
import { AdsManagerLink } from '../../ui/ads-manager-link.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { ProgressBar } from '../../ui/progress.tsx';
import classes from './quick-connect.module.css';

/** After **Start sending**: how far each audience is, and where to go on. */
export function Sending({
  destination,
  audienceIds,
}: {
  destination: Destination;
  audienceIds: readonly string[];
}): ReactNode {
  const { spaceId } = destination;
  const audiences = useQuery(audiencesQuery(spaceId)).data?.data ?? [];
  const connections = useQueries({ queries: audienceIds.map((id) => connectionsQuery(spaceId, id)) });
  const rows = audienceIds.flatMap((id, index) => {
    const audience = audiences.find((one) => one.id === id);
    const connection = connections[index]?.data?.find((one) => one.destinationId === destination.id);
    return audience && connection ? [{ audience, counts: connection.sync.counts }] : [];
  });
  return (
    <Section title="Sending has begun" lead="You can close this page; sending goes on.">
      <div className={classes['part']}>
        {rows.map(({ audience, counts: { members, onTikTok, owed, skipped } }) => (
          <Card key={audience.id} label={audience.name}>
            <div className={classes['row']}>
              <TextLink
                fw={600}
                to="/spaces/$space/engage/audiences/$audience/{-$tab}"
                params={{ space: spaceId, audience: audience.id, tab: undefined }}
              >
                {audience.name}
              </TextLink>
              <span>
                {onTikTok} on TikTok · {skipped} skipped
              </span>
            </div>
            <ProgressBar label={`First sync of ${audience.name}`} done={members - owed} total={members} />
          </Card>
        ))}
        <p className={classes['text']}>
          TikTok matches these people to its users and shows a size after 24 to 48 hours, in TikTok Ads Manager under
          Assets &gt; Audiences. <AdsManagerLink />
        </p>
        <p className={classes['text']}>
          <TextLink
            to="/spaces/$space/connections/destinations/$destination/{-$tab}"
            params={{ space: spaceId, destination: destination.id, tab: 'mappings' }}
          >
            Show the two mappings
          </TextLink>
        </p>
      </div>
    </Section>
  );
}
