import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { resume as resumeDestination } from '../destinations/destinations.ts';
import { change, forEditors, permittedDestination } from './access.ts';
import { destinationSchema, destinationToJson } from './destinations.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { oneOf, refusals } from './shapes.ts';

/** I8: a pause ends by connecting again, or here, where its cause was mended at TikTok and the token is still good. */
export function resume(app: Api, parts: ApiParts): void {
  app.openapi(resumeRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const resumed = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedDestination(c, tx, destinationId);
      const wasPaused = await resumeDestination(tx, parts.clock, destinationId);
      const subject = idToText('destination', destinationId);
      await record({ spaceId, action: 'destination.resume', subject, details: { wasPaused } });
      return permittedDestination(c, tx, destinationId);
    });
    parts.changed();
    return c.json({ data: destinationToJson(resumed) }, 200);
  });
}

const resumeRoute = createRoute({
  ...forEditors,
  tags: ['Destinations'],
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/resume',
  summary: 'Ends a pause whose cause was mended at TikTok, and looks at blocked audiences again',
  request: { params: z.object({ destinationId: idSchema('destination') }) },
  responses: { 200: oneOf(destinationSchema), ...refusals },
});
