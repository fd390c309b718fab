import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, done, one, tried } from './client.ts';
import type { components } from './openapi.d.ts';

export type Resync = components['schemas']['Resync'];
export type ResyncPlan = components['schemas']['ResyncPlan'];
type Place = { readonly destinationId: string; readonly targetId: string };

const path = '/api/v1/destinations/{destinationId}/targets/{targetId}/resync';

/** The one under way, or the last one; null: none ever. */
export const resyncQuery = (place: Place) =>
  queryOptions({
    queryKey: ['resync', place.targetId],
    queryFn: () => one(api.GET(path, { params: { path: place } })),
    refetchInterval: liveMs,
  });

/** What repeating everything would tell TikTok. */
export const planResync = (place: Place): Promise<ResyncPlan> =>
  tried(api.POST(path, { params: { path: place, query: { dryRun: 'true' } }, body: {} }));

export const beginResync = (place: Place): Promise<void> =>
  done(api.POST(path, { params: { path: place, query: { dryRun: 'false' } }, body: {} }));

export const pauseResync = (place: Place, paused: boolean): Promise<void> =>
  done(api.PATCH(path, { params: { path: place }, body: { paused } }));

export const cancelResync = (place: Place): Promise<void> => done(api.DELETE(path, { params: { path: place } }));
