import type { ReactNode } from 'react';
import type { Connection } from '../api/audiences.ts';
import type { Destination } from '../api/destinations.ts';
import { StatusBadge, type Tone } from './status-badge.tsx';

export type SyncStatus = 'not-started' | 'syncing' | 'in-sync' | 'waiting' | 'paused' | 'needs-you';

const looks: Record<SyncStatus, { tone: Tone; word: string }> = {
  'not-started': { tone: 'neutral', word: 'Not started' },
  syncing: { tone: 'info', word: 'Syncing' },
  'in-sync': { tone: 'good', word: 'In sync' },
  waiting: { tone: 'wait', word: 'Waiting' },
  paused: { tone: 'paused', word: 'Paused' },
  'needs-you': { tone: 'attention', word: 'Needs you' },
};

/** How far one audience is at one destination, from what both say. */
export function syncStatus({ enabled, sync }: Connection, destination: Destination): SyncStatus {
  if (!destination.connection.connected || destination.paused !== null) return 'needs-you';
  if (!enabled || !destination.enabled) return 'paused';
  if (sync.walk === null) return 'not-started';
  if (sync.walk.finishedAt === null) return 'syncing';
  return sync.counts.owed + sync.counts.leaving === 0 ? 'in-sync' : 'waiting';
}

/** `name` tells destinations apart where several stand side by side. */
export function SyncBadge({ status, name }: { status: SyncStatus; name?: string }): ReactNode {
  const { tone, word } = looks[status];
  return <StatusBadge tone={tone}>{name === undefined ? word : `${name}: ${word}`}</StatusBadge>;
}
