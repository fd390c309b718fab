import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, made, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Destination = components['schemas']['Destination'];
export type CatalogEntry = components['schemas']['CatalogDestination'];
export type Delivery = components['schemas']['Delivery'];

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
