import { Skeleton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { hasStatus } from '../api/errors.ts';
import { NoSuchPage } from './dead-ends.tsx';
import { moment } from './format.ts';
import classes from './loaded.module.css';
import { useNow } from './now.ts';
import { RequestProblem } from './problem.tsx';

interface Asked<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly isError: boolean;
  readonly dataUpdatedAt: number;
  readonly refetch: () => unknown;
}

/**
 * What a query found. Nothing for 150 ms, then a skeleton of the final height; a refetch keeps what is there; one that fails
 * says since when the page is old, and the old data stays.
 */
export function Loaded<Data>({
  query,
  height,
  isPage = false,
  children,
}: {
  query: Asked<Data>;
  /** What the whole page is about: without it there is no such page. */
  isPage?: boolean;
  /** Of the finished content, roughly, in pixels: nothing below it shall jump. */
  height: number;
  children: (data: Data) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Stale since={query.dataUpdatedAt} />}
        {children(query.data)}
      </>
    );
  }
  if (isPage && hasStatus(query.error, 404)) return <NoSuchPage />;
  if (query.isError) return <RequestProblem error={query.error} retry={() => void query.refetch()} />;
  return <Waiting height={height} />;
}

function Stale({ since }: { since: number }): ReactNode {
  const now = useNow();
  return (
    <p className={classes['stale']} role="status">
      Not up to date since {moment(new Date(since), now)}. Trying again.
    </p>
  );
}

/** Shorter waits show nothing at all: a flash is worse than a pause. */
const quietMs = 150;

export function Waiting({ height }: { height: number }): ReactNode {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), quietMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div style={{ minHeight: height }} aria-busy="true">
      {shown && <Skeleton height={height} radius="md" aria-label="Loading" role="img" />}
    </div>
  );
}

/** Everything that was asked of the API is asked again: after a change whose reach is not worth working out. */
export function useRefresh(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries();
}

/** The same after something was deleted, except about that. */
export function useRefreshWithout(): (gone: string) => Promise<void> {
  const queries = useQueryClient();
  return (gone) => queries.invalidateQueries({ predicate: ({ queryKey }) => !queryKey.includes(gone) });
}
