import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Attention = components['schemas']['Attention'];

/** What needs a person, worst first, and what Usher is working on by itself. */
export const attentionQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['attention', spaceId],
    queryFn: () => one(api.GET('/api/v1/spaces/{spaceId}/attention', { params: { path: { spaceId } } })),
    refetchInterval: liveMs,
  });
