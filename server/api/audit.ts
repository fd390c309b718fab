import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { listAudit } from '../auth/auth.ts';
import { forOwners, permittedSpace } from './access.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, pageQuery, refusals, timeSchema, toPage } from './shapes.ts';

const entrySchema = z
  .object({
    id: z.string(),
    spaceId: z.string(),
    at: timeSchema,
    actor: z.string().openapi({ example: 'token:12' }),
    action: z.string().openapi({ example: 'destination.update' }),
    subject: z.string().openapi({ example: 'dst_12' }),
    details: z.record(z.string(), z.unknown()),
  })
  .openapi('AuditEvent');

export function auditEvents(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { spaceId } = c.req.valid('param');
    await permittedSpace(c, parts.db, spaceId);
    const query = c.req.valid('query');
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
    const found = await listAudit(parts.db, spaceId, { before, limit: query.limit + 1 });
    const page = toPage(query, found, (entry) => ({
      ...entry,
      id: String(entry.id),
      spaceId: idToText('space', spaceId),
      at: entry.at.toISOString(),
    }));
    return c.json(page, 200);
  });
}

const listRoute = createRoute({
  ...forOwners,
  tags: ['Audit'],
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/audit-events',
  summary: 'Who changed what, newest first',
  request: { params: z.object({ spaceId: idSchema('space') }), query: pageQuery },
  responses: { 200: listOf(entrySchema), ...refusals },
});
