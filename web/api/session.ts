import { queryOptions } from '@tanstack/react-query';
import { api, done, one } from './client.ts';
import type { Me } from './coming.ts';
import { rememberSignedIn } from './session-gate.ts';

export type { Me } from './coming.ts';

/** Who is signed in; a 401 says nobody. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  async queryFn() {
    const me = await one(api.GET('/api/v1/me'));
    rememberSignedIn(true);
    return me;
  },
  staleTime: 60_000,
});

export async function signIn(entries: { email: string; password: string; code?: string }): Promise<void> {
  // A wrong password answers 401 too, and must not open the dialog that asks for one.
  rememberSignedIn(false);
  await done(api.POST('/api/v1/session', { body: entries }));
}

export async function signOut(): Promise<void> {
  rememberSignedIn(false);
  await done(api.DELETE('/api/v1/session'));
}

export const confirmPassword = (password: string): Promise<void> =>
  done(api.POST('/api/v1/session/confirm', { body: { password } }));

/** The first account, by the one-time link that the server printed. */
export const setUp = (entries: { token: string; email: string; password: string }): Promise<void> =>
  done(api.POST('/api/v1/setup', { body: entries }));

const ranks = { viewer: 0, editor: 1, owner: 2 } as const;
type Role = keyof typeof ranks;

/** The highest role that stands for this space; a grant without a space stands for all of them and for the installation. */
export function roleIn(me: Me, spaceId: string | null): Role | undefined {
  const roles = me.grants
    .filter((grant) => grant.spaceId === null || grant.spaceId === spaceId)
    .map(({ role }) => role);
  return roles.sort((a, b) => ranks[b] - ranks[a])[0];
}

export const changePreferences = (preferences: Record<string, unknown>): Promise<void> =>
  done(api.PATCH('/api/v1/me', { body: { preferences } }));
