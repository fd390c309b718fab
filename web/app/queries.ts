import { QueryClient } from '@tanstack/react-query';
import { onServerBack } from '../api/server-away.ts';

/**
 * What was read stays on screen while it is read again. Nothing is retried here: a server that is away is watched in one
 * place (api/server-away.ts), and a refusal stays one however often it is asked for.
 */
export function createQueries(): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      queries: { retry: false, staleTime: 5_000, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  onServerBack(() => void queries.invalidateQueries());
  return queries;
}
