import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { DryRun } from '../api/client.ts';
import classes from './consequence.module.css';
import { count, duration, people } from './format.ts';
import { wordsOf } from './problem.tsx';

/**
 * Said before it is done: what adds people to TikTok or takes them off. `of` names the change and its entries; a new value
 * asks anew. `where` ends the sentence: "first_time_shopper in Shop US".
 */
export function Consequence({
  of,
  dryRun,
  where,
}: {
  of: readonly unknown[];
  dryRun: () => Promise<DryRun>;
  where?: string;
}): ReactNode {
  const found = useQuery({ queryKey: ['dry-run', ...of], queryFn: dryRun, staleTime: 0, gcTime: 0 });
  return (
    <p className={classes['consequence']} role="status">
      {found.data ? consequence(found.data, where) : found.isError ? wordsOf(found.error) : 'Counting what this does …'}
    </p>
  );
}

/** "Sends 12,431 people to first_time_shopper in Shop US. 13 calls, under a minute." */
export function consequence(
  { adds, removes, calls, seconds }: Pick<DryRun, 'adds' | 'removes' | 'calls' | 'seconds'>,
  where?: string,
): string {
  if (adds === 0 && removes === 0) return 'Nobody is added to TikTok or taken off it.';
  const added = adds > 0 && `Sends ${people(adds)} to ${where ?? 'TikTok'}.`;
  const removed = removes > 0 && `Takes ${people(removes)} off ${adds > 0 ? 'it' : (where ?? 'TikTok')}.`;
  return [added, removed, `${count(calls, 'call')}, ${duration(seconds)}.`].filter(Boolean).join(' ');
}
