import { queryOptions } from '@tanstack/react-query';
import { liveMs } from './audiences.ts';
import { api, one } from './client.ts';

export type { Attention } from './coming.ts';

/** What needs a person, worst first, and what Usher is working on by itself. */
export const attentionQuery = (spaceId: string) =>
  queryOptions({
    queryKey: ['attention', spaceId],
    queryFn: () => one(api.GET('/api/v1/spaces/{spaceId}/attention', { params: { path: { spaceId } } })),
    refetchInterval: liveMs,
  });
