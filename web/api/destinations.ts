import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, type DryRun, gone, made, one, tried } from './client.ts';
import type { components } from './openapi.d.ts';

export type Destination = components['schemas']['Destination'];
export type CatalogEntry = components['schemas']['CatalogDestination'];

const destinationsMax = 1_000;

export const destinationsQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['destinations', spaceId],
    queryFn: () => one(api.GET('/api/v1/destinations', { params: { query: { spaceId, limit: destinationsMax } } })),
  });

export const destinationQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['destination', destinationId],
    queryFn: () => one(api.GET('/api/v1/destinations/{destinationId}', { params: { path: { destinationId } } })),
  });

/** The version that an editor has read, so that saving over somebody else's is noticed. */
export const destinationVersionQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['destination-version', destinationId],
    queryFn: async () => {
      const { response } = await api.GET('/api/v1/destinations/{destinationId}', {
        params: { path: { destinationId } },
      });
      return response.headers.get('etag') ?? '';
    },
  });

/** How a destination does, in one sentence, with what mends it and where its members are. */
export const destinationStatusQuery = (destinationId: string) =>
  queryOptions({
    queryKey: ['destination-status', destinationId],
    queryFn: () => one(api.GET('/api/v1/destinations/{destinationId}/status', { params: { path: { destinationId } } })),
    refetchInterval: liveMs,
  });

export const catalogQuery = queryOptions({
  queryKey: ['catalog'],
  queryFn: () => one(api.GET('/api/v1/catalog/destinations')),
  staleTime: Number.POSITIVE_INFINITY,
});

export const createDestination = (entry: { spaceId: string; metadataId: string; name: string }): Promise<Destination> =>
  made(api.POST('/api/v1/destinations', { body: entry }));

export type TikTokAccount = components['schemas']['TikTokAccount'];

/** Asked at TikTok, so only when somebody looks. */
export const tiktokAccountQuery = (destination: Destination) =>
  queryOptions({
    // A new connection is asked anew.
    queryKey: ['tiktok-account', destination.id, destination.connection.connectedAt],
    queryFn: () =>
      one(
        api.GET('/api/v1/destinations/{destinationId}/tiktok-account', {
          params: { path: { destinationId: destination.id } },
        }),
      ),
    enabled: destination.connection.connected,
    staleTime: 60_000,
  });

export interface DestinationChange {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export const changeDestination = (
  destinationId: string,
  { settings, ...change }: DestinationChange,
  { confirmRemovals, version }: { confirmRemovals?: number | undefined; version?: string | undefined } = {},
): Promise<Destination> =>
  made(
    api.PATCH('/api/v1/destinations/{destinationId}', {
      params: {
        path: { destinationId },
        query: confirmRemovals === undefined ? {} : { confirmRemovals },
        ...(version === undefined || version === '' ? {} : { header: { 'if-match': version } }),
      },
      body: { ...change, ...(settings ? { settings: { ...settings } } : {}) },
    }),
  );

/** What other settings would send again. */
export const tryDestination = (
  destinationId: string,
  settings: NonNullable<DestinationChange['settings']>,
): Promise<DryRun> =>
  tried(
    api.PATCH('/api/v1/destinations/{destinationId}', {
      params: { path: { destinationId }, query: { dryRun: 'true' } },
      body: { settings: { ...settings } },
    }),
  );

export const deleteDestination = (
  destinationId: string,
  people: 'keep' | 'remove',
  confirmRemovals?: number,
): Promise<void> =>
  gone(
    destinationId,
    api.DELETE('/api/v1/destinations/{destinationId}', {
      params: {
        path: { destinationId },
        query: { people, ...(confirmRemovals === undefined ? {} : { confirmRemovals }) },
      },
    }),
  );

/** The address at TikTok; the browser comes back to `returnTo` with `oauth` in its query, which says what came of it. */
export const authorize = async (destinationId: string, returnTo: string): Promise<string> => {
  const { url } = await one(
    api.POST('/api/v1/destinations/{destinationId}/oauth/authorize', {
      params: { path: { destinationId } },
      body: { returnTo },
    }),
  );
  return url;
};

export const revoke = (destinationId: string): Promise<{ atTikTok: boolean; message: string }> =>
  one(api.POST('/api/v1/destinations/{destinationId}/oauth/revoke', { params: { path: { destinationId } } }));

/** Ends a pause whose cause was mended at TikTok, and looks at blocked audiences again. */
export const resume = (destinationId: string): Promise<Destination> =>
  one(api.POST('/api/v1/destinations/{destinationId}/resume', { params: { path: { destinationId } } }));
