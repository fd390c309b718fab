import { createRoute, z } from '@hono/zod-openapi';
import { type AudienceId, idSchema, idToText } from '../../contract/ids.ts';
import { deliveryReads, retryParked } from '../delivery/delivery.ts';
import { directOrigin } from '../ledger/ledger.ts';
import { codeMeaning } from '../tiktok/tiktok.ts';
import { change, forEditors, forViewers, permittedDestination } from './access.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, oneOf, refusals, timeSchema } from './shapes.ts';

const parkedSchema = z
  .object({
    personId: z.string(),
    targetId: z.string(),
    audienceId: z.string().nullable().openapi({ description: 'null: brought by events without an audience' }),
    action: z.enum(['add', 'delete']),
    code: z.int(),
    message: z.string().openapi({ description: 'TikTok’s words' }),
    meaning: z.string(),
    advice: z.string(),
    tiktokRequestId: z.string().nullable(),
    at: timeSchema,
  })
  .openapi('Parked');
const params = z.object({ destinationId: idSchema('destination') });

export function parked(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const rows = await deliveryReads.selectParked(parts.db, id, c.req.valid('query').limit);
    const data = rows.map(rowToJson);
    return c.json({ data, pagination: { next: null, total: await deliveryReads.countParked(parts.db, id) } }, 200);
  });

  app.openapi(retryRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const retried = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedDestination(c, tx, destinationId);
      const rows = await retryParked(tx, destinationId);
      const subject = idToText('destination', destinationId);
      await record({ spaceId, action: 'parked.retry', subject, details: { rows } });
      return rows;
    });
    parts.changed();
    return c.json({ data: { retried } }, 200);
  });
}

const tags = ['Delivery'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/parked',
  summary: 'People whom TikTok refused on their own, oldest first; they wait for a retry by hand',
  request: { params, query: z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }) },
  responses: { 200: listOf(parkedSchema), ...refusals },
});

const retryRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/parked/retry',
  summary: 'Owes everything parked of a destination again',
  request: { params },
  responses: { 200: oneOf(z.object({ retried: z.int() })), ...refusals },
});

type ParkedRow = Awaited<ReturnType<typeof deliveryReads.selectParked>>[number];

function rowToJson(row: ParkedRow): z.infer<typeof parkedSchema> {
  const { meaning, advice } = codeMeaning(row.code);
  return {
    personId: idToText('person', row.person_id),
    targetId: idToText('target', row.target_id),
    audienceId: originToText(row.origin_id),
    action: row.action,
    code: row.code,
    message: row.message,
    meaning,
    advice,
    tiktokRequestId: row.tiktok_request_id,
    at: row.at.toISOString(),
  };
}

/** An origin other than 0 is an audience (design.md 4, memberships). */
const originToText = (originId: number): string | null =>
  originId === directOrigin ? null : idToText('audience', originId as AudienceId);
