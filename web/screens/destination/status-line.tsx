import type { ReactNode } from 'react';
import type { components } from '../../api/openapi.d.ts';
import { moment } from '../../ui/format.ts';
import { RemedyLink } from '../../ui/links.tsx';
import { useNow } from '../../ui/now.ts';
import { DestinationBadge } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './overview.module.css';

type Status = components['schemas']['DestinationStatus'];

/** What happened, what is kept, and the one button that mends it. */
export function StatusLine({ status }: { status: Status }): ReactNode {
  const { completesAt } = status.sending;
  return (
    <div className={classes['status']}>
      <DestinationBadge status={status.status} />
      <p className={classes['sentence']}>
        {status.message} {status.kept} <Since status={status} />
        {completesAt !== null && status.status !== 'healthy' && <Completes at={completesAt} />}
      </p>
      {status.remedy && <RemedyLink {...status.remedy} />}
    </div>
  );
}

function Since({ status: { status, since } }: { status: Status }): ReactNode {
  if (status === 'setup-not-finished' || status === 'syncing') return null;
  return (
    <span className={classes['dim']}>
      {status === 'healthy' ? 'Last change' : 'Began'} <Time at={since} />.
    </span>
  );
}

function Completes({ at }: { at: string }): ReactNode {
  const now = useNow();
  const minutes = Math.ceil((Date.parse(at) - now.getTime()) / 60_000);
  if (minutes < 1) return <span className={classes['dim']}> Less than a minute left.</span>;
  return <span className={classes['dim']}> Done near {moment(new Date(at), now)}.</span>;
}
