import type { ReactNode } from 'react';
import type { Audience, Connection } from '../../api/audiences.ts';
import { ProgressBar } from '../../ui/progress.tsx';

/** The first sync, or the one after a change: how many of the members have been gone through. */
export function SyncProgress({ audience, connection }: { audience: Audience; connection: Connection }): ReactNode {
  const { walk } = connection.sync;
  if (walk === null) return null;
  const what = walk.reason === 'connected' ? 'First sync' : 'Sync';
  return (
    <ProgressBar
      label={`${what} of ${audience.name}`}
      done={walk.walked}
      total={Math.max(walk.total, walk.walked)}
      {...(walk.walked === 0 ? { left: 'starting' } : {})}
    />
  );
}
