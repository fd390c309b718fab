import { createRoute, z } from '@hono/zod-openapi';
import { idSchema } from '../../contract/ids.ts';
import { recordingReads } from '../delivery/delivery.ts';
import { accessToken, fieldChoices } from '../destinations/destinations.ts';
import { forEditors, permittedDestination } from './access.ts';
import { type Api, notFound } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, oneOf, refusals } from './shapes.ts';

const params = z.object({ destinationId: idSchema('destination') });

export function choices(app: Api, parts: ApiParts): void {
  app.openapi(choicesRoute, async (c) => {
    const { destinationId, field } = c.req.valid('param');
    const { advertiserIds, spaceId } = await permittedDestination(c, parts.db, destinationId);
    const token = await accessToken(parts, destinationId);
    const tiktok = recordingReads(parts, { spaceId, destinationId, fence: 0 });
    const found = await fieldChoices({ tiktok }, { token, advertiserIds }, field, c.req.valid('json').payload);
    if (!found) throw notFound();
    return c.json({ data: found }, 200);
  });
}

const tags = ['Destinations'];

const choicesRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/fields/{field}/choices',
  summary: 'The live choices of a field, read from TikTok now',
  request: {
    params: params.extend({ field: z.string().max(100) }),
    body: bodyOf(
      z.strictObject({
        payload: z.record(z.string(), z.unknown()).default({}).openapi({ description: 'the values chosen so far' }),
      }),
    ),
  },
  responses: {
    200: oneOf(
      z
        .object({
          choices: z.array(z.object({ label: z.string(), value: z.string() })),
          error: z.object({ code: z.string(), message: z.string() }).optional(),
        })
        .openapi('FieldChoices'),
    ),
    ...refusals,
  },
});
