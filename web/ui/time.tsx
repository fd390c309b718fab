import type { ReactNode } from 'react';
import { absolute, moment } from './format.ts';
import { useNow } from './now.ts';

/** A server's clock may be a little ahead of the viewer's; what it has just done is no appointment. */
const aheadMs = 60_000;

/** A moment in the viewer's zone; the absolute time with its offset on hover, and for programs. */
export function Time({ at }: { at: string | null | undefined }): ReactNode {
  const now = useNow();
  if (at === null || at === undefined) return '—';
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={absolute(date)}>
      {moment(date, date.getTime() - now.getTime() < aheadMs && now < date ? date : now)}
    </time>
  );
}
