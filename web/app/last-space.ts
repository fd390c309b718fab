import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { meQuery } from '../api/session.ts';

const key = 'usher-last-space';

/** The space that the navigation leads to: the page's, else the one visited last, so that Settings leave nobody stranded. */
export function useLastSpace(current: string | undefined): string | undefined {
  const spaces = useQuery(meQuery).data?.spaces;
  useEffect(() => {
    if (current !== undefined) sessionStorage.setItem(key, current);
  }, [current]);
  if (current !== undefined) return current;
  const last = sessionStorage.getItem(key);
  return spaces?.find(({ id }) => id === last)?.id ?? spaces?.[0]?.id;
}
