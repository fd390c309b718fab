import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { manage } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import {
  checkSettings,
  createDestination,
  type Destination,
  type FieldProblem,
  listDestinations,
  listMappings,
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
import { changeQuery, deleteQuery, dryRunAnswer, nothingSent, orDryRun, type Planned, weigh } from './consequences.ts';
import { endFeeding, reapply } from './feeding.ts';
import { choices } from './field-choices.ts';
import { type Api, notFound, Refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
  invalid,
  listOf,
  nameSchema,
  noContent,
  oneOf,
  outdated,
  pageAfter,
  pageQuery,
  refusals,
  timeSchema,
  toPage,
} from './shapes.ts';
import { demandVersion, ifMatch, tagged } from './versions.ts';

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

  creating(app, parts);

  app.openapi(getRoute, async (c) => {
    const destination = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    tagged(c, editableOf(destination));
    return c.json({ data: destinationToJson(destination) }, 200);
  });
  editing(app, parts);
  deleting(app, parts);
  choices(app, parts);
}

function creating(app: Api, parts: ApiParts): void {
  app.openapi(createRouteOf, async (c) => {
    const { spaceId: asked, sourceId, ...body } = c.req.valid('json');
    // A new destination has no audience and no mapping: a dry run has nothing to say but that.
    if (c.req.valid('query').dryRun) {
      if (sourceId) await permittedSource(c, { db: parts.db, vault: parts.vault }, sourceId);
      if (asked) await permittedSpace(c, parts.db, asked);
      return c.json({ data: nothingSent }, 200);
    }
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
}

function editing(app: Api, parts: ApiParts): void {
  app.openapi(patchRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const [body, query] = [c.req.valid('json'), c.req.valid('query')];
    const subject = idToText('destination', destinationId);
    const read = async (q: Queryable): Promise<Destination> => {
      const destination = await permittedDestination(c, q, destinationId);
      const trace = { spaceId: destination.spaceId, subject, action: 'destination.update' };
      await demandVersion(c, q, editableOf(destination), trace);
      return destination;
    };
    const tried = await weigh(parts, await plannedEdit(parts.db, await read(parts.db), body), query);
    if (tried) return c.json({ data: tried }, 200);
    const updated = await change(parts, c, async (tx, record) => {
      const destination = await read(tx);
      const { spaceId } = destination;
      if (body.settings !== undefined) await reapply(tx, parts, destination, 'settings');
      const result = await updateDestination(tx, parts.clock, destinationId, body);
      if (!result.ok) throw wrong(result.error);
      if (!result.value) throw notFound();
      await record({ spaceId, action: 'destination.update', subject, details: fieldsOf(body) });
      return result.value;
    });
    parts.changed();
    tagged(c, editableOf(updated));
    return c.json({ data: destinationToJson(updated) }, 200);
  });
}

function deleting(app: Api, parts: ApiParts): void {
  app.openapi(deleteRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const query = c.req.valid('query');
    const doomed = await permittedDestination(c, parts.db, destinationId);
    const tried = await weigh(parts, [{ destination: doomed, mappings: [], connections: [], released: [{}] }], query);
    if (tried) return c.json({ data: tried }, 200);
    const { people } = query;
    const leaving = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      const owes = await endFeeding(tx, parts, destination, people);
      await removeDestination(tx, parts.clock, destinationId, { keepToken: owes });
      const subject = idToText('destination', destinationId);
      await record({ spaceId: destination.spaceId, action: 'destination.delete', subject, details: { people } });
      return owes;
    });
    parts.changed();
    return c.body(null, leaving ? 202 : 204);
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
    query: changeQuery,
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
  responses: { 200: dryRunAnswer, 201: oneOf(destinationSchema), 422: invalid, ...refusals },
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
    query: changeQuery,
    headers: ifMatch,
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        enabled: z.boolean().optional(),
        settings: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  },
  responses: {
    200: orDryRun(destinationSchema),
    409: conflict,
    412: outdated,
    422: invalid,
    ...refusals,
  },
});

const deleteRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: '/api/v1/destinations/{destinationId}',
  summary: 'Deletes a destination; says what becomes of its people at TikTok',
  request: { params, query: deleteQuery },
  responses: {
    200: dryRunAnswer,
    202: { description: 'deleted; its people are being removed at TikTok' },
    204: noContent,
    409: conflict,
    ...refusals,
  },
});

/** What the mappings make by other settings, and what is owed where it is switched on. */
async function plannedEdit(
  q: Queryable,
  before: Destination,
  body: { enabled?: boolean | undefined; settings?: Record<string, unknown> | undefined },
): Promise<Planned[]> {
  const starts = body.enabled === true && !before.enabled;
  if (body.settings === undefined)
    return starts ? [{ destination: before, mappings: [], connections: [], starts }] : [];
  const settings = checkSettings(before.metadataId, { ...before.settings, ...body.settings });
  if (!settings.ok) throw wrong(settings.error);
  const destination = { ...before, settings: settings.value };
  const connections = await manage.connectionsInto(q, before.spaceId, before.id);
  return [{ destination, mappings: await listMappings(q, before.id), connections, starts }];
}

const editableOf = ({ name, enabled, settings }: Destination) => ({ name, enabled, settings });

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
