import type { ReactNode } from 'react';
import classes from './empty-state.module.css';

/** Nothing here yet: one sentence that says so, one that says what makes something appear, and the next step. */
export function EmptyState({
  says,
  why,
  children,
}: {
  says: string;
  why?: ReactNode;
  children?: ReactNode;
}): ReactNode {
  return (
    <div className={classes['empty']}>
      <p className={classes['says']}>{says}</p>
      {why !== undefined && <p className={classes['why']}>{why}</p>}
      {children !== undefined && <div className={classes['actions']}>{children}</div>}
    </div>
  );
}
