import type { ReactNode } from 'react';
import { number, people } from './format.ts';
import classes from './progress.module.css';

/** How far something is, with its numbers; `left` says how long it still takes. */
export function ProgressBar({
  label,
  done,
  total,
  left,
}: {
  label: string;
  done: number;
  total: number;
  left?: string;
}): ReactNode {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  return (
    <div className={classes['progress']}>
      <div
        className={classes['bar']}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={Math.min(done, total)}
      >
        <div className={classes['done']} style={{ width: `${share * 100}%` }} />
      </div>
      <span className={classes['words']}>
        {number(done)} of {people(total)}
        {left === undefined ? '' : `, ${left}`}
      </span>
    </div>
  );
}
