import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { idToText } from '../../contract/ids.ts';
import {
  type AccountProblem,
  type Begun,
  findSession,
  getSession,
  getUser,
  hasUsers,
  type LinkProblem,
  listSpaces,
  ownersOf,
  type PasswordProblem,
  type Principal,
  roleIn,
  type SignInProblem,
  type User,
} from '../auth/auth.ts';
import { minutes, seconds } from '../kernel/clock.ts';
import { must } from '../kernel/result.ts';
import { setSessionCookie } from './cookie.ts';
import { type ApiEnv, type Refusal, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { problemsSchema, roleSchema, timeSchema } from './shapes.ts';

/** What all routes of signing in share: the answer, and the words for what is wrong. */

export const userShape = {
  id: z.string(),
  email: z.string(),
  name: z.string(),
  twoStep: z.boolean().openapi({ description: 'signing in asks for a six-digit code as well' }),
};

export const meSchema = z
  .object({
    signedIn: z.boolean(),
    setupNeeded: z.boolean().openapi({ description: 'there is no account yet: the link on the console makes one' }),
    user: z.object({ ...userShape, preferences: z.record(z.string(), z.unknown()) }).nullable(),
    role: roleSchema.nullable().openapi({ description: 'in every space and over the installation; null: none there' }),
    spaces: z.array(
      z.object({
        id: z.string(),
        slug: z.string(),
        name: z.string(),
        role: roleSchema,
        owners: z.array(z.string()).openapi({ description: 'names of the people who may change everything here' }),
      }),
    ),
    confirmed: z.boolean().openapi({
      description: 'the password was typed within 15 minutes; else sensitive routes answer 401 reauthenticate',
    }),
    expiresAt: timeSchema.nullable(),
  })
  .openapi('Me');
type Me = z.infer<typeof meSchema>;

/** People with more spaces than this find the rest at `GET /spaces`. */
const spacesMost = 1_000;

export async function meOf(parts: ApiParts, principal: Principal | undefined): Promise<Me> {
  const session = principal?.session;
  const user = session && (await getUser(parts.db, session.userId));
  if (!principal || !session || !user) return { ...nobody, setupNeeded: !(await hasUsers(parts.db)) };
  const { items } = await listSpaces(parts.db, principal, { after: 0, limit: spacesMost });
  const owners = await ownersOf(
    parts.db,
    items.map(({ id }) => id),
  );
  const alive = await getSession(parts.db, parts.clock, session);
  return {
    signedIn: true,
    setupNeeded: false,
    user: { ...userToJson(user), preferences: user.preferences },
    role: roleIn(principal.grants, null) ?? null,
    spaces: items.map(({ id, slug, name }) => ({
      id: idToText('space', id),
      slug,
      name,
      role: must(roleIn(principal.grants, id), 'the list holds what the principal sees'),
      owners: owners.get(id) ?? [],
    })),
    confirmed: session.confirmed,
    expiresAt: alive?.expiresAt.toISOString() ?? null,
  };
}

const nobody = { signedIn: false, user: null, role: null, spaces: [], confirmed: false, expiresAt: null };

export const userToJson = (user: User) => ({
  id: idToText('user', user.id),
  email: user.email,
  name: user.name,
  twoStep: user.twoStep,
});

/** Hands the cookie to the browser and says who is signed in by it. */
export async function welcome(c: Context<ApiEnv>, parts: ApiParts, begun: Begun): Promise<Me> {
  setSessionCookie(c, parts, begun);
  return meOf(parts, await findSession(parts, begun.cookie.reveal()));
}

const json = (description: string) => ({ description, content: { 'application/json': { schema: problemsSchema } } });

/** What refusals of signing in look like in the OpenAPI document. */
export const signInRefusals = {
  400: json('something in the request is wrong'),
  401: json('wrong-credentials, or code-needed: the account asks for a six-digit code too'),
  403: json('not from a page of Usher'),
  429: json('too-many-tries; Retry-After says how long to wait'),
} as const;
export const linkRefusals = {
  400: json('something in the request is wrong, e.g. a password that must not be chosen'),
  403: json('not from a page of Usher'),
  404: json('no such link'),
  409: json('the link was used, or the e-mail address is taken'),
  410: json('the link is too old, or was withdrawn'),
} as const;

/** web.md 7: one answer for every wrong pair, and no hint whether the account exists. */
export function signInRefusal(c: Context<ApiEnv>, problem: SignInProblem): Refusal {
  switch (problem.kind) {
    case 'wrong':
      return refusal(401, 'wrong-credentials', 'E-mail or password is not right.');
    case 'code needed':
      return refusal(401, 'code-needed', 'Enter the six-digit code of your authenticator app.', 'code');
    case 'too many': {
      c.header('retry-after', String(Math.ceil(problem.wait / seconds(1))));
      const wait = Math.ceil(problem.wait / minutes(1));
      return refusal(429, 'too-many-tries', `Too many tries. Wait ${wait} minute${wait === 1 ? '' : 's'}.`);
    }
  }
}

export const passwordRefusal = (c: Context<ApiEnv>, problem: PasswordProblem, field: string): Refusal => {
  if (problem.kind === 'refused') return refusal(400, 'password', `The password ${problem.reason}.`, field);
  if (problem.kind === 'wrong') return refusal(401, 'wrong-credentials', 'The password is not right.', 'current');
  return signInRefusal(c, problem);
};

export interface LinkWords {
  /** 'set-up link' */
  readonly what: string;
  /** What to do where the link is unknown, used or old, as a sentence. */
  readonly unknown: string;
  readonly used: string;
  readonly old: string;
}

export function linkRefusal(problem: LinkProblem, { what, unknown, used, old }: LinkWords): Refusal {
  switch (problem) {
    case 'unknown':
      return refusal(404, 'unknown-link', `This Usher did not make this ${what}. ${unknown}`);
    case 'used':
      return refusal(409, 'used-link', `This ${what} was used. ${used}`);
    case 'old':
      return refusal(410, 'old-link', old);
    case 'revoked':
      return refusal(410, 'revoked-link', `This ${what} was withdrawn. ${unknown}`);
  }
}

export function accountRefusal(problem: AccountProblem, words: LinkWords): Refusal {
  if (problem === 'e-mail taken')
    return refusal(
      409,
      'taken',
      'This e-mail has an account already. Sign in with it and open the link again.',
      'email',
    );
  if (typeof problem === 'object') return refusal(400, 'password', `The password ${problem.reason}.`, 'password');
  return linkRefusal(problem, words);
}
