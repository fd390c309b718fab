import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText, type MappingId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import {
  createMapping,
  type Destination,
  getMapping,
  listMappings,
  type Mapping,
  removeMapping,
  updateMapping,
  withDefaults,
} from '../destinations/destinations.ts';
import { compileMapping, type MappingDefinition, type MappingProblem } from '../mappings/mappings.ts';
import { change, fieldsOf, forEditors, forViewers, permittedDestination } from './access.ts';
import { reapply } from './feeding.ts';
import { type Api, notFound, Refusal, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
  definedOf,
  invalid,
  listOf,
  nameSchema,
  noContent,
  oneOf,
  peopleQuery,
  refusals,
  timeSchema,
} from './shapes.ts';

/** Mappings are called subscriptions here, as in Segment's Public API (segment-spec.md 10). */
const subscriptionSchema = z
  .object({
    id: z.string(),
    destinationId: z.string(),
    name: z.string(),
    actionSlug: z.string(),
    trigger: z.string(),
    settings: z.record(z.string(), z.unknown()),
    enabled: z.boolean(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .openapi('Subscription');
const params = z.object({ destinationId: idSchema('destination') });
const oneParams = params.extend({ subscriptionId: idSchema('mapping') });
const trigger = z.string().min(1).max(10_000);
const settings = z.record(z.string(), z.unknown());

export function subscriptions(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const data = (await listMappings(parts.db, id)).map(mappingToJson);
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(createRouteOf, async (c) => {
    const { destinationId } = c.req.valid('param');
    const body = c.req.valid('json');
    const made = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      const mapping = { ...body, settings: withDefaults(body.actionSlug, body.settings) };
      compileOrRefuse({ ...mapping, id: draftId }, destination);
      await reapply(tx, parts, destination, 'mapping');
      const created = await createMapping(tx, parts, destinationId, mapping);
      if (!created.ok) throw created.error.kind === 'too many' ? tooMany(parts.mappingsMax) : notFound();
      const subject = idToText('mapping', created.value.id);
      await record({ spaceId: destination.spaceId, action: 'subscription.create', subject });
      return created.value;
    });
    parts.changed();
    return c.json({ data: mappingToJson(made) }, 201);
  });

  app.openapi(getRoute, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    await permittedDestination(c, parts.db, destinationId);
    return c.json({ data: mappingToJson(await existing(parts.db, destinationId, subscriptionId)) }, 200);
  });

  app.openapi(patchRoute, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    const body = c.req.valid('json');
    const updated = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      const before = await existing(tx, destinationId, subscriptionId);
      const mapping = { ...before, ...definedOf(body) };
      compileOrRefuse(mapping, destination);
      const { trigger: asked, settings: given, enabled } = body;
      if ((asked ?? given ?? enabled) !== undefined) await reapply(tx, parts, destination, 'mapping');
      const after = await updateMapping(tx, parts.clock, mapping);
      if (!after) throw notFound();
      const subject = idToText('mapping', subscriptionId);
      await record({ spaceId: destination.spaceId, action: 'subscription.update', subject, details: fieldsOf(body) });
      return after;
    });
    parts.changed();
    return c.json({ data: mappingToJson(updated) }, 200);
  });

  app.openapi(deleteRoute, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    const { people } = c.req.valid('query');
    const leaving = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      const mapping = await existing(tx, destinationId, subscriptionId);
      await reapply(tx, parts, destination, 'mapping');
      const owes = await parts.release(tx, { destination, mapping }, people);
      await removeMapping(tx, parts.clock, subscriptionId);
      const subject = idToText('mapping', subscriptionId);
      await record({ spaceId: destination.spaceId, action: 'subscription.delete', subject, details: { people } });
      return owes;
    });
    parts.changed();
    return c.body(null, leaving ? 202 : 204);
  });
}

const tags = ['Subscriptions'];
const path = '/api/v1/destinations/{destinationId}/subscriptions';

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path,
  summary: 'The mappings of a destination',
  request: { params },
  responses: { 200: listOf(subscriptionSchema), ...refusals },
});

const createRouteOf = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path,
  summary: 'A new mapping; fields that are not given get the defaults of the action',
  request: {
    params,
    body: bodyOf(
      z.strictObject({
        name: nameSchema,
        actionSlug: z.string().max(100),
        trigger,
        settings: settings.default({}),
        enabled: z.boolean().default(false),
      }),
    ),
  },
  responses: { 201: oneOf(subscriptionSchema), 409: conflict, 422: invalid, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: `${path}/{subscriptionId}`,
  summary: 'A mapping',
  request: { params: oneParams },
  responses: { 200: oneOf(subscriptionSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: `${path}/{subscriptionId}`,
  summary: 'Changes a mapping; settings are replaced as a whole',
  request: {
    params: oneParams,
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        trigger: trigger.optional(),
        settings: settings.optional(),
        enabled: z.boolean().optional(),
      }),
    ),
  },
  responses: { 200: oneOf(subscriptionSchema), 422: invalid, ...refusals },
});

const deleteRoute = createRoute({
  ...forEditors,
  tags,
  method: 'delete',
  path: `${path}/{subscriptionId}`,
  summary: 'Deletes a mapping; says what becomes of the people it brought to TikTok',
  request: { params: oneParams, query: peopleQuery },
  responses: { 202: { description: 'deleted; its people are being removed at TikTok' }, 204: noContent, ...refusals },
});

/** A mapping that is not stored yet; ids of stored ones begin at 1. */
export const draftId = 0 as MappingId;

/** What does not compile is not saved; every problem with its place. */
function compileOrRefuse(definition: MappingDefinition, destination: Destination): void {
  const compiled = compileMapping(definition, destination.settings);
  if (!compiled.ok) throw wontCompile(compiled.error);
}

export const wontCompile = (problems: readonly MappingProblem[]): Refusal =>
  new Refusal(
    422,
    problems.map((problem) => ({ type: 'invalid', ...problem })),
  );

export async function existing(q: Queryable, destinationId: Destination['id'], mappingId: MappingId): Promise<Mapping> {
  const mapping = await getMapping(q, destinationId, mappingId);
  if (!mapping) throw notFound();
  return mapping;
}

const tooMany = (most: number) =>
  refusal(409, 'too-many', `a destination may have ${most} mappings (USHER_MAX_MAPPINGS)`);

const mappingToJson = (mapping: Mapping): z.infer<typeof subscriptionSchema> => ({
  id: idToText('mapping', mapping.id),
  destinationId: idToText('destination', mapping.destinationId),
  name: mapping.name,
  actionSlug: mapping.actionSlug,
  trigger: mapping.trigger,
  settings: mapping.settings,
  enabled: mapping.enabled,
  createdAt: mapping.createdAt.toISOString(),
  updatedAt: mapping.updatedAt.toISOString(),
});
