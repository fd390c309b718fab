import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Connection } from '../../api/audiences.ts';
import { beginResync, planResync, type ResyncPlan } from '../../api/resyncs.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { count, duration, people } from '../../ui/format.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { wordsOf } from '../../ui/problem.tsx';
import { confirmed } from '../../ui/toast.ts';

/** **Resync**: everything that is known of the TikTok audiences that hold somebody of this one, told once more. */
export function ResyncDialog({
  connection: { destinationId, targetIds },
  destinationName,
  onClose,
}: {
  connection: Connection;
  destinationName: string;
  onClose: () => void;
}): ReactNode {
  const refresh = useRefresh();
  const plans = useQuery({
    queryKey: ['resync-plan', destinationId, targetIds],
    queryFn: () => Promise.all(targetIds.map((targetId) => planResync({ destinationId, targetId }))),
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Resync with ${destinationName}?`}
      action="Resync"
      possible={targetIds.length > 0 && plans.data !== undefined}
      act={async () => {
        for (const targetId of targetIds) await beginResync({ destinationId, targetId });
        await refresh();
        confirmed('Resync begun.');
        onClose();
      }}
    >
      {targetIds.length === 0 ? (
        <p>Nobody of this audience is in a TikTok audience yet, so there is nothing to repeat.</p>
      ) : (
        <p role="status">
          {plans.data ? sentenceOf(plans.data) : plans.isError ? wordsOf(plans.error) : 'Counting what this does …'}
        </p>
      )}
    </Confirm>
  );
}

/** "Sends all 12,431 members again and repeats the 318 removals TikTok has accepted before. Safe at any time. 13 calls." */
function sentenceOf(plans: readonly ResyncPlan[]): string {
  const sum = (which: keyof ResyncPlan): number => plans.reduce((total, plan) => total + plan[which], 0);
  const removes = sum('removes');
  const repeats = removes > 0 ? ` and repeats the ${count(removes, 'removal')} TikTok has accepted before` : '';
  const calls = `${count(sum('calls'), 'call')}, ${duration(sum('seconds'))}`;
  return `Sends all ${people(sum('adds'))} again${repeats}. Safe at any time; live changes go first. ${calls}.`;
}
