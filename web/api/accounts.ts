import { queryOptions } from '@tanstack/react-query';
import { api, done, one } from './client.ts';
import type { components } from './openapi.d.ts';

export type User = components['schemas']['User'];
export type Invitation = components['schemas']['Invitation'];
export type NewInvitation = components['schemas']['NewInvitation'];
export type Role = components['schemas']['Me']['spaces'][number]['role'];
/** A role in a space; null: in every space, and over the installation. */
export interface Grant {
  readonly spaceId: string | null;
  readonly role: Role;
}

const peopleMax = 1_000;

/** For owners: whoever has to do with their spaces. */
export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => one(api.GET('/api/v1/users', { params: { query: { limit: peopleMax } } })),
});

export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: () => one(api.GET('/api/v1/invitations')),
});

export const invite = (roles: readonly Grant[], note: string): Promise<NewInvitation> =>
  one(api.POST('/api/v1/invitations', { body: { roles: [...roles], note } }));

export const withdrawInvitation = (invitationId: string): Promise<void> =>
  done(api.DELETE('/api/v1/invitations/{invitationId}', { params: { path: { invitationId } } }));

export const setRoles = (userId: string, roles: readonly Grant[]): Promise<User> =>
  one(api.PATCH('/api/v1/users/{userId}', { params: { path: { userId } }, body: { roles: [...roles] } }));

export const removeUser = (userId: string): Promise<void> =>
  done(api.DELETE('/api/v1/users/{userId}', { params: { path: { userId } } }));

/** Signs the person in once, so that they can set a new password. */
export const createSignInLink = (userId: string): Promise<{ link: string; expiresAt: string }> =>
  one(api.POST('/api/v1/users/{userId}/sign-in-link', { params: { path: { userId } } }));

/** What the holder of a link is invited to. */
export const readInvitation = (token: string) => one(api.POST('/api/v1/invitations/read', { body: { token } }));

export const acceptInvitation = (entries: { token: string; email: string; password: string }): Promise<void> =>
  done(api.POST('/api/v1/invitations/accept', { body: entries }));

export const joinByInvitation = (token: string): Promise<void> =>
  done(api.POST('/api/v1/invitations/join', { body: { token } }));
