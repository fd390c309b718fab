import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, done, gone, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Source = components['schemas']['Source'];
export type SourceKind = Source['kind'];
export type WriteKey = Source['writeKeys'][number];
export type Ingest = components['schemas']['Ingest'];

export const sourcesQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['sources', spaceId],
    queryFn: () => one(api.GET('/api/v1/spaces/{spaceId}/sources', { params: { path: { spaceId } } })),
  });

export const sourceQuery = (sourceId: string) =>
  queryOptions({
    queryKey: ['source', sourceId],
    queryFn: () => one(api.GET('/api/v1/sources/{sourceId}', { params: { path: { sourceId } } })),
  });

const dayMs = 86_400_000;
/** Counts by the minute are read, so the API goes back no further. */
export const ingestMostMs = 14 * dayMs;

/** What came in, by source; during the last day unless asked otherwise. */
export const ingestQuery = (spaceId: string, ms = dayMs) =>
  queryOptions({
    queryKey: ['ingest', spaceId, ms],
    queryFn: () => {
      // A minute less than the API's limit, for browsers whose clock is behind.
      const from = new Date(Date.now() - Math.min(ms, ingestMostMs - 60_000)).toISOString();
      return one(api.GET('/api/v1/spaces/{spaceId}/ingest', { params: { path: { spaceId }, query: { from } } }));
    },
    refetchInterval: liveMs,
    placeholderData: (before: Ingest | undefined) => before,
  });

export const recentEventsQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['recent-events', spaceId],
    queryFn: () => one(api.GET('/api/v1/spaces/{spaceId}/events/recent', { params: { path: { spaceId } } })),
    refetchInterval: liveMs,
  });

/** Which of the last events a trigger matches. */
export const recentMatchQuery = (spaceId: string, trigger: string) =>
  queryOptions({
    queryKey: ['recent-match', spaceId, trigger],
    queryFn: () =>
      one(
        api.POST('/api/v1/spaces/{spaceId}/events/recent/match', { params: { path: { spaceId } }, body: { trigger } }),
      ),
    refetchInterval: 10_000,
    placeholderData: (before: { of: number; matching: string[] } | undefined) => before,
  });

/** For owners of the whole installation: how many events of the last hour carried a write key that nobody knows. */
export const unknownKeysQuery = queryOptions({
  queryKey: ['unknown-keys'],
  queryFn: () => {
    const from = new Date(Date.now() - 3_600_000).toISOString();
    return one(api.GET('/api/v1/ingest/unknown-keys', { params: { query: { from } } }));
  },
  refetchInterval: 10_000,
});

export const createSource = (
  spaceId: string,
  source: { name: string; slug: string; kind: SourceKind },
): Promise<Source> =>
  one(api.POST('/api/v1/spaces/{spaceId}/sources', { params: { path: { spaceId } }, body: source }));

export const changeSource = (sourceId: string, change: { name?: string; enabled?: boolean }): Promise<Source> =>
  one(api.PATCH('/api/v1/sources/{sourceId}', { params: { path: { sourceId } }, body: change }));

export const deleteSource = (sourceId: string): Promise<void> =>
  gone(sourceId, api.DELETE('/api/v1/sources/{sourceId}', { params: { path: { sourceId } } }));

export const createWriteKey = (sourceId: string): Promise<WriteKey> =>
  one(api.POST('/api/v1/sources/{sourceId}/writekey', { params: { path: { sourceId } } }));

export const revokeWriteKey = (sourceId: string, keyId: string): Promise<void> =>
  done(api.DELETE('/api/v1/sources/{sourceId}/writekey/{keyId}', { params: { path: { sourceId, keyId } } }));
