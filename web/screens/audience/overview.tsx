import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { type Audience, type Connection, connectionsQuery } from '../../api/audiences.ts';
import { type Destination, destinationsQuery } from '../../api/destinations.ts';
import { Copyable } from '../../ui/copy.tsx';
import { Loaded, Waiting } from '../../ui/loaded.tsx';
import { Stat, Stats } from '../../ui/stat.tsx';
import { Time } from '../../ui/time.tsx';
import { AtTikTok, type Connected } from './at-tiktok.tsx';
import { ConnectedDestinations } from './connected-destinations.tsx';
import classes from './overview.module.css';

const SizeOverTime = lazy(() => import('./size-over-time.tsx').then((found) => ({ default: found.SizeOverTime })));

/** How many, and where they are. */
export function Overview({ audience }: { audience: Audience }): ReactNode {
  const connections = useQuery(connectionsQuery(audience.spaceId, audience.id));
  const destinations = useQuery(destinationsQuery(audience.spaceId)).data ?? [];
  return (
    <>
      <p className={classes['facts']}>
        <span>Audience Key</span>
        <Copyable text={audience.key} of={`Audience Key ${audience.key}`} />
        <span className={classes['dim']}>
          Computed by Segment
          {audience.lastChangeAt !== null && (
            <>
              {' · last change '}
              <Time at={audience.lastChangeAt} />
            </>
          )}
        </span>
      </p>
      <Loaded query={connections} height={240}>
        {(found) => (
          <>
            <Numbers audience={audience} connections={found} />
            <ConnectedDestinations audience={audience} connections={found} />
            <AtTikTok connected={connectedIn(found, destinations)} />
          </>
        )}
      </Loaded>
      <Suspense fallback={<Waiting height={300} />}>
        <SizeOverTime audience={audience} />
      </Suspense>
    </>
  );
}

const connectedIn = (connections: readonly Connection[], destinations: readonly Destination[]): Connected[] =>
  connections.flatMap((connection) => {
    const destination = destinations.find(({ id }) => id === connection.destinationId);
    return destination ? [{ connection, destination }] : [];
  });

/**
 * Members = On TikTok + Owed + Parked + Skipped holds for each destination, so the parts stand here only while there is one;
 * with more of them each row of the table has its own.
 */
function Numbers({ audience, connections }: { audience: Audience; connections: readonly Connection[] }): ReactNode {
  const [only, another] = connections;
  if (only === undefined || another !== undefined) {
    return (
      <Stats label="Numbers">
        <Stat name="Members" value={audience.size.count} />
      </Stats>
    );
  }
  const { members, onTikTok, owed, parked, skipped, leaving } = only.sync.counts;
  return (
    <Stats label="Numbers">
      <Stat name="Members" value={members} />
      <Stat name="On TikTok" value={onTikTok} hint="Accepted by TikTok with their present identifiers" />
      <Stat name="Owed" value={owed} hint="Still to be sent" />
      <Stat name="Parked" value={parked} hint="TikTok refused this person alone; waits for a retry by hand" />
      <Stat name="Skipped" value={skipped} hint="Nothing usable to send" />
      {leaving > 0 && <Stat name="Leaving" value={leaving} hint="Left the audience; the removal is still to be sent" />}
    </Stats>
  );
}
