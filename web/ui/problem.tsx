import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ApiError, NoAnswer } from '../api/errors.ts';
import classes from './problem.module.css';

interface ProblemProps {
  readonly happened: ReactNode;
  readonly kept?: ReactNode;
  /** What to do: a sentence, a button, or both. */
  readonly next?: ReactNode;
  /** A note needs looking at, a fault has stopped something. */
  readonly level?: 'attention' | 'danger';
}

/** An error where it happens, in three parts: what happened, what was kept, what to do. */
export function Problem({ happened, kept, next, level = 'danger' }: ProblemProps): ReactNode {
  return (
    <div className={classes['problem']} data-level={level} role="alert">
      <IconAlertTriangle size={20} aria-hidden className={classes['icon']} />
      <div className={classes['text']}>
        <p className={classes['happened']}>{happened}</p>
        {kept !== undefined && <p>{kept}</p>}
        {next !== undefined && <div className={classes['next']}>{next}</div>}
      </div>
    </div>
  );
}

/** A request that failed, in words; `kept` says what of the page's own is still there. */
export function RequestProblem({
  error,
  kept,
  retry,
}: {
  error: unknown;
  kept?: string;
  retry?: (() => void) | undefined;
}): ReactNode {
  const next = retry && (
    <Button variant="default" size="xs" onClick={retry}>
      Try again
    </Button>
  );
  return <Problem happened={wordsOf(error)} {...(kept ? { kept } : {})} {...(next ? { next } : {})} />;
}

export function wordsOf(error: unknown): string {
  if (error instanceof NoAnswer) return 'Usher does not answer.';
  if (!(error instanceof ApiError)) return 'This page has a fault of its own. Reloading may help.';
  if (error.status === 403) return 'Your role does not allow this. An owner can change it under Users.';
  if (error.status === 404) return 'This is not there any more. Somebody may have deleted it.';
  if (error.status >= 500) return 'Something went wrong in Usher; its log says what.';
  return error.problems.map(({ message }) => sentence(message)).join(' ') || `Usher refused this (${error.status}).`;
}

/** The API's messages are clauses; a page shows sentences. */
export function sentence(clause: string): string {
  const text = clause.charAt(0).toUpperCase() + clause.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
