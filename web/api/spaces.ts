import { api, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Space = components['schemas']['Space'];

export const createSpace = (space: { name: string; slug: string }): Promise<Space> =>
  one(api.POST('/api/v1/spaces', { body: space }));

export const renameSpace = (spaceId: string, name: string): Promise<Space> =>
  one(api.PATCH('/api/v1/spaces/{spaceId}', { params: { path: { spaceId } }, body: { name } }));
