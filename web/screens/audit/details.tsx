import type { ReactNode } from 'react';
import classes from './audit.module.css';
import { changesIn } from './changes.ts';

/** What changed, a line each; the log holds no secrets. */
export function Details({ details }: { details: Readonly<Record<string, unknown>> }): ReactNode {
  const changes = changesIn(details);
  if (changes.length === 0) return '—';
  return (
    <ul className={classes['details']}>
      {changes.map(({ name, before, after }) => (
        <li key={name}>
          <span className={classes['name']}>{name}:</span> {before === undefined ? after : `${before} → ${after}`}
        </li>
      ))}
    </ul>
  );
}
