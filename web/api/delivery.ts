import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, one, page } from './client.ts';
import type { components } from './openapi.d.ts';

export type Delivery = components['schemas']['Delivery'];
export type DeliveryCount = Delivery['series'][number];
export type Call = components['schemas']['Request'];
export type Parked = components['schemas']['Parked'];
export type TikTokError = components['schemas']['TikTokError'];

const hourMs = 3_600_000;
/** What pages offer, each with the buckets that the API has for it. */
export const ranges = {
  '1h': { name: '1 h', words: 'the last hour', granularity: 'MINUTE', ms: hourMs, bucketMs: 60_000 },
  '24h': {
    name: '24 h',
    words: 'the last 24 hours',
    granularity: 'QUARTER_HOUR',
    ms: 24 * hourMs,
    bucketMs: hourMs / 4,
  },
  '7d': { name: '7 d', words: 'the last 7 days', granularity: 'HOUR', ms: 7 * 24 * hourMs, bucketMs: hourMs },
  '30d': { name: '30 d', words: 'the last 30 days', granularity: 'DAY', ms: 30 * 24 * hourMs, bucketMs: 24 * hourMs },
} as const;
export type Range = keyof typeof ranges;
export const isRange = (text: string): text is Range => text in ranges;

/** What happened in the range until now, and where the members are. */
export const deliveryQuery = (destinationId: string, range: Range) =>
  queryOptions({
    queryKey: ['delivery', destinationId, range],
    queryFn: () => {
      const { granularity, ms } = ranges[range];
      const from = new Date(Date.now() - ms).toISOString();
      const params = { path: { destinationId }, query: { granularity, from } };
      return one(api.GET('/api/v1/destinations/{destinationId}/delivery', { params }));
    },
    refetchInterval: liveMs,
    placeholderData: (before: Delivery | undefined) => before,
  });

interface CallPage {
  readonly data: Call[];
  readonly pagination: { next: string | null; total: number };
}
const callsAtOnce = 50;
/** Which calls; absent is no filter. */
export interface CallFilter {
  readonly answer?: 'accepted' | 'other' | 'none';
  readonly targetId?: string;
  readonly tiktokRequestId?: string;
}

export const callsQuery = (destinationId: string, filter: CallFilter, cursor: string) =>
  queryOptions({
    queryKey: ['calls', destinationId, filter, cursor],
    queryFn: () =>
      page(
        api.GET('/api/v1/destinations/{destinationId}/requests', {
          params: {
            path: { destinationId },
            query: { ...filter, limit: callsAtOnce, ...(cursor === '' ? {} : { cursor }) },
          },
        }),
      ),
    // The first page is watched; a page that was turned to stays as it is.
    refetchInterval: cursor === '' ? liveMs : false,
    placeholderData: (before: CallPage | undefined) => before,
  });

export const callQuery = (destinationId: string, requestId: string) =>
  queryOptions({
    queryKey: ['call', destinationId, requestId],
    queryFn: () =>
      one(
        api.GET('/api/v1/destinations/{destinationId}/requests/{requestId}', {
          params: { path: { destinationId, requestId } },
        }),
      ),
  });

interface ParkedPage {
  readonly data: Parked[];
  readonly pagination: { next: string | null; total: number };
}

export const parkedQuery = (destinationId: string, cursor: string) =>
  queryOptions({
    queryKey: ['parked', destinationId, cursor],
    queryFn: () =>
      page(
        api.GET('/api/v1/destinations/{destinationId}/parked', {
          params: { path: { destinationId }, query: { limit: 50, ...(cursor === '' ? {} : { cursor }) } },
        }),
      ),
    refetchInterval: liveMs,
    placeholderData: (before: ParkedPage | undefined) => before,
  });

/** Of what is parked: one person at one TikTok audience, or everybody with a reason; nothing named is everything. */
export interface WhichParked {
  readonly personId?: string;
  readonly targetId?: string;
  readonly code?: number;
}

/** Owes what is parked again. */
export const retryParked = (destinationId: string, which: WhichParked = {}): Promise<{ retried: number }> =>
  one(
    api.POST('/api/v1/destinations/{destinationId}/parked/retry', {
      params: { path: { destinationId }, query: which },
    }),
  );

/** The table of TikTok's codes that Usher goes by. */
export const errorsQuery = queryOptions({
  queryKey: ['catalog-errors'],
  queryFn: () => one(api.GET('/api/v1/catalog/errors')),
  staleTime: Number.POSITIVE_INFINITY,
});
