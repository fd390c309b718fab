import {
  IconAlertTriangle,
  IconCheck,
  IconCircle,
  IconClockHour4,
  IconPlayerPause,
  IconRefresh,
  IconX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { components } from '../api/openapi.d.ts';
import classes from './status-badge.module.css';

/** How a status looks; the word says what it is, so that nothing depends on the colour. */
export type Tone = 'neutral' | 'paused' | 'attention' | 'danger' | 'wait' | 'info' | 'good';

const looks = {
  neutral: { icon: IconCircle, token: 'neutral' },
  paused: { icon: IconPlayerPause, token: 'neutral' },
  attention: { icon: IconAlertTriangle, token: 'attention' },
  danger: { icon: IconX, token: 'danger' },
  wait: { icon: IconClockHour4, token: 'wait' },
  info: { icon: IconRefresh, token: 'info' },
  good: { icon: IconCheck, token: 'good' },
} as const;

export function StatusBadge({ tone, children }: { tone: Tone; children: ReactNode }): ReactNode {
  const { icon: Icon, token } = looks[tone];
  return (
    <span className={classes['badge']} data-token={token}>
      <Icon size={14} aria-hidden />
      {children}
    </span>
  );
}

export type DestinationStatus = components['schemas']['DestinationStatus']['status'];

/** The seven states of a destination, worst words first where a person can do something. */
const destinationLooks: Record<DestinationStatus, { tone: Tone; word: string }> = {
  'setup-not-finished': { tone: 'neutral', word: 'Set-up not finished' },
  paused: { tone: 'paused', word: 'Paused' },
  'needs-you': { tone: 'attention', word: 'Needs you' },
  failing: { tone: 'danger', word: 'Failing' },
  slowed: { tone: 'wait', word: 'Slowed by TikTok' },
  syncing: { tone: 'info', word: 'Syncing' },
  healthy: { tone: 'good', word: 'Healthy' },
};

export function DestinationBadge({ status }: { status: DestinationStatus }): ReactNode {
  const { tone, word } = destinationLooks[status];
  return <StatusBadge tone={tone}>{word}</StatusBadge>;
}
