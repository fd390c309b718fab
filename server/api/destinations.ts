import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import {
  accessToken,
  createDestination,
  type Destination,
  type FieldProblem,
  fieldChoices,
  listDestinations,
  missingScopes,
  removeDestination,
  updateDestination,
} from '../destinations/destinations.ts';
import {
  change,
  fieldsOf,
  forEditors,
  forOwners,
  forViewers,
  onlySpace,
  permit,
  permittedDestination,
  permittedSource,
  permittedSpace,
} from './access.ts';
import { endFeeding, reapply } from './feeding.ts';
import { type Api, notFound, Refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  invalid,
  listOf,
  nameSchema,
  noContent,
  oneOf,
  pageAfter,
  pageQuery,
  peopleQuery,
  refusals,
  timeSchema,
  toPage,
} from './shapes.ts';

export const destinationSchema = z
  .object({
    id: z.string(),
    spaceId: z.string(),
    sourceId: z.string().nullable().openapi({ description: 'null: fed by the audiences of the space' }),
    metadataId: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    settings: z.record(z.string(), z.unknown()),
    connection: z.object({
      connected: z.boolean(),
      connectedAt: timeSchema.nullable(),
      advertiserIds: z.array(z.string()),
      missingPermissions: z.array(z.object({ id: z.int(), name: z.string(), why: z.string() })),
    }),
    paused: z.object({ reason: z.string(), code: z.int().nullable(), at: timeSchema }).nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .openapi('Destination');
const params = z.object({ destinationId: idSchema('destination') });

export function destinations(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const query = c.req.valid('query');
    const spaceId = query.spaceId ?? onlySpace(c);
    permit(c, spaceId);
    const found = await listDestinations(parts.db, spaceId, pageAfter(query));
    return c.json(toPage(query, found, destinationToJson), 200);
  });

  app.openapi(createRouteOf, async (c) => {
    const { spaceId: asked, sourceId, ...body } = c.req.valid('json');
    const made = await change(parts, c, async (tx, record) => {
      const source = sourceId && (await permittedSource(c, { db: tx, vault: parts.vault }, sourceId));
      const spaceId = source ? source.spaceId : asked;
      if (spaceId === undefined) throw notFound();
      await permittedSpace(c, tx, spaceId);
      const created = await createDestination(tx, parts.clock, { ...body, spaceId, sourceId: sourceId ?? null });
      if (!created.ok) throw wrong(created.error);
      await record({ spaceId, action: 'destination.create', subject: idToText('destination', created.value.id) });
      return created.value;
    });
    parts.changed();
    return c.json({ data: destinationToJson(made) }, 201);
  });

  app.openapi(getRoute, async (c) => {
    const destination = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    return c.json({ data: destinationToJson(destination) }, 200);
  });

  app.openapi(patchRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const body = c.req.valid('json');
    const updated = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      const { spaceId } = destination;
      if (body.settings !== undefined) await reapply(tx, parts, destination, 'settings');
      const result = await updateDestination(tx, parts.clock, destinationId, body);
      if (!result.ok) throw wrong(result.error);
      if (!result.value) throw notFound();
      const subject = idToText('destination', destinationId);
      await record({ spaceId, action: 'destination.update', subject, details: fieldsOf(body) });
      return result.value;
    });
    parts.changed();
    return c.json({ data: destinationToJson(updated) }, 200);
  });

  app.openapi(deleteRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const { people } = c.req.valid('query');
    const leaving = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      await endFeeding(tx, parts, destination);
      const owes = await parts.release(tx, { destination, mapping: undefined }, people);
      await removeDestination(tx, parts.clock, destinationId, { keepToken: owes });
      const subject = idToText('destination', destinationId);
      await record({ spaceId: destination.spaceId, action: 'destination.delete', subject, details: { people } });
      return owes;
    });
    parts.changed();
    return c.body(null, leaving ? 202 : 204);
  });

  app.openapi(choicesRoute, async (c) => {
    const { destinationId, field } = c.req.valid('param');
    const { id, advertiserIds } = await permittedDestination(c, parts.db, destinationId);
    const token = await accessToken(parts, id);
    const found = await fieldChoices(parts, { token, advertiserIds }, field, c.req.valid('json').payload);
    if (!found) throw notFound();
    return c.json({ data: found }, 200);
  });
}

const tags = ['Destinations'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations',
  summary: 'The destinations of a space, or of all that the token sees',
  request: { query: pageQuery.extend({ spaceId: idSchema('space').optional() }) },
  responses: { 200: listOf(destinationSchema), ...refusals },
});

const createRouteOf = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations',
  summary: 'A new destination of a space, or of one source',
  request: {
    body: bodyOf(
      z
        .strictObject({
          spaceId: idSchema('space').optional(),
          sourceId: idSchema('source').optional(),
          metadataId: z.string().max(100),
          name: nameSchema,
          enabled: z.boolean().default(false),
          settings: z.record(z.string(), z.unknown()).default({}),
        })
        .refine((body) => (body.spaceId === undefined) !== (body.sourceId === undefined), {
          message: 'name either the space or the source',
          path: ['spaceId'],
        }),
    ),
  },
  responses: { 201: oneOf(destinationSchema), 422: invalid, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}',
  summary: 'A destination',
  request: { params },
  responses: { 200: oneOf(destinationSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: '/api/v1/destinations/{destinationId}',
  summary: 'Changes a destination; settings are merged field by field',
  request: {
    params,
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        enabled: z.boolean().optional(),
        settings: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  },
  responses: { 200: oneOf(destinationSchema), 422: invalid, ...refusals },
});

const deleteRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: '/api/v1/destinations/{destinationId}',
  summary: 'Deletes a destination; says what becomes of its people at TikTok',
  request: { params, query: peopleQuery },
  responses: { 202: { description: 'deleted; its people are being removed at TikTok' }, 204: noContent, ...refusals },
});

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

const wrong = (problems: readonly FieldProblem[]): Refusal =>
  new Refusal(
    422,
    problems.map((problem) => ({ type: 'invalid', ...problem })),
  );

export const destinationToJson = (destination: Destination): z.infer<typeof destinationSchema> => ({
  id: idToText('destination', destination.id),
  spaceId: idToText('space', destination.spaceId),
  sourceId: destination.sourceId === null ? null : idToText('source', destination.sourceId),
  metadataId: destination.metadataId,
  name: destination.name,
  enabled: destination.enabled,
  settings: { ...destination.settings },
  connection: {
    connected: destination.connected,
    connectedAt: destination.connectedAt?.toISOString() ?? null,
    advertiserIds: destination.advertiserIds,
    missingPermissions: destination.connected ? missingScopes(destination.scopes) : [],
  },
  paused: destination.paused && { ...destination.paused, at: destination.paused.at.toISOString() },
  createdAt: destination.createdAt.toISOString(),
  updatedAt: destination.updatedAt.toISOString(),
});
