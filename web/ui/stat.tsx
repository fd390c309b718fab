import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { number } from './format.ts';
import classes from './stat.module.css';

/** Numbers side by side, each with its word. */
export function Stats({ children, label }: { children: ReactNode; label: string }): ReactNode {
  return (
    <dl className={classes['stats']} aria-label={label}>
      {children}
    </dl>
  );
}

/** `hint` explains a word that is ours: "still to be sent". */
export function Stat({
  name,
  value,
  hint,
  color,
}: {
  name: ReactNode;
  value: number | null;
  hint?: string;
  /** A token of tokens.css, for the dot that ties a number to a chart. */
  color?: string;
}): ReactNode {
  const word =
    hint === undefined ? (
      name
    ) : (
      <Tooltip label={hint}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: its explanation must be reachable by keyboard */}
        <span tabIndex={0} className={classes['hinted']}>
          {name}
        </span>
      </Tooltip>
    );
  return (
    <div className={classes['stat']}>
      <dt>
        {color !== undefined && <span className={classes['dot']} style={{ background: `var(--${color})` }} />}
        {word}
      </dt>
      <dd>{value === null ? '—' : number(value)}</dd>
    </div>
  );
}
