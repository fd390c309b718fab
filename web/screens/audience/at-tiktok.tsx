import { Button } from '@mantine/core';
import { useMutation, useQueries } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Connection } from '../../api/audiences.ts';
import type { Destination } from '../../api/destinations.ts';
import { checkTarget, type Target, targetsQuery } from '../../api/targets.ts';
import { percent } from '../../ui/format.ts';
import { useRefresh } from '../../ui/loaded.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { RequestProblem } from '../../ui/problem.tsx';
import { useMay } from '../../ui/space.ts';
import { readSeen } from '../../ui/tiktok-size.ts';
import { TikTokView } from '../../ui/tiktok-view.tsx';
import classes from './at-tiktok.module.css';
import { ResyncOf } from './resyncs.tsx';

export interface Connected {
  readonly connection: Connection;
  readonly destination: Destination;
}

/** **TikTok's view** of the TikTok audiences that hold somebody of this one; never one sum with our numbers. */
export function AtTikTok({ connected }: { connected: readonly Connected[] }): ReactNode {
  const lists = useQueries({ queries: connected.map(({ destination }) => targetsQuery(destination.id)) });
  const all = connected.flatMap((one, at) =>
    (lists[at]?.data ?? [])
      .filter(({ id }) => one.connection.targetIds.includes(id))
      .map((target) => ({ ...one, target })),
  );
  if (all.length === 0) return null;
  return (
    <Section title="TikTok’s view" lead="TikTok updates its number in its own time; ours says what it has accepted.">
      <div className={classes['list']}>
        {all.map(({ connection, destination, target }) => (
          <OneTarget key={target.id} {...{ connection, destination, target }} />
        ))}
      </div>
      <p className={classes['note']}>
        You cannot make this type (Partner Audience) in TikTok's own pages; Usher made it for you.
      </p>
    </Section>
  );
}

function OneTarget({ connection, destination, target }: Connected & { target: Target }): ReactNode {
  const may = useMay('editor');
  const refresh = useRefresh();
  const place = { destinationId: destination.id, targetId: target.id };
  const check = useMutation({ mutationFn: () => checkTarget(place), onSettled: refresh });
  const name = target.name ?? target.tiktokId ?? '';
  return (
    <Card label={`TikTok audience ${name}`}>
      <div className={classes['head']}>
        <h3 className={classes['name']}>{name}</h3>
        <span className={classes['note']}>
          {destination.name} · Advertiser ID {target.advertiserId}
          {target.tiktokId !== null && ` · ID ${target.tiktokId}`}
        </span>
      </div>
      <div>
        <TikTokView target={target} /> <MatchRate target={target} there={connection.sync.counts.onTikTok} />
      </div>
      <div className={classes['doors']}>
        <Button
          size="xs"
          variant="default"
          disabled={!may || target.state === 'unresolved'}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          Check now
        </Button>
      </div>
      {check.isError && <RequestProblem error={check.error} kept="Nothing was changed." />}
      <ResyncOf connection={connection} target={target} />
    </Card>
  );
}

function MatchRate({ target, there }: { target: Target; there: number }): ReactNode {
  const matched = readSeen(target)?.matched ?? 0;
  if (matched === 0 || there === 0) return null;
  return (
    <p className={classes['note']}>
      {matched > there
        ? 'More than are on TikTok: TikTok can count several users for one identifier.'
        : `Match rate about ${percent(matched, there)} (TikTok’s number ÷ people on TikTok).`}
    </p>
  );
}
