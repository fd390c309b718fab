import { queryOptions } from '@tanstack/react-query';
import { api, type DryRun, done, gone, made, one, page, tried } from './client.ts';
import type { components } from './openapi.d.ts';

export type Audience = components['schemas']['Audience'];
export type Connection = components['schemas']['DestinationConnection'];
export type Member = components['schemas']['Member'];

/** How often a page that people watch asks again. */
export const liveMs = 2_000;
const audiencesMax = 1_000;

export const audiencesQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['audiences', spaceId],
    queryFn: () =>
      page(
        api.GET('/api/v1/spaces/{spaceId}/audiences', {
          params: { path: { spaceId }, query: { limit: audiencesMax } },
        }),
      ),
    refetchInterval: liveMs,
  });

/** Only how many there are. */
export const audienceTotalQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['audience-total', spaceId],
    queryFn: async () => {
      const params = { path: { spaceId }, query: { limit: 1 } };
      return (await page(api.GET('/api/v1/spaces/{spaceId}/audiences', { params }))).pagination.total;
    },
    staleTime: 10_000,
  });

export const audienceQuery = (spaceId: string, audienceId: string) =>
  queryOptions({
    queryKey: ['audience', audienceId],
    queryFn: () =>
      one(api.GET('/api/v1/spaces/{spaceId}/audiences/{audienceId}', { params: { path: { spaceId, audienceId } } })),
    refetchInterval: liveMs,
  });

export const connectionsQuery = (spaceId: string, audienceId: string) =>
  queryOptions({
    queryKey: ['connections', audienceId],
    queryFn: () =>
      one(
        api.GET('/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections', {
          params: { path: { spaceId, audienceId } },
        }),
      ),
    refetchInterval: liveMs,
  });

export type MemberOutcome = Member['states'][number]['outcome'];
/** All members, or those of whom this has become at a destination. */
export interface MemberFilter {
  readonly outcome?: MemberOutcome;
  readonly destinationId?: string;
}

export const membersQuery = (place: { spaceId: string; audienceId: string }, filter: MemberFilter, cursor: string) =>
  queryOptions({
    queryKey: ['members', place.audienceId, filter, cursor],
    queryFn: () =>
      page(
        api.GET('/api/v1/spaces/{spaceId}/audiences/{audienceId}/members', {
          params: { path: place, query: { limit: 50, ...filter, ...(cursor === '' ? {} : { cursor }) } },
        }),
      ),
    // A page that has been turned stays as it is while the next one comes.
    placeholderData: (before: { data: Member[]; pagination: { next: string | null; total: number } } | undefined) =>
      before,
  });

export const createAudience = (spaceId: string, audience: { name: string; key: string }): Promise<Audience> =>
  made(api.POST('/api/v1/spaces/{spaceId}/audiences', { params: { path: { spaceId } }, body: audience }));

export const changeAudience = (
  spaceId: string,
  audienceId: string,
  change: { name?: string; description?: string },
): Promise<Audience> =>
  made(
    api.PATCH('/api/v1/spaces/{spaceId}/audiences/{audienceId}', {
      params: { path: { spaceId, audienceId } },
      body: change,
    }),
  );

export const deleteAudience = (
  path: { spaceId: string; audienceId: string },
  people: 'keep' | 'remove',
  confirmRemovals?: number,
): Promise<void> =>
  gone(
    path.audienceId,
    api.DELETE('/api/v1/spaces/{spaceId}/audiences/{audienceId}', {
      params: { path, query: { people, ...(confirmRemovals === undefined ? {} : { confirmRemovals }) } },
    }),
  );

/** What a connection emits, and so what triggers must listen to. */
export interface ConnectionSettings {
  readonly sendTrack: boolean;
  readonly sendIdentify: boolean;
  readonly enteredEvent: string;
  readonly exitedEvent: string;
  /** For mappings that read them: the ad account, and the TikTok audience where it is not the one of the key's name. */
  readonly settings?: { readonly advertiserId?: string; readonly audienceId?: string };
}
export type MatchingMappings = components['schemas']['MatchingMappings'];

/** Which mappings would take what a connection with these settings emits. */
export const matchingQuery = (
  place: { spaceId: string; audienceId: string; destinationId: string },
  settings: ConnectionSettings,
) =>
  queryOptions({
    queryKey: ['matching-mappings', place, settings],
    queryFn: () =>
      one(
        api.POST(
          '/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}/matching-mappings',
          { params: { path: place }, body: { ...settings, settings: settings.settings ?? {} } },
        ),
      ),
    // While a name is typed the last answer stays: nothing below it jumps.
    placeholderData: (before: MatchingMappings | undefined) => before,
  });

export const connect = (
  place: { spaceId: string; audienceId: string },
  destinationId: string,
  settings: ConnectionSettings,
): Promise<Connection> =>
  made(
    api.POST('/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections', {
      params: { path: place },
      body: { destinationId, ...settings },
    }),
  );

/** What connecting would send. */
export const tryConnect = (
  place: { spaceId: string; audienceId: string },
  destinationId: string,
  settings: ConnectionSettings,
): Promise<DryRun> =>
  tried(
    api.POST('/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections', {
      params: { path: place, query: { dryRun: 'true' } },
      body: { destinationId, ...settings },
    }),
  );

export const changeConnection = (
  place: { spaceId: string; audienceId: string; destinationId: string },
  change: Partial<ConnectionSettings> & { enabled?: boolean },
): Promise<Connection> =>
  made(
    api.PATCH('/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}', {
      params: { path: place },
      body: change,
    }),
  );

export const disconnect = (
  place: { spaceId: string; audienceId: string; destinationId: string },
  people: 'keep' | 'remove',
  confirmRemovals?: number,
): Promise<void> =>
  done(
    api.DELETE('/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}', {
      params: { path: place, query: { people, ...(confirmRemovals === undefined ? {} : { confirmRemovals }) } },
    }),
  );

/** How many members there were over time. */
export const sizesQuery = (spaceId: string, audienceId: string, range: { name: string; ms: number }) =>
  queryOptions({
    queryKey: ['sizes', audienceId, range.name],
    queryFn: () => {
      const from = new Date(Date.now() - range.ms).toISOString();
      return one(
        api.GET('/api/v1/spaces/{spaceId}/audiences/{audienceId}/sizes', {
          params: { path: { spaceId, audienceId }, query: { from } },
        }),
      );
    },
    refetchInterval: 60_000,
  });
