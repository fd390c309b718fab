import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText, type UserId } from '../../contract/ids.ts';
import {
  createSignInLink,
  type Grant,
  getUser,
  listUsers,
  type Principal,
  removeUser,
  setRoles,
  spacesOf,
  type User,
  type UserProblem,
} from '../auth/auth.ts';
import type { Queryable } from '../db/port.ts';
import { change, forOwners, permit } from './access.ts';
import { type Api, type ApiContext, notFound, type Refusal, refusal } from './http.ts';
import { userShape, userToJson } from './me.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
  listOf,
  noContent,
  oneOf,
  pageAfter,
  pageQuery,
  refusals,
  roleSchema,
  timeSchema,
  toPage,
} from './shapes.ts';

/** A role in a space; `spaceId` null: in every space, and over the installation. */
export const grantSchema = z.strictObject({ spaceId: idSchema('space').nullable(), role: roleSchema });
export const shownGrantSchema = z.object({ spaceId: z.string().nullable(), role: roleSchema });

const userSchema = z
  .object({
    ...userShape,
    roles: z.array(shownGrantSchema).openapi({ description: 'those in spaces that you own, and in all spaces' }),
    createdAt: timeSchema,
    lastSeenAt: timeSchema.nullable(),
  })
  .openapi('User');
const params = z.object({ userId: idSchema('user') });

export function users(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const principal = c.get('principal');
    permitSomewhere(c);
    const query = c.req.valid('query');
    const found = await listUsers(parts.db, spacesOf(principal, 'owner'), pageAfter(query));
    return c.json(
      toPage(query, found, (user) => userToShown(principal, user)),
      200,
    );
  });

  app.openapi(patchRoute, async (c) => {
    const { userId } = c.req.valid('param');
    const given = c.req.valid('json').roles;
    const principal = c.get('principal');
    const user = await change(parts, c, async (tx, record) => {
      const before = await visibleUser(c, tx, userId);
      for (const { spaceId } of given) permit(c, spaceId);
      const kept = before.grants.filter((grant) => !owns(principal, grant));
      const after = await setRoles(tx, userId, [...kept, ...given]);
      if (!after.ok) throw userRefusal(after.error);
      const details = { before: grantsToJson(before.grants), after: grantsToJson(after.value.grants) };
      await record({ spaceId: null, action: 'user.roles', subject: idToText('user', userId), details });
      return after.value;
    });
    return c.json({ data: userToShown(principal, user) }, 200);
  });

  app.openapi(deleteRoute, async (c) => {
    const { userId } = c.req.valid('param');
    permit(c, null);
    await change(parts, c, async (tx, record) => {
      const removed = await removeUser(tx, parts.clock, userId);
      if (!removed.ok) throw userRefusal(removed.error);
      await record({ spaceId: null, action: 'user.remove', subject: idToText('user', userId) });
    });
    return c.body(null, 204);
  });

  app.openapi(linkRoute, async (c) => {
    const { userId } = c.req.valid('param');
    permit(c, null);
    const made = await change(parts, c, async (tx, record) => {
      if (!(await getUser(tx, userId))) throw notFound();
      const link = await createSignInLink(tx, parts, { userId, madeBy: c.get('principal').actor });
      await record({ spaceId: null, action: 'user.sign-in-link', subject: idToText('user', userId) });
      return link;
    });
    const link = `${parts.publicUrl}/sign-in#token=${made.text.reveal()}`;
    return c.json({ data: { link, expiresAt: made.expiresAt.toISOString() } }, 201);
  });
}

/** Whoever owns a space, or the installation, may see people; nobody else. */
export function permitSomewhere(c: ApiContext): void {
  const [first] = spacesOf(c.get('principal'), 'owner') ?? [null];
  const [seen] = spacesOf(c.get('principal')) ?? [null];
  if (first !== undefined) permit(c, first);
  else if (seen !== undefined) permit(c, seen);
  else throw notFound();
}

/** I11: people who have nothing to do with the spaces of the one who asks are not there. */
async function visibleUser(c: ApiContext, q: Queryable, id: UserId): Promise<User> {
  permitSomewhere(c);
  const user = await getUser(q, id);
  const principal = c.get('principal');
  const seesAll = spacesOf(principal, 'owner') === null;
  if (!user || !(seesAll || user.grants.some((grant) => isShown(principal, grant)))) throw notFound();
  return user;
}

export function owns(principal: Principal, { spaceId }: Grant): boolean {
  const owned = spacesOf(principal, 'owner');
  return owned === null || (spaceId !== null && owned.includes(spaceId));
}

/** Who is in all spaces is in mine. */
const isShown = (principal: Principal, grant: Grant): boolean => grant.spaceId === null || owns(principal, grant);

export const grantsToJson = (grants: readonly Grant[]) =>
  grants.map(({ spaceId, role }) => ({ spaceId: spaceId === null ? null : idToText('space', spaceId), role }));

const userRefusal = (problem: UserProblem): Refusal =>
  problem === 'no such user'
    ? notFound()
    : refusal(409, 'last-owner', 'The last owner cannot leave or be changed. Make someone else owner first.');

const tags = ['Users'];

const listRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/users',
  summary: 'The people in the spaces that you own',
  request: { query: pageQuery },
  responses: { 200: listOf(userSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forOwners,
  tags,
  method: 'patch',
  path: '/api/v1/users/{userId}',
  summary: 'Sets the roles of a person in the spaces that you own; those in other spaces stay',
  request: { params, body: bodyOf(z.strictObject({ roles: z.array(grantSchema).max(1_000) })) },
  responses: { 200: oneOf(userSchema), 409: conflict, ...refusals },
});

const deleteRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: '/api/v1/users/{userId}',
  summary: 'Removes an account and ends its sessions; for owners of the whole installation',
  request: { params },
  responses: { 204: noContent, 409: conflict, ...refusals },
});

const linkRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/users/{userId}/sign-in-link',
  summary:
    'A link that signs this person in once within 24 hours, to set a new password; for owners of the installation',
  request: { params },
  responses: { 201: oneOf(z.object({ link: z.string(), expiresAt: timeSchema })), ...refusals },
});

const userToShown = (principal: Principal, user: User): z.infer<typeof userSchema> => ({
  ...userToJson(user),
  roles: grantsToJson(user.grants.filter((grant) => isShown(principal, grant))),
  createdAt: user.createdAt.toISOString(),
  lastSeenAt: user.lastSeenAt?.toISOString() ?? null,
});
