import type { ReactNode } from 'react';
import { type Role, useMay, useSpace } from './space.ts';
import classes from './viewer-note.module.css';

/** For whom may look but not change: said once on top; the controls below stay visible, read-only. */
export function ViewerNote({ needs = 'editor' }: { needs?: Role }): ReactNode {
  const may = useMay(needs);
  const { owners } = useSpace();
  if (may) return null;
  return (
    <p className={classes['note']}>
      You can look but not change.{owners.length > 0 && ` Owners: ${owners.join(', ')}.`}
    </p>
  );
}
