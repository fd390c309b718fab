import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Audience, Connection } from '../../api/audiences.ts';
import { type Destination, destinationStatusQuery } from '../../api/destinations.ts';
import { timeLeft } from '../../ui/format.ts';
import { useNow } from '../../ui/now.ts';
import { ProgressBar } from '../../ui/progress.tsx';
import { SyncBadge, syncStatus } from '../../ui/sync-status.tsx';

interface Props {
  readonly audience: Audience;
  readonly connection: Connection;
  readonly destination: Destination;
}

/** Fewer than a call's worth are gone before a bar says anything. */
const worthABar = 1_000;

/** How far the audience is at the destination: in a word, or as a bar while many people are still to be sent. */
export function SyncState({ audience, connection, destination }: Props): ReactNode {
  const status = syncStatus(connection, destination);
  const { owed } = connection.sync.counts;
  const shown = status === 'syncing' || (owed >= worthABar && status !== 'not-started');
  if (!shown) return <SyncBadge status={status} />;
  return (
    <>
      {status !== 'syncing' && <SyncBadge status={status} />}
      <SyncProgress {...{ audience, connection, destination }} />
    </>
  );
}

function SyncProgress({ audience, connection, destination }: Props): ReactNode {
  const { walk, counts } = connection.sync;
  const left = useTimeLeft(connection, destination);
  const first = walk?.reason === 'connected' ? 'First sync' : 'Sync';
  return (
    <ProgressBar
      label={`${first} of ${audience.name}`}
      done={counts.members - counts.owed}
      total={counts.members}
      left={left}
    />
  );
}

/** An estimate after a few seconds only: before that it would jump. */
const startingMs = 5_000;

/**
 * What is owed to the destination goes out in calls of so many people, as many a second as TikTok allows the app; live
 * changes go first and are part of it.
 */
function useTimeLeft({ sync }: Connection, destination: Destination): string {
  const now = useNow();
  const status = useQuery(destinationStatusQuery(destination.id)).data;
  if (destination.paused !== null || !destination.enabled || !destination.connection.connected)
    return 'no estimate: sending is paused';
  const began = Date.parse(sync.walk?.startedAt ?? '');
  if (status === undefined || now.getTime() - began < startingMs) return 'starting';
  const { rowsPerCall, callsPerSecond } = status.sending;
  const calls = Math.ceil((status.counts.owed + status.counts.leaving) / rowsPerCall);
  const seconds = calls / callsPerSecond;
  return timeLeft(seconds, new Date(now.getTime() + seconds * 1_000));
}
