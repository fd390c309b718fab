import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { html } from 'hono/html';
import { idSchema, idToText } from '../../contract/ids.ts';
import { audit, findSession } from '../auth/auth.ts';
import { recordingReads } from '../delivery/delivery.ts';
import {
  type AuthorizationProblem,
  beginAuthorization,
  type Connected,
  finishAuthorization,
  type OAuthDeps,
  revokeAuthorization,
} from '../destinations/destinations.ts';
import { change, forOwners, permittedDestination } from './access.ts';
import { readSessionCookie } from './cookie.ts';
import { type Api, apiHeaders, refusal } from './http.ts';
import { type ApiParts, callbackPath } from './parts.ts';
import { bodyOf, conflict, oneOf, refusals } from './shapes.ts';

const params = z.object({ destinationId: idSchema('destination') });

export function oauth(app: Api, parts: ApiParts): void {
  const tiktokOf: OAuthDeps['tiktokOf'] = (place) => recordingReads(parts, { ...place, fence: 0 });
  const deps = { ...parts, tiktokOf, redirectUri: parts.publicUrl + callbackPath };

  app.openapi(authorizeRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const { returnTo } = c.req.valid('json');
    const url = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedDestination(c, tx, destinationId);
      const owner = c.get('principal').actor;
      const begun = await beginAuthorization(tx, deps, { spaceId, destinationId, owner, returnTo });
      if (!begun.ok) throw begun.error === 'not configured' ? noApp() : badReturn();
      await record({ spaceId, action: 'destination.authorize', subject: idToText('destination', destinationId) });
      return begun.value;
    });
    return c.json({ data: { url } }, 201);
  });

  app.openapi(revokeRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const { spaceId } = await permittedDestination(c, parts.db, destinationId);
    const { actor } = c.get('principal');
    const subject = idToText('destination', destinationId);
    const tiktok = recordingReads(parts, { spaceId, destinationId, fence: 0 });
    const revoked = await revokeAuthorization({ ...parts, tiktok }, destinationId, (tx) =>
      audit(tx, parts.clock, { spaceId, actor, action: 'destination.revoke', subject }),
    );
    if (!revoked.ok) throw refusal(409, 'not-connected', 'TikTok is not connected');
    parts.changed();
    return c.json({ data: revoked.value }, 200);
  });

  // The browser comes from TikTok: its cookie says who it is, the state what was asked (T1).
  app.get(callbackPath, apiHeaders(parts.publicUrl), async (c) => {
    const { state, auth_code: authCode, code } = c.req.query();
    const cookie = readSessionCookie(c, parts);
    const person = cookie === undefined ? undefined : await findSession(parts, cookie);
    const answer = { state, authCode: authCode || code, owner: person?.actor };
    const finished = await finishAuthorization(deps, answer, (tx, connected) =>
      audit(tx, parts.clock, {
        spaceId: connected.spaceId,
        actor: connected.owner,
        action: 'destination.connect',
        subject: idToText('destination', connected.destinationId),
        details: { advertisers: connected.advertiserIds.length, missing: connected.missingScopes.map(({ id }) => id) },
      }),
    );
    if (!finished.ok) return showProblem(c, finished.error);
    parts.changed();
    return showConnected(c, finished.value);
  });
}

const tags = ['OAuth'];

const authorizeRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/oauth/authorize',
  summary: 'The address at TikTok where somebody allows this destination to manage audiences',
  request: {
    params,
    body: {
      ...bodyOf(
        z.strictObject({
          returnTo: z.string().max(4_000).optional().openapi({
            description: 'a path of this server, for afterwards; `oauth` in its query says what came of it',
          }),
        }),
      ),
    },
  },
  responses: { 201: oneOf(z.object({ url: z.url() })), 409: conflict, ...refusals },
});

const revokeRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/oauth/revoke',
  summary: 'Gives the permission back at TikTok and forgets the token; what is owed is kept',
  request: { params },
  responses: {
    200: oneOf(
      z.object({
        atTikTok: z.boolean().openapi({ description: 'false: TikTok did not confirm; remove the app in its settings' }),
        message: z.string(),
      }),
    ),
    409: conflict,
    ...refusals,
  },
});

const noApp = () =>
  refusal(
    409,
    'not-configured',
    'no TikTok app is configured: set TIKTOK_APP_ID and TIKTOK_APP_SECRET and start again',
  );
const badReturn = () => refusal(400, 'invalid', 'must be a path of this server', 'returnTo');

const wantsJson = (c: Context): boolean => (c.req.header('accept') ?? '').includes('application/json');

function showConnected(c: Context, connected: Connected): Response | Promise<Response> {
  const destinationId = idToText('destination', connected.destinationId);
  const { advertiserIds, lackingAdvertiserIds, missingScopes, returnTo } = connected;
  if (wantsJson(c)) {
    const data = { destinationId, advertiserIds, lackingAdvertiserIds, missingPermissions: missingScopes, returnTo };
    return c.json({ data });
  }
  if (returnTo !== '') return c.redirect(withOutcome(returnTo, 'connected'), 303);
  const missing = missingScopes.map((scope) => `${scope.name}, ${scope.why}`).join('; ');
  const text = [
    `TikTok allowed ${advertiserIds.length} ad account${advertiserIds.length === 1 ? '' : 's'}.`,
    ...(missing === '' ? [] : [`It did not grant: ${missing}.`]),
    ...(lackingAdvertiserIds.length === 0
      ? []
      : [
          `Not among them: ${lackingAdvertiserIds.join(', ')}, which this destination sends to. What is owed there is kept; connect again and tick them.`,
        ]),
  ];
  return c.html(page('TikTok is connected', text.join(' '), '/'));
}

function showProblem(c: Context, problem: AuthorizationProblem): Response | Promise<Response> {
  const message = problemText(problem);
  if (wantsJson(c)) return c.json({ errors: [{ type: problem.kind.replaceAll(' ', '-'), message }] }, 400);
  if ('returnTo' in problem && problem.returnTo !== '') {
    return c.redirect(withOutcome(problem.returnTo, outcomeOf(problem)), 303);
  }
  return c.html(page('TikTok is not connected', message, '/'), 400);
}

/** The page that asked says what came of it; TikTok's code only as a number. */
function withOutcome(returnTo: string, outcome: string): string {
  const base = 'http://usher.invalid';
  const url = new URL(returnTo, base);
  url.searchParams.set('oauth', outcome);
  return url.href.slice(base.length);
}

function outcomeOf(problem: AuthorizationProblem): string {
  if (problem.kind === 'not exchanged' && problem.code !== null) return `not-exchanged-${problem.code}`;
  return problem.kind.replaceAll(' ', '-');
}

function problemText(problem: AuthorizationProblem): string {
  switch (problem.kind) {
    case 'unknown state':
      return 'This link was not made by this server. Begin again.';
    case 'used state':
      return 'This link was used already. Begin again.';
    case 'expired state':
      return 'This link is older than ten minutes. Begin again.';
    case 'other person':
      return 'Somebody else began this. Begin again with your own sign-in.';
    case 'declined':
      return 'TikTok sent no permission: it was declined.';
    case 'not exchanged':
      return `TikTok gave no token: ${problem.message}${problem.code === null ? '' : ` (${problem.code})`}`;
    case 'no destination':
      return 'The destination was deleted meanwhile.';
  }
}

/** `html` escapes what it is given. */
const page = (title: string, text: string, back: string) => html`<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>${title}</title></head>
  <body><h1>${title}</h1><p>${text}</p><p><a href="${back}">Back to Usher</a></p></body>
</html>`;
