import { createRoute, z } from '@hono/zod-openapi';
import { type Id, idSchema, idToText } from '../../contract/ids.ts';
import { deliveryReads } from '../delivery/delivery.ts';
import { codeMeaning } from '../tiktok/tiktok.ts';
import { forViewers, permittedDestination } from './access.ts';
import { type Api, notFound } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, oneOf, pageQuery, refusals, timeSchema, toPage } from './shapes.ts';

const requestSchema = z.object({
  id: z.string(),
  action: z.string().openapi({
    description:
      'add or delete of people; create, list or get of audiences; accounts, user: who is connected; token, revoke: the connection itself',
  }),
  advertiserId: z.string().nullable(),
  targetIds: z.array(z.string()),
  rows: z.int(),
  startedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  outcome: z.string().nullable().openapi({ description: 'null: under way, or its end is not known yet' }),
  httpStatus: z.int().nullable(),
  code: z.int().nullable(),
  message: z.string().nullable(),
  meaning: z.string().nullable(),
  advice: z.string().nullable(),
  tiktokRequestId: z.string().nullable(),
  durationMs: z.int().nullable(),
});
const told = z.object({
  targetId: z.string(),
  /** Lower-case hex of SHA-256, as TikTok was told; null: not in this row. */
  email: z.string().nullable(),
  phone: z.string().nullable(),
  idfa: z.string().nullable(),
  aaid: z.string().nullable(),
});
const listedSchema = requestSchema.openapi('Request');
const detailSchema = requestSchema.extend({ told: z.array(told) }).openapi('RequestDetails');
const params = z.object({ destinationId: idSchema('destination') });
const filter = {
  answer: z
    .enum(deliveryReads.answerKinds)
    .optional()
    .openapi({ description: 'accepted by TikTok, answered in any other way, or not answered yet' }),
  targetId: idSchema('target').optional(),
  tiktokRequestId: z.string().min(1).max(200).optional(),
};

export function requests(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const query = c.req.valid('query');
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
    const rows = await deliveryReads.selectRequests(parts.db, id, { before, limit: query.limit + 1 }, query);
    const items = rows.map((row) => ({ ...row, id: row.request_no }));
    const total = await deliveryReads.countRequests(parts.db, id, query);
    return c.json(toPage(query, { items, total }, rowToJson), 200);
  });

  app.openapi(getRoute, async (c) => {
    const { destinationId, requestId } = c.req.valid('param');
    await permittedDestination(c, parts.db, destinationId);
    const [row] = await deliveryReads.selectRequests(parts.db, destinationId, { before: requestId + 1, limit: 1 });
    if (row?.request_no !== requestId) throw notFound();
    return c.json({ data: { ...rowToJson(row), told: toldOf(row) } }, 200);
  });
}

const tags = ['Delivery'];
const path = '/api/v1/destinations/{destinationId}/requests';

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path,
  summary: 'The calls to TikTok, newest first; `next` is the id before which the next page begins',
  request: { params, query: pageQuery.extend(filter) },
  responses: { 200: listOf(listedSchema), ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: `${path}/{requestId}`,
  summary: 'One call to TikTok, with the hashes it told: the proof of what was sent when',
  request: { params: params.extend({ requestId: idSchema('request') }) },
  responses: { 200: oneOf(detailSchema), ...refusals },
});

type RequestRow = Awaited<ReturnType<typeof deliveryReads.selectRequests>>[number];

function rowToJson(row: RequestRow): z.infer<typeof requestSchema> {
  const explained = row.code === null ? null : codeMeaning(row.code);
  return {
    id: idToText('request', row.request_no as Id<'request'>),
    action: row.kind,
    advertiserId: row.advertiser_id,
    targetIds: row.targets.map((id) => idToText('target', id)),
    rows: row.rows,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    outcome: row.outcome,
    httpStatus: row.http_status,
    code: row.code,
    message: row.message,
    meaning: explained?.meaning ?? null,
    advice: explained?.advice ?? null,
    tiktokRequestId: row.tiktok_request_id,
    durationMs: row.duration_ms,
  };
}

const toldOf = ({ payload }: RequestRow): z.infer<typeof told>[] =>
  (payload ? deliveryReads.unpackRows(payload) : []).map(({ targetId, hashes }) => {
    const [email = null, phone = null, idfa = null, aaid = null] = hashes.map((hash) => hash?.toString('hex') ?? null);
    return { targetId: idToText('target', targetId), email, phone, idfa, aaid };
  });
