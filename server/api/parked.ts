import { createRoute, z } from '@hono/zod-openapi';
import { type AudienceId, idSchema, idToText } from '../../contract/ids.ts';
import { deliveryReads, retryParked, type WhichParked } from '../delivery/delivery.ts';
import { directOrigin } from '../ledger/ledger.ts';
import { identifiersOf } from '../profiles/profiles.ts';
import { codeMeaning } from '../tiktok/tiktok.ts';
import { change, forEditors, forViewers, permittedDestination } from './access.ts';
import type { Api } from './http.ts';
import { maskIdentifiers } from './masking.ts';
import { maskedSchema } from './members.ts';
import type { ApiParts } from './parts.ts';
import { listOf, oneOf, pageQuery, refusals, timeSchema } from './shapes.ts';

const parkedSchema = z
  .object({
    personId: z.string(),
    identifiers: maskedSchema,
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
/** Where the page ended, since rows come by their time: time, target, origin, person and variant. */
const cursorSchema = z
  .string()
  .regex(/^[0-9]{1,15}(\.[0-9]{1,15}){3}\.[0-9a-f]{16}$/, 'must be the `next` of an earlier page');

export function parked(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id, spaceId } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const { limit, cursor } = c.req.valid('query');
    const after = cursor === undefined ? undefined : placeOf(cursor);
    const rows = await deliveryReads.selectParked(parts.db, id, { after, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const next = rows.length > limit && last ? cursorOf(last) : null;
    const total = await deliveryReads.countParked(parts.db, id);
    const people = shown.map((row) => row.person_id);
    const identifiers = await identifiersOf(parts.db, spaceId, [...new Set(people)]);
    const data = shown.map((row) => ({
      ...rowToJson(row),
      identifiers: maskIdentifiers(identifiers.get(row.person_id) ?? []),
    }));
    return c.json({ data, pagination: { next, total } }, 200);
  });

  app.openapi(retryRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const which = c.req.valid('query');
    const retried = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedDestination(c, tx, destinationId);
      const rows = await retryParked(tx, destinationId, which);
      const subject = idToText('destination', destinationId);
      await record({ spaceId, action: 'parked.retry', subject, details: { ...named(which), rows } });
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
  request: { params, query: pageQuery.extend({ cursor: cursorSchema.optional() }) },
  responses: { 200: listOf(parkedSchema), ...refusals },
});

const retryRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/parked/retry',
  summary: 'Owes what is parked of a destination again: everything, or what the query names',
  request: {
    params,
    query: z.object({
      personId: idSchema('person').optional(),
      targetId: idSchema('target').optional(),
      code: z.coerce.number().int().optional().openapi({ description: 'of the refusal' }),
    }),
  },
  responses: { 200: oneOf(z.object({ retried: z.int() })), ...refusals },
});

/** For the audit log, as they were asked for. */
const named = ({ personId, targetId, code }: WhichParked): Record<string, unknown> => ({
  ...(personId === undefined ? {} : { personId: idToText('person', personId) }),
  ...(targetId === undefined ? {} : { targetId: idToText('target', targetId) }),
  ...(code === undefined ? {} : { code }),
});

type ParkedRow = Awaited<ReturnType<typeof deliveryReads.selectParked>>[number];

function rowToJson(row: ParkedRow): Omit<z.infer<typeof parkedSchema>, 'identifiers'> {
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

const cursorOf = (row: ParkedRow): string =>
  [row.at.getTime(), row.target_id, row.origin_id, row.person_id, row.variant.toString('hex')].join('.');

function placeOf(cursor: string) {
  const [at = '', targetId = '', originId = '', personId = '', variant = ''] = cursor.split('.');
  return {
    at: new Date(Number(at)),
    targetId: Number(targetId),
    originId: Number(originId),
    personId: Number(personId),
    variant: Buffer.from(variant, 'hex'),
  };
}
