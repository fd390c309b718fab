import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { confirmPassword, listSessions, type SignIn, signOut, signOutElsewhere } from '../auth/auth.ts';
import { Secret } from '../kernel/secret.ts';
import { change, forPeople, sessionOf } from './access.ts';
import { clearSessionCookie } from './cookie.ts';
import { type Api, notFound } from './http.ts';
import { meSchema, passwordRefusal, signInRefusals, welcome } from './me.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, listOf, noContent, oneOf, refusals, timeSchema } from './shapes.ts';
import { passwordSchema } from './sign-in.ts';

const sessionSchema = z
  .object({
    id: z.string(),
    current: z.boolean().openapi({ description: 'the one of this request' }),
    userAgent: z.string(),
    address: z.string(),
    createdAt: timeSchema,
    lastSeenAt: timeSchema,
    expiresAt: timeSchema,
  })
  .openapi('Session');

/** A person's own sessions. */
export function sessions(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id: current, userId } = sessionOf(c);
    const found = await listSessions(parts.db, parts.clock, userId);
    const data = found.map((session) => sessionToJson(session, session.id === current));
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(signOutRoute, async (c) => {
    const session = sessionOf(c);
    await change(parts, c, async (tx, record) => {
      await signOut(tx, parts.clock, session);
      await record({ spaceId: null, action: 'session.end', subject: idToText('session', session.id) });
    });
    clearSessionCookie(c, parts);
    return c.body(null, 204);
  });

  app.openapi(endRoute, async (c) => {
    const id = c.req.valid('param').sessionId;
    const { userId } = sessionOf(c);
    await change(parts, c, async (tx, record) => {
      if (!(await signOut(tx, parts.clock, { id, userId }))) throw notFound();
      await record({ spaceId: null, action: 'session.end', subject: idToText('session', id) });
    });
    return c.body(null, 204);
  });

  app.openapi(endOthersRoute, async (c) => {
    const session = sessionOf(c);
    const ended = await change(parts, c, async (tx, record) => {
      const count = await signOutElsewhere(tx, parts.clock, session);
      const subject = idToText('user', session.userId);
      await record({ spaceId: null, action: 'session.end-others', subject, details: { ended: count } });
      return count;
    });
    return c.json({ data: { ended } }, 200);
  });

  app.openapi(confirmRoute, async (c) => {
    const password = new Secret(c.req.valid('json').password);
    const begun = await confirmPassword(parts, sessionOf(c), password, c.get('from'));
    if (!begun.ok) throw passwordRefusal(c, begun.error, 'password');
    return c.json({ data: await welcome(c, parts, begun.value) }, 200);
  });
}

const tags = ['Sign-in'];

const listRoute = createRoute({
  ...forPeople,
  tags,
  method: 'get',
  path: '/api/v1/sessions',
  summary: 'Where you are signed in, the last used first',
  responses: { 200: listOf(sessionSchema), ...refusals },
});

const signOutRoute = createRoute({
  ...forPeople,
  tags,
  method: 'delete',
  path: '/api/v1/session',
  summary: 'Signs out',
  responses: { 204: noContent, ...refusals },
});

const endRoute = createRoute({
  ...forPeople,
  tags,
  method: 'delete',
  path: '/api/v1/sessions/{sessionId}',
  summary: 'Signs out one of your sessions, with its next request',
  request: { params: z.object({ sessionId: idSchema('session') }) },
  responses: { 204: noContent, ...refusals },
});

const endOthersRoute = createRoute({
  ...forPeople,
  tags,
  method: 'delete',
  path: '/api/v1/sessions',
  summary: 'Signs out everywhere else',
  responses: { 200: oneOf(z.object({ ended: z.int() })), ...refusals },
});

const confirmRoute = createRoute({
  ...forPeople,
  tags,
  method: 'post',
  path: '/api/v1/session/confirm',
  summary: 'The password once more, for what asked for it; the cookie changes',
  request: { body: bodyOf(z.strictObject({ password: passwordSchema })) },
  responses: { 200: oneOf(meSchema), ...refusals, ...signInRefusals },
});

const sessionToJson = (session: SignIn, current: boolean): z.infer<typeof sessionSchema> => ({
  id: idToText('session', session.id),
  current,
  userAgent: session.userAgent,
  address: session.address,
  createdAt: session.createdAt.toISOString(),
  lastSeenAt: session.lastSeenAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
});
