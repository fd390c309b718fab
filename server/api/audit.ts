import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type AuditEntry, type AuditFilter, type ChainCheck, listAudit, spacesOf, verifyAudit } from '../auth/auth.ts';
import { forOwners, permit, permittedSpace } from './access.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, oneOf, pageQuery, refusals, timeSchema, toPage } from './shapes.ts';
import { permitSomewhere } from './users.ts';

const entrySchema = z
  .object({
    id: z.string(),
    spaceId: z.string().nullable().openapi({ description: 'null: what belongs to no space, such as people' }),
    at: timeSchema,
    actor: z.string().openapi({ example: 'token:12' }),
    actorName: z.string().nullable().openapi({ description: 'what the person or token is called; null: system' }),
    action: z.string().openapi({ example: 'destination.update' }),
    subject: z.string().openapi({ example: 'dst_12' }),
    details: z.record(z.string(), z.unknown()),
    address: z.string().openapi({ description: 'where the request came from' }),
  })
  .openapi('AuditEvent');
const chainSchema = z
  .object({
    verified: z.boolean(),
    rows: z.int().openapi({ description: 'how many rows were looked at' }),
    firstBroken: z.string().nullable().openapi({ description: 'the first row that is not as it was written' }),
  })
  .openapi('AuditChain');

const filterQuery = pageQuery.extend({
  actor: z.string().max(100).optional(),
  action: z.string().max(100).optional().openapi({ description: 'the beginning of an action' }),
  subject: z.string().max(100).optional(),
});
const spaceParams = z.object({ spaceId: idSchema('space') });

export function auditEvents(app: Api, parts: ApiParts): void {
  const page = async (query: z.infer<typeof filterQuery>, spaceIds: AuditFilter['spaceIds']) => {
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
    const { actor, action, subject } = query;
    const filter = { spaceIds, actor, action, subject };
    return toPage(query, await listAudit(parts.db, filter, { before, limit: query.limit + 1 }), entryToJson);
  };

  app.openapi(listRoute, async (c) => {
    const { spaceId } = c.req.valid('param');
    await permittedSpace(c, parts.db, spaceId);
    return c.json(await page(c.req.valid('query'), [spaceId]), 200);
  });

  app.openapi(listAllRoute, async (c) => {
    permitSomewhere(c);
    return c.json(await page(c.req.valid('query'), spacesOf(c.get('principal'), 'owner')), 200);
  });

  app.openapi(verifyRoute, async (c) => {
    const { spaceId } = c.req.valid('param');
    await permittedSpace(c, parts.db, spaceId);
    return c.json({ data: chainToJson(await verifyAudit(parts.db, spaceId)) }, 200);
  });

  app.openapi(verifyOwnRoute, async (c) => {
    permit(c, null);
    return c.json({ data: chainToJson(await verifyAudit(parts.db, null)) }, 200);
  });
}

const tags = ['Audit'];

const listRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/audit-events',
  summary: 'Who changed what in a space, newest first',
  request: { params: spaceParams, query: filterQuery },
  responses: { 200: listOf(entrySchema), ...refusals },
});

const listAllRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/audit-events',
  summary: 'Who changed what in all spaces that you own, newest first; owners of the installation also see people',
  request: { query: filterQuery },
  responses: { 200: listOf(entrySchema), ...refusals },
});

const verifyRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/audit-events/verification',
  summary: 'Whether the audit log of a space stands as it was written',
  request: { params: spaceParams },
  responses: { 200: oneOf(chainSchema), ...refusals },
});

const verifyOwnRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/audit-events/verification',
  summary: 'The same for what belongs to no space; for owners of the installation',
  responses: { 200: oneOf(chainSchema), ...refusals },
});

const entryToJson = (entry: AuditEntry): z.infer<typeof entrySchema> => ({
  ...entry,
  id: String(entry.id),
  spaceId: entry.spaceId === null ? null : idToText('space', entry.spaceId),
  at: entry.at.toISOString(),
});

const chainToJson = (check: ChainCheck): z.infer<typeof chainSchema> => ({
  verified: check.verified,
  rows: check.rows,
  firstBroken: check.verified || check.firstBroken === null ? null : String(check.firstBroken),
});
