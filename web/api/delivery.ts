import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, one } from './client.ts';

export type Granularity = 'MINUTE' | 'HOUR' | 'DAY';

/** Where the members of a destination are, and what happened in the usual range of this granularity. */
export const deliveryQuery = (destinationId: string, granularity: Granularity = 'HOUR') =>
  queryOptions({
    queryKey: ['delivery', destinationId, granularity],
    queryFn: () =>
      one(
        api.GET('/api/v1/destinations/{destinationId}/delivery', {
          params: { path: { destinationId }, query: { granularity } },
        }),
      ),
    refetchInterval: liveMs,
  });
