import { queryOptions } from '@tanstack/react-query';
import { api, one, page } from './client.ts';
import type { components } from './openapi.d.ts';

export type Space = components['schemas']['Space'];

/** More spaces than one answer holds are not for a menu. */
const spacesMax = 1_000;

export const spacesQuery = queryOptions({
  queryKey: ['spaces'],
  queryFn: async () => (await page(api.GET('/api/v1/spaces', { params: { query: { limit: spacesMax } } }))).data,
  staleTime: 60_000,
});

export const createSpace = (space: { name: string; slug: string }): Promise<Space> =>
  one(api.POST('/api/v1/spaces', { body: space }));

export const renameSpace = (spaceId: string, name: string): Promise<Space> =>
  one(api.PATCH('/api/v1/spaces/{spaceId}', { params: { path: { spaceId } }, body: { name } }));
