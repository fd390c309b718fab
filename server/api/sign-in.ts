import { createRoute, z } from '@hono/zod-openapi';
import { findSession, setUp, signIn, signInByLink } from '../auth/auth.ts';
import { Secret } from '../kernel/secret.ts';
import { forAnyone } from './access.ts';
import { readSessionCookie } from './cookie.ts';
import type { Api } from './http.ts';
import {
  accountRefusal,
  type LinkWords,
  linkRefusal,
  linkRefusals,
  meOf,
  meSchema,
  signInRefusal,
  signInRefusals,
  welcome,
} from './me.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, nameSchema, oneOf } from './shapes.ts';

/** Signing in: whoever asks here is nobody yet. */
export function signInRoutes(app: Api, parts: ApiParts): void {
  app.openapi(meRoute, async (c) => {
    const cookie = readSessionCookie(c, parts);
    const principal = cookie === undefined ? undefined : await findSession(parts, cookie);
    return c.json({ data: await meOf(parts, principal) }, 200);
  });

  app.openapi(signInRoute, async (c) => {
    const { email, password, code } = c.req.valid('json');
    const begun = await signIn(parts, { email, password: new Secret(password), code }, c.get('from'));
    if (!begun.ok) throw signInRefusal(c, begun.error);
    return c.json({ data: await welcome(c, parts, begun.value) }, 201);
  });

  app.openapi(linkRoute, async (c) => {
    const begun = await signInByLink(parts, c.req.valid('json').token, c.get('from'));
    if (!begun.ok) throw linkRefusal(begun.error, signInWords);
    return c.json({ data: await welcome(c, parts, begun.value) }, 201);
  });

  app.openapi(setUpRoute, async (c) => {
    const { password, ...given } = c.req.valid('json');
    const begun = await setUp(parts, { ...given, password: new Secret(password) }, c.get('from'));
    if (!begun.ok) throw accountRefusal(begun.error, setUpWords);
    return c.json({ data: await welcome(c, parts, begun.value) }, 201);
  });
}

/** Nobody's e-mail is longer (RFC 5321), nobody's password may be (passwords.ts); more is not worth a hash. */
export const emailSchema = z
  .string()
  .trim()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address');
export const passwordSchema = z.string().min(1).max(1_000);
export const linkTokenSchema = z.string().min(1).max(200).openapi({ description: 'what follows `token=` in the link' });
export const newAccountShape = {
  token: linkTokenSchema,
  email: emailSchema,
  name: nameSchema.optional().openapi({ description: 'absent: the beginning of the e-mail address' }),
  password: passwordSchema.openapi({ description: '8 to 128 characters, none of the well-known ones' }),
};

const tags = ['Sign-in'];

const meRoute = createRoute({
  ...forAnyone,
  tags,
  method: 'get',
  path: '/api/v1/session',
  summary: 'Who is signed in by this browser; 200 also where nobody is',
  responses: { 200: oneOf(meSchema) },
});

const signInRoute = createRoute({
  ...forAnyone,
  tags,
  method: 'post',
  path: '/api/v1/session',
  summary: 'Signs in; the session comes as a cookie',
  request: {
    body: bodyOf(
      z.strictObject({
        email: z.string().max(1_000),
        password: passwordSchema,
        code: z.string().max(100).optional().openapi({ description: 'six digits, or a recovery code' }),
      }),
    ),
  },
  responses: { 201: oneOf(meSchema), ...signInRefusals },
});

const linkRoute = createRoute({
  ...forAnyone,
  tags,
  method: 'post',
  path: '/api/v1/session/link',
  summary: 'Signs in once by a link that an owner has made, or the demonstration has printed',
  request: { body: bodyOf(z.strictObject({ token: linkTokenSchema })) },
  responses: { 201: oneOf(meSchema), ...linkRefusals },
});

const setUpRoute = createRoute({
  ...forAnyone,
  tags,
  method: 'post',
  path: '/api/v1/setup',
  summary: 'Makes the first account, an owner of everything, and signs it in',
  request: { body: bodyOf(z.strictObject(newAccountShape)) },
  responses: { 201: oneOf(meSchema), ...linkRefusals },
});

const signInWords: LinkWords = {
  what: 'sign-in link',
  unknown: 'Ask an owner for another one.',
  used: 'Sign in with your password.',
  old: 'This link is over 24 hours old. Ask an owner for another one.',
};
const setUpWords: LinkWords = {
  what: 'set-up link',
  unknown: 'Restart Usher to print a new one.',
  used: 'Sign in.',
  old: 'This link is over 24 hours old. Restart Usher to print a new one.',
};
