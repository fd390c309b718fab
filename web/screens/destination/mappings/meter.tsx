import type { ReactNode } from 'react';
import { count } from '../../../ui/format.ts';
import { mappingsMany } from './mapping-groups.ts';
import classes from './mappings.module.css';

/** How many of a destination's mappings are used, said in audiences, because that is what a marketer counts. */
export function MappingsMeter({ used, max }: { used: number; max: number }): ReactNode {
  const pairs = Math.floor(Math.max(0, max - used) / 2);
  return (
    <div className={classes['meter']} data-many={used >= mappingsMany(max)}>
      <p className={classes['words']}>
        <span>
          {used} of {max} mappings
        </span>
        {` · room for ${count(pairs, 'more audience')} in pairs`}
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: <meter> cannot be coloured alike in all browsers */}
      <div
        className={classes['bar']}
        role="meter"
        aria-label="Mappings used"
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(used, max)}
        aria-valuetext={`${used} of ${max} mappings`}
      >
        <div className={classes['used']} style={{ width: `${Math.min(100, (used / max) * 100)}%` }} />
      </div>
    </div>
  );
}
