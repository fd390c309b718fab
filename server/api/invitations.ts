import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import {
  acceptInvitation,
  createInvitation,
  getInvitation,
  getSpace,
  type Invitation,
  joinByInvitation,
  listInvitations,
  readInvitation,
  revokeInvitation,
} from '../auth/auth.ts';
import { Secret } from '../kernel/secret.ts';
import { change, forAnyone, forOwners, forPeople, permit, sessionOf } from './access.ts';
import { type Api, notFound } from './http.ts';
import { accountRefusal, type LinkWords, linkRefusal, linkRefusals, meSchema, welcome } from './me.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, listOf, noContent, oneOf, refusals, roleSchema, timeSchema } from './shapes.ts';
import { linkTokenSchema, newAccountShape } from './sign-in.ts';
import { grantSchema, grantsToJson, owns, permitSomewhere, shownGrantSchema } from './users.ts';

const invitationSchema = z
  .object({
    id: z.string(),
    roles: z.array(shownGrantSchema),
    note: z.string(),
    madeBy: z.string().openapi({ example: 'user:3' }),
    createdAt: timeSchema,
    expiresAt: timeSchema,
  })
  .openapi('Invitation');
const madeSchema = invitationSchema
  .extend({ link: z.string().openapi({ description: 'shown this once' }) })
  .openapi('NewInvitation');

export function invitations(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    permitSomewhere(c);
    const principal = c.get('principal');
    const open = await listInvitations(parts.db, parts.clock);
    const data = open.filter(({ grants }) => grants.every((grant) => owns(principal, grant))).map(invitationToJson);
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(createInvitationRoute, async (c) => {
    const { roles: grants, note } = c.req.valid('json');
    const made = await change(parts, c, async (tx, record) => {
      for (const { spaceId } of grants) {
        permit(c, spaceId);
        if (spaceId !== null && !(await getSpace(tx, spaceId))) throw notFound();
      }
      const created = await createInvitation(tx, parts, { grants, note, madeBy: c.get('principal').actor });
      const subject = idToText('invitation', created.invitation.id);
      await record({ spaceId: null, action: 'invitation.create', subject, details: { roles: grantsToJson(grants) } });
      return created;
    });
    const link = `${parts.publicUrl}/invite#token=${made.text.reveal()}`;
    return c.json({ data: { ...invitationToJson(made.invitation), link } }, 201);
  });

  app.openapi(revokeRoute, async (c) => {
    const { invitationId } = c.req.valid('param');
    await change(parts, c, async (tx, record) => {
      const invitation = await getInvitation(tx, invitationId);
      permitSomewhere(c);
      if (!invitation?.grants.every((grant) => owns(c.get('principal'), grant))) throw notFound();
      await revokeInvitation(tx, parts.clock, invitationId);
      await record({ spaceId: null, action: 'invitation.revoke', subject: idToText('invitation', invitationId) });
    });
    return c.body(null, 204);
  });

  app.openapi(joinRoute, async (c) => {
    const { userId } = sessionOf(c);
    const joined = await joinByInvitation(parts, { token: c.req.valid('json').token, userId }, c.get('from'));
    if (!joined.ok) throw linkRefusal(joined.error, words);
    return c.body(null, 204);
  });
}

/** For those who have the link and no account yet; registered in front of `onlyKnown`. */
export function invitationLinks(app: Api, parts: ApiParts): void {
  app.openapi(readRoute, async (c) => {
    const found = await readInvitation(parts.db, parts.clock, c.req.valid('json').token);
    if (!found.ok) throw linkRefusal(found.error, words);
    const spaces = [];
    for (const { spaceId, role } of found.value.grants) {
      const space = spaceId === null ? null : await getSpace(parts.db, spaceId);
      spaces.push({ name: space?.name ?? null, role });
    }
    return c.json({ data: { spaces, expiresAt: found.value.expiresAt.toISOString() } }, 200);
  });

  app.openapi(acceptRoute, async (c) => {
    const { password, ...given } = c.req.valid('json');
    const begun = await acceptInvitation(parts, { ...given, password: new Secret(password) }, c.get('from'));
    if (!begun.ok) throw accountRefusal(begun.error, words);
    return c.json({ data: await welcome(c, parts, begun.value) }, 201);
  });
}

const tags = ['Users'];

const listRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/invitations',
  summary: 'Invitations to the spaces that you own which can still be accepted, newest first',
  responses: { 200: listOf(invitationSchema), ...refusals },
});

const createInvitationRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/invitations',
  summary: 'A link that gives one person these roles, once, within seven days',
  request: {
    body: bodyOf(
      z.strictObject({
        roles: z.array(grantSchema).min(1).max(1_000),
        note: z.string().max(200).default('').openapi({ description: 'for whom it is; shown in the list only' }),
      }),
    ),
  },
  responses: { 201: oneOf(madeSchema), ...refusals },
});

const revokeRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: '/api/v1/invitations/{invitationId}',
  summary: 'Withdraws an invitation',
  request: { params: z.object({ invitationId: idSchema('invitation') }) },
  responses: { 204: noContent, ...refusals },
});

const joinRoute = createRoute({
  ...forPeople,
  tags,
  method: 'post',
  path: '/api/v1/invitations/join',
  summary: 'Adds the roles of an invitation to the account that is signed in',
  request: { body: bodyOf(z.strictObject({ token: linkTokenSchema })) },
  responses: { 204: noContent, ...refusals, ...linkRefusals },
});

const readRoute = createRoute({
  ...forAnyone,
  tags,
  method: 'post',
  path: '/api/v1/invitations/read',
  summary: 'What the holder of an invitation link is invited to',
  request: { body: bodyOf(z.strictObject({ token: linkTokenSchema })) },
  responses: {
    200: oneOf(
      z.object({
        spaces: z.array(
          z.object({ name: z.string().nullable().openapi({ description: 'null: every space' }), role: roleSchema }),
        ),
        expiresAt: timeSchema,
      }),
    ),
    ...linkRefusals,
  },
});

const acceptRoute = createRoute({
  ...forAnyone,
  tags,
  method: 'post',
  path: '/api/v1/invitations/accept',
  summary: 'Makes an account with the roles of an invitation and signs it in',
  request: { body: bodyOf(z.strictObject(newAccountShape)) },
  responses: { 201: oneOf(meSchema), ...linkRefusals },
});

const words: LinkWords = {
  what: 'invitation',
  unknown: 'Ask for another one.',
  used: 'Sign in, or ask for another one.',
  old: 'This invitation is over 7 days old. Ask for another one.',
};

const invitationToJson = (invitation: Invitation): z.infer<typeof invitationSchema> => ({
  id: idToText('invitation', invitation.id),
  roles: grantsToJson(invitation.grants),
  note: invitation.note,
  madeBy: invitation.madeBy,
  createdAt: invitation.createdAt.toISOString(),
  expiresAt: invitation.expiresAt.toISOString(),
});
