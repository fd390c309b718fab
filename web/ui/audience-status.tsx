import type { ReactNode } from 'react';
import type { Audience } from '../api/audiences.ts';
import { StatusBadge } from './status-badge.tsx';

/** **Live**, **Waiting for events**, **Disabled** (followed, nothing sent). */
export function AudienceStatus({ audience }: { audience: Audience }): ReactNode {
  if (audience.status === 'disabled') return <StatusBadge tone="paused">Disabled</StatusBadge>;
  if (audience.status === 'waiting') return <StatusBadge tone="neutral">Waiting for events</StatusBadge>;
  return <StatusBadge tone="good">Live</StatusBadge>;
}
