import { Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { noteVisit } from './page.tsx';
import classes from './threshold.module.css';

/** A page in front of the app: sign-in, set-up, an invitation. One card, one heading, no navigation. */
export function Threshold({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}): ReactNode {
  useEffect(() => {
    document.title = `${title} · Usher`;
    noteVisit();
  }, [title]);
  return (
    <main className={classes['page']}>
      <p className={classes['mark']}>
        <img src="/favicon.svg" alt="" width={28} height={28} />
        Usher
      </p>
      <div className={classes['card']}>
        <Title order={1}>{title}</Title>
        {lead !== undefined && <p className={classes['lead']}>{lead}</p>}
        {children}
      </div>
    </main>
  );
}
