import { createRoute, z } from '@hono/zod-openapi';
import { missingScopes } from '../destinations/destinations.ts';
import { forViewers } from './access.ts';
import type { Api } from './http.ts';
import { type ApiParts, callbackPath } from './parts.ts';
import { oneOf, refusals } from './shapes.ts';

const tiktokAppSchema = z
  .object({
    configured: z.boolean().openapi({ description: 'TIKTOK_APP_ID and TIKTOK_APP_SECRET are set' }),
    appId: z.string().nullable(),
    redirectUri: z.string().openapi({ description: 'must stand in the app at TikTok to the letter' }),
    permissions: z.array(z.string()).openapi({ description: 'what has to be ticked in the app at TikTok' }),
    sandbox: z
      .string()
      .nullable()
      .openapi({ description: 'the address of the stand-in for TikTok, while calls go there; null: the real one' }),
  })
  .openapi('TikTokApp');

/** Set in the environment and therefore only shown (web.md 7). */
export function tiktokApp(app: Api, parts: ApiParts): void {
  app.openapi(route, (c) => {
    const { appId, apiUrl, authUrl } = parts.tiktokApp;
    const data = {
      configured: parts.tiktok.configured,
      appId: appId ?? null,
      redirectUri: parts.publicUrl + callbackPath,
      permissions: missingScopes([]).map(({ name }) => name),
      sandbox: isTikTok(apiUrl) ? null : new URL(authUrl).origin,
    };
    return c.json({ data }, 200);
  });
}

/** TikTok's API and its own test system (tiktok-api.md 1). */
const isTikTok = (url: string): boolean => /(^|\.)tiktok\.com$/.test(new URL(url).hostname);

const route = createRoute({
  ...forViewers,
  tags: ['TikTok app'],
  method: 'get',
  path: '/api/v1/tiktok-app',
  summary: 'The TikTok app that this Usher speaks for, without its secret',
  responses: { 200: oneOf(tiktokAppSchema), ...refusals },
});
