import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { meQuery } from '../api/session.ts';

const key = 'usher-last-space';

/**
 * The space that the navigation leads to: the page's, else the one visited last, so that Settings leave nobody stranded.
 * Only ever one of mine: of a foreign one nothing is asked (I11).
 */
export function useLastSpace(current: string | undefined): string | undefined {
  const spaces = useQuery(meQuery).data?.spaces;
  const mine = (wanted: string | null | undefined): string | undefined => spaces?.find(({ id }) => id === wanted)?.id;
  const here = mine(current);
  useEffect(() => {
    if (here !== undefined) sessionStorage.setItem(key, here);
  }, [here]);
  return here ?? mine(sessionStorage.getItem(key)) ?? spaces?.[0]?.id;
}
