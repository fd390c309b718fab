import { queryOptions } from '@tanstack/react-query';
import { api, done, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Target = components['schemas']['TargetWithOwed'];
export type Leaving = components['schemas']['Leaving'];
type Place = { readonly destinationId: string; readonly targetId: string };

/** The TikTok audiences change by people and by TikTok, not by the second. */
const looksMs = 5_000;

export const targetsQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['targets', destinationId],
    queryFn: () =>
      one(api.GET('/api/v1/destinations/{destinationId}/targets', { params: { path: { destinationId } } })),
    refetchInterval: looksMs,
  });

/** What nothing feeds any more. */
export const leavingQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['leaving', destinationId],
    queryFn: () =>
      one(api.GET('/api/v1/destinations/{destinationId}/leaving', { params: { path: { destinationId } } })),
    refetchInterval: looksMs,
  });

/** People who stayed at TikTok on purpose. */
export const keptQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['kept', destinationId],
    queryFn: () => one(api.GET('/api/v1/destinations/{destinationId}/kept', { params: { path: { destinationId } } })),
    refetchInterval: looksMs,
  });

/** The audiences of an ad account that can be fed, as TikTok lists them now. */
export const feedableQuery = (destinationId: string, advertiserId: string) =>
  queryOptions({
    queryKey: ['feedable', destinationId, advertiserId],
    queryFn: () =>
      one(
        api.POST('/api/v1/destinations/{destinationId}/fields/{field}/choices', {
          params: { path: { destinationId, field: 'audience_id' } },
          body: { payload: { selected_advertiser_id: advertiserId } },
        }),
      ),
    staleTime: 30_000,
  });

export const resolveTarget = (place: Place, by: { audienceId: string } | { create: true }): Promise<unknown> =>
  one(
    api.POST('/api/v1/destinations/{destinationId}/targets/{targetId}/resolve', { params: { path: place }, body: by }),
  );

/** TikTok's view now; at most once a minute. */
export const checkTarget = (place: Place): Promise<unknown> =>
  one(api.POST('/api/v1/destinations/{destinationId}/targets/{targetId}/check', { params: { path: place } }));

export const giveUpTarget = (place: Place): Promise<{ stayed: number }> =>
  one(
    api.POST('/api/v1/destinations/{destinationId}/targets/{targetId}/give-up', {
      params: { path: place },
      body: { forget: false },
    }),
  );

export const removeKept = (destinationId: string, target: string, confirmRemovals?: number): Promise<void> =>
  done(
    api.DELETE('/api/v1/destinations/{destinationId}/kept', {
      params: {
        path: { destinationId },
        query: { target, ...(confirmRemovals === undefined ? {} : { confirmRemovals }) },
      },
    }),
  );
