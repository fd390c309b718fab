import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Connection } from '../../api/audiences.ts';
import { cancelResync, pauseResync, type Resync, resyncQuery } from '../../api/resyncs.ts';
import type { Target } from '../../api/targets.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { people, timeLeft } from '../../ui/format.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/now.ts';
import { Card } from '../../ui/page.tsx';
import { RequestProblem, sentence } from '../../ui/problem.tsx';
import { ProgressBar } from '../../ui/progress.tsx';
import { useMay } from '../../ui/space.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { readSeen } from '../../ui/tiktok-size.ts';
import { Time } from '../../ui/time.tsx';
import classes from './at-tiktok.module.css';

type Place = { readonly destinationId: string; readonly targetId: string };

/** The resync of a TikTok audience that is under way, or how the last one ended; nothing where there was none. */
export function ResyncOf({ connection, target }: { connection: Connection; target: Target }): ReactNode {
  const place = { destinationId: connection.destinationId, targetId: target.id };
  const found = useQuery(resyncQuery(place)).data;
  if (!found) return null;
  if (found.state === 'done' || found.state === 'cancelled') return <Ended resync={found} target={target} />;
  return <UnderWay resync={found} place={place} name={target.name ?? target.tiktokId ?? ''} />;
}

function UnderWay({ resync, place, name }: { resync: Resync; place: Place; name: string }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const [cancelling, dialog] = useDisclosure(false);
  const paused = resync.state === 'paused';
  const pause = useMutation({ mutationFn: () => pauseResync(place, !paused), onSettled: refresh });
  return (
    <Card label={`Resync of ${name}`}>
      <div className={classes['resync']}>
        <div className={classes['bar']}>
          <ProgressBar
            label={`Resync of ${name}`}
            done={resync.done}
            total={Math.max(resync.total, resync.done)}
            left={useLeft(resync)}
          />
        </div>
        {paused && <StatusBadge tone="paused">Resync paused</StatusBadge>}
        <Button size="xs" variant="default" disabled={!may} loading={pause.isPending} onClick={() => pause.mutate()}>
          {paused ? 'Resume resync' : 'Pause resync'}
        </Button>
        <Button size="xs" variant="default" disabled={!may} onClick={dialog.open}>
          Cancel resync
        </Button>
      </div>
      {resync.waitsFor !== null && <p className={classes['note']}>{sentence(resync.waitsFor)}</p>}
      {pause.isError && <RequestProblem error={pause.error} kept="The resync goes on as it was." />}
      <Confirm
        opened={cancelling}
        onClose={dialog.close}
        title="Cancel the resync?"
        action="Cancel resync"
        act={async () => {
          await cancelResync(place);
          await refresh();
          dialog.close();
        }}
      >
        <p>What is queued, at most 20,000 people, still goes out. Nobody is lost: the rest stands as it did before.</p>
      </Confirm>
    </Card>
  );
}

function useLeft({ completesAt, state, waitsFor }: Resync): string {
  const now = useNow();
  if (state === 'paused' || waitsFor !== null) return 'no estimate: it waits';
  if (completesAt === null) return 'starting';
  const done = new Date(completesAt);
  return timeLeft(Math.max(0, done.getTime() - now.getTime()) / 1_000, done);
}

/** TikTok's own view before the first call and after the last one says whether it changed anything. */
function Ended({ resync, target }: { resync: Resync; target: Target }): ReactNode {
  // A 0 says that TikTok has no number yet.
  const matched = (view: Resync['before']): number | undefined =>
    readSeen({ seen: view, createdAt: target.createdAt })?.matched || undefined;
  const [before, after] = [matched(resync.before), matched(resync.after)];
  return (
    <p className={classes['note']}>
      {resync.state === 'done' ? 'Resynced' : 'Resync cancelled'} <Time at={resync.finishedAt} />, {people(resync.done)}{' '}
      told again.
      {before !== undefined && ` TikTok had matched ${people(before)} before`}
      {before !== undefined &&
        after !== undefined &&
        `, ${people(after)} right after; its number follows in 24 to 48 hours`}
      {before !== undefined && '.'}
    </p>
  );
}
