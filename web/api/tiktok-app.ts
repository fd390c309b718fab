import { queryOptions } from '@tanstack/react-query';
import { api, one } from './client.ts';

/** Whether Usher has a TikTok app, and whether TikTok is the sandbox. Set in the environment, so it does not change. */
export const tiktokAppQuery = queryOptions({
  queryKey: ['tiktok-app'],
  queryFn: () => one(api.GET('/api/v1/tiktok-app')),
  staleTime: Number.POSITIVE_INFINITY,
});
