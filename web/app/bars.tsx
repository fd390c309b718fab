import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { tryNow, useServerAway } from '../api/server-away.ts';
import { tiktokAppQuery } from '../api/tiktok-app.ts';
import classes from './bars.module.css';

/** While nobody answers: nothing is cleared, saving waits. */
export function AwayBar(): ReactNode {
  const away = useServerAway();
  if (away === null) return null;
  return (
    <div className={classes['bar']} data-level="attention" role="alert">
      <span>
        Usher does not answer. What you typed stays on this page.{' '}
        <span aria-hidden>Next try in {away.nextTryInSeconds} s.</span>
      </span>
      <Button size="compact-sm" variant="default" onClick={() => void tryNow()}>
        Try now
      </Button>
    </div>
  );
}

/** So that nobody takes a rehearsal for the real thing. */
export function SandboxBar(): ReactNode {
  const sandbox = useQuery(tiktokAppQuery).data?.sandbox;
  if (!sandbox) return null;
  return (
    <aside className={classes['bar']} data-level="wait" aria-label="TikTok sandbox">
      <span>
        Connected to the TikTok sandbox. Nobody sees ads from here.
        <a href={sandbox} target="_blank" rel="noreferrer" className={classes['link']}>
          Open sandbox
        </a>
      </span>
    </aside>
  );
}
