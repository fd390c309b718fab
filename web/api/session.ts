import { queryOptions } from '@tanstack/react-query';
import { api, done, one } from './client.ts';
import type { components } from './openapi.d.ts';
import { rememberSignedIn } from './session-gate.ts';

export type Me = components['schemas']['Me'];

/** Who is signed in by this browser; answers also where nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  async queryFn() {
    const me = await one(api.GET('/api/v1/session'));
    rememberSignedIn(me.signedIn);
    return me;
  },
  staleTime: 60_000,
});

export const signIn = (entries: { email: string; password: string; code?: string }): Promise<void> =>
  done(api.POST('/api/v1/session', { body: entries }));

/** A link that signs in once: an owner made it, or the demonstration printed it. */
export const signInByLink = (token: string): Promise<void> =>
  done(api.POST('/api/v1/session/link', { body: { token } }));

export async function signOut(): Promise<void> {
  await done(api.DELETE('/api/v1/session'));
  rememberSignedIn(false);
}

export const confirmPassword = (password: string): Promise<void> =>
  done(api.POST('/api/v1/session/confirm', { body: { password } }));

/** The first account, by the one-time link that the server printed. */
export const setUp = (entries: { token: string; email: string; password: string }): Promise<void> =>
  done(api.POST('/api/v1/setup', { body: entries }));

/** Merged key by key into what is remembered already. */
export const changePreferences = (preferences: Record<string, unknown>): Promise<void> =>
  done(api.PATCH('/api/v1/profile', { body: { preferences } }));
