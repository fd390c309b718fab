import { createRoute, z } from '@hono/zod-openapi';
import { idToText } from '../../contract/ids.ts';
import { beginTwoStep, changePassword, changeProfile, confirmTwoStep, endTwoStep, getUser } from '../auth/auth.ts';
import { Secret } from '../kernel/secret.ts';
import { change, fieldsOf, forPeople, forSurePeople, sessionOf } from './access.ts';
import { type Api, notFound, refusal } from './http.ts';
import { meSchema, passwordRefusal, signInRefusals, userShape, userToJson, welcome } from './me.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, conflict, nameSchema, noContent, oneOf, refusals } from './shapes.ts';
import { passwordSchema } from './sign-in.ts';

const profileSchema = z.object({ ...userShape, preferences: z.record(z.string(), z.unknown()) }).openapi('Profile');
/** Switches and choices of the pages; more than this is not a preference. */
const preferencesBytesMost = 8_000;

/** A person's own account. */
export function profile(app: Api, parts: ApiParts): void {
  app.openapi(patchRoute, async (c) => {
    const body = c.req.valid('json');
    const { userId } = sessionOf(c);
    const user = await change(parts, c, async (tx, record) => {
      const changed = await changeProfile(tx, userId, body);
      if (!changed) throw notFound();
      if (JSON.stringify(changed.preferences).length > preferencesBytesMost)
        throw refusal(400, 'too-large', `preferences may have at most ${preferencesBytesMost} bytes`, 'preferences');
      const subject = idToText('user', userId);
      await record({ spaceId: null, action: 'user.profile', subject, details: fieldsOf(body) });
      return changed;
    });
    return c.json({ data: { ...userToJson(user), preferences: user.preferences } }, 200);
  });

  app.openapi(passwordRoute, async (c) => {
    const { current, next } = c.req.valid('json');
    const given = { current: current === undefined ? undefined : new Secret(current), next: new Secret(next) };
    const begun = await changePassword(parts, sessionOf(c), given, c.get('from'));
    if (!begun.ok) throw passwordRefusal(c, begun.error, 'next');
    return c.json({ data: await welcome(c, parts, begun.value) }, 200);
  });

  app.openapi(beginRoute, async (c) => {
    const { userId } = sessionOf(c);
    const begun = await change(parts, c, async (tx, record) => {
      const user = await getUser(tx, userId);
      if (!user) throw notFound();
      if (user.twoStep) throw refusal(409, 'already-on', 'two-step sign-in is on already: turn it off first');
      await record({ spaceId: null, action: 'user.two-step.begin', subject: idToText('user', userId) });
      return beginTwoStep(tx, parts, user);
    });
    return c.json({ data: { secret: begun.secret.reveal(), uri: begun.uri.reveal() } }, 201);
  });

  app.openapi(confirmRoute, async (c) => {
    const { code } = c.req.valid('json');
    const { userId } = sessionOf(c);
    const codes = await change(parts, c, async (tx, record) => {
      const made = await confirmTwoStep(tx, parts, { userId, code });
      if (!made) throw refusal(400, 'wrong-code', 'This code is not right. Wait for the next one and type it.', 'code');
      await record({ spaceId: null, action: 'user.two-step.on', subject: idToText('user', userId) });
      return made;
    });
    return c.json({ data: { recoveryCodes: codes.map((one) => one.reveal()) } }, 200);
  });

  app.openapi(endRoute, async (c) => {
    const { userId } = sessionOf(c);
    await change(parts, c, async (tx, record) => {
      await endTwoStep(tx, userId);
      await record({ spaceId: null, action: 'user.two-step.off', subject: idToText('user', userId) });
    });
    return c.body(null, 204);
  });
}

const tags = ['Profile'];

const patchRoute = createRoute({
  ...forPeople,
  tags,
  method: 'patch',
  path: '/api/v1/profile',
  summary: 'Changes your name, or what the pages remember for you (merged key by key)',
  request: {
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        preferences: z.record(z.string().max(100), z.unknown()).optional(),
      }),
    ),
  },
  responses: { 200: oneOf(profileSchema), ...refusals },
});

const passwordRoute = createRoute({
  ...forPeople,
  tags,
  method: 'post',
  path: '/api/v1/profile/password',
  summary: 'A new password; ends your other sessions and changes the cookie of this one',
  request: {
    body: bodyOf(
      z.strictObject({
        current: passwordSchema
          .optional()
          .openapi({ description: 'may be left out within 15 minutes after a sign-in link' }),
        next: passwordSchema,
      }),
    ),
  },
  responses: { 200: oneOf(meSchema), ...refusals, ...signInRefusals },
});

const beginRoute = createRoute({
  ...forSurePeople,
  tags,
  method: 'post',
  path: '/api/v1/profile/two-step',
  summary: 'A secret for an authenticator app; nothing is asked for until a first code is confirmed',
  responses: {
    201: oneOf(
      z.object({ secret: z.string(), uri: z.string().openapi({ description: 'otpauth://…, for a QR code' }) }),
    ),
    409: conflict,
    ...refusals,
  },
});

const confirmRoute = createRoute({
  ...forSurePeople,
  tags,
  method: 'post',
  path: '/api/v1/profile/two-step/confirm',
  summary: 'Turns two-step sign-in on; the recovery codes are in the answer and never again',
  request: { body: bodyOf(z.strictObject({ code: z.string().max(20) })) },
  responses: { 200: oneOf(z.object({ recoveryCodes: z.array(z.string()) })), ...refusals },
});

const endRoute = createRoute({
  ...forSurePeople,
  tags,
  method: 'delete',
  path: '/api/v1/profile/two-step',
  summary: 'Turns two-step sign-in off and forgets its recovery codes',
  responses: { 204: noContent, ...refusals },
});
