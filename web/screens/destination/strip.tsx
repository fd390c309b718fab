import type { ReactNode } from 'react';
import { number } from '../../ui/format.ts';
import { useSearchState } from '../../ui/search-state.ts';
import classes from './strip.module.css';

export interface Step {
  readonly step: string;
  readonly name: string;
  /** Null: not known. */
  readonly value: number | null;
  readonly hint?: string;
}

/** Steps side by side; each opens what it is made of below. */
export function Strip({ label, steps }: { label: string; steps: readonly Step[] }): ReactNode {
  const [open, setOpen] = useSearchState('step', '', 'push');
  return (
    <ol className={classes['strip']} aria-label={label}>
      {steps.map(({ step, name, value, hint }) => (
        <li key={step}>
          <button
            type="button"
            className={classes['step']}
            aria-expanded={open === step}
            onClick={() => setOpen(open === step ? '' : step)}
          >
            <span className={classes['name']}>{name}</span>
            <span className={classes['value']}>{value === null ? '—' : number(value)}</span>
            {hint !== undefined && <span className={classes['hint']}>{hint}</span>}
          </button>
        </li>
      ))}
    </ol>
  );
}
