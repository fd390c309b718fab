import { queryOptions } from '@tanstack/react-query';
import type { Role } from './accounts.ts';
import { api, done, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type ApiToken = components['schemas']['ApiToken'];
export type NewApiToken = components['schemas']['NewApiToken'];

const tokensMax = 1_000;

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: () => one(api.GET('/api/v1/tokens', { params: { query: { limit: tokensMax } } })),
});

export interface TokenEntries {
  readonly name: string;
  readonly role: Role;
  readonly spaceId: string | null;
  /** Absent: until it is revoked. */
  readonly expiresAt?: string;
}

export const createToken = (entries: TokenEntries): Promise<NewApiToken> =>
  one(api.POST('/api/v1/tokens', { body: entries }));

export const revokeToken = (tokenId: string): Promise<void> =>
  done(api.DELETE('/api/v1/tokens/{tokenId}', { params: { path: { tokenId } } }));
