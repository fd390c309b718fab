import { queryOptions } from '@tanstack/react-query';
import { api, done, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type Session = components['schemas']['Session'];

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: () => one(api.GET('/api/v1/sessions')),
});

export const endSession = (sessionId: string): Promise<void> =>
  done(api.DELETE('/api/v1/sessions/{sessionId}', { params: { path: { sessionId } } }));

export const endOtherSessions = (): Promise<{ ended: number }> => one(api.DELETE('/api/v1/sessions'));

export const changeName = (name: string): Promise<void> => done(api.PATCH('/api/v1/profile', { body: { name } }));

/** Ends the other sessions. `current` may be left out right after a sign-in link. */
export const changePassword = (entries: { current?: string; next: string }): Promise<void> =>
  done(api.POST('/api/v1/profile/password', { body: entries }));

export const beginTwoStep = (): Promise<{ secret: string; uri: string }> => one(api.POST('/api/v1/profile/two-step'));

/** Gives the recovery codes, this once. */
export const confirmTwoStep = async (code: string): Promise<readonly string[]> =>
  (await one(api.POST('/api/v1/profile/two-step/confirm', { body: { code } }))).recoveryCodes;

export const endTwoStep = (): Promise<void> => done(api.DELETE('/api/v1/profile/two-step'));
