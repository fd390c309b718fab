import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { meQuery } from '../../api/session.ts';
import { unknownKeysQuery } from '../../api/sources.ts';
import { count } from '../../ui/format.ts';
import { Problem } from '../../ui/problem.tsx';

/** A wrong write key is never refused, as at Segment, so somebody has to be told of it. */
export function UnknownKeys(): ReactNode {
  const installationOwner = useQuery(meQuery).data?.role === 'owner';
  const found = useQuery({ ...unknownKeysQuery, enabled: installationOwner }).data;
  const events = found?.counts.reduce((sum, one) => sum + one.count, 0) ?? 0;
  if (events === 0) return null;
  return (
    <Problem
      level="attention"
      happened={`${count(events, 'event')} in the last hour carried a write key nobody knows.`}
      kept="They were not kept."
      next="Compare the key of the sender with the one under Connect."
    />
  );
}
