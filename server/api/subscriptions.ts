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
import { changeQuery, deleteQuery, dryRunAnswer, orDryRun, weigh } from './consequences.ts';
import { reapply, reapplyLeaving } from './feeding.ts';
import { type Api, notFound, Refusal, refusal } from './http.ts';
import { editableOf, leaving, type MappingEdit, namesOthers, planned, plannedEdit } from './mapping-edits.ts';
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
  outdated,
  refusals,
  timeSchema,
} from './shapes.ts';
import { demandVersion, ifMatch, tagged } from './versions.ts';

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

  creating(app, parts);

  app.openapi(getRoute, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    await permittedDestination(c, parts.db, destinationId);
    const mapping = await existing(parts.db, destinationId, subscriptionId);
    tagged(c, editableOf(mapping));
    return c.json({ data: mappingToJson(mapping) }, 200);
  });
  editing(app, parts);
  deleting(app, parts);
}

function creating(app: Api, parts: ApiParts): void {
  app.openapi(createRouteOf, async (c) => {
    const { destinationId } = c.req.valid('param');
    const body = c.req.valid('json');
    const mapping = { ...body, settings: withDefaults(body.actionSlug, body.settings) };
    const feeds = await permittedDestination(c, parts.db, destinationId);
    compileOrRefuse({ ...mapping, id: draftId }, feeds);
    const tried = await weigh(
      parts,
      [await planned(parts.db, feeds, (all) => [...all, { ...mapping, id: draftId }])],
      c.req.valid('query'),
    );
    if (tried) return c.json({ data: tried }, 200);
    const made = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      compileOrRefuse({ ...mapping, id: draftId }, destination);
      await reapply(tx, parts, destination, 'mapping');
      const created = await createMapping(tx, parts, destinationId, mapping);
      if (!created.ok) throw created.error.kind === 'too many' ? tooMany(parts.mappingsMax) : notFound();
      const subject = idToText('mapping', created.value.id);
      await record({ spaceId: destination.spaceId, action: 'subscription.create', subject });
      return created.value;
    });
    parts.changed();
    tagged(c, editableOf(made));
    return c.json({ data: mappingToJson(made) }, 201);
  });
}

function editing(app: Api, parts: ApiParts): void {
  app.openapi(patchRoute, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    const [body, query] = [c.req.valid('json'), c.req.valid('query')];
    const subject = idToText('mapping', subscriptionId);
    const edit = async (q: Queryable): Promise<MappingEdit> => {
      const destination = await permittedDestination(c, q, destinationId);
      const before = await existing(q, destinationId, subscriptionId);
      const trace = { spaceId: destination.spaceId, subject, action: 'subscription.update' };
      await demandVersion(c, q, editableOf(before), trace);
      const after = { ...before, ...definedOf(body) };
      compileOrRefuse(after, destination);
      const reapplied = (body.trigger ?? body.settings ?? body.enabled) !== undefined;
      return { destination, after, reapplied, leaves: namesOthers(before.settings, after.settings) };
    };
    const wanted = await edit(parts.db);
    const tried = await weigh(parts, wanted.reapplied ? [await plannedEdit(parts.db, wanted)] : [], query);
    if (tried) return c.json({ data: tried }, 200);
    const updated = await change(parts, c, async (tx, record) => {
      const { destination, after, reapplied, leaves } = await edit(tx);
      // Nobody was there to ask about when it was weighed: who has come since stays.
      const people = query.people ?? 'keep';
      if (leaves) await reapplyLeaving(tx, parts, destination, { mappingId: subscriptionId, people });
      else if (reapplied) await reapply(tx, parts, destination, 'mapping');
      const saved = await updateMapping(tx, parts.clock, after);
      if (!saved) throw notFound();
      const details = { ...fieldsOf(body), ...(query.people ? { people: query.people } : {}) };
      await record({ spaceId: destination.spaceId, action: 'subscription.update', subject, details });
      return saved;
    });
    parts.changed();
    tagged(c, editableOf(updated));
    return c.json({ data: mappingToJson(updated) }, 200);
  });
}

function deleting(app: Api, parts: ApiParts): void {
  app.openapi(deleteRoute, async (c) => {
    const { destinationId, subscriptionId } = c.req.valid('param');
    const query = c.req.valid('query');
    const feeds = await permittedDestination(c, parts.db, destinationId);
    await existing(parts.db, destinationId, subscriptionId);
    const without = await planned(parts.db, feeds, (all) => all.filter(({ id }) => id !== subscriptionId));
    const tried = await weigh(parts, [{ ...without, ...leaving(subscriptionId) }], query);
    if (tried) return c.json({ data: tried }, 200);
    const { people } = query;
    const owes = await change(parts, c, async (tx, record) => {
      const destination = await permittedDestination(c, tx, destinationId);
      await existing(tx, destinationId, subscriptionId);
      const removing = await reapplyLeaving(tx, parts, destination, { mappingId: subscriptionId, people });
      await removeMapping(tx, parts.clock, subscriptionId);
      const subject = idToText('mapping', subscriptionId);
      await record({ spaceId: destination.spaceId, action: 'subscription.delete', subject, details: { people } });
      return removing;
    });
    parts.changed();
    return c.body(null, owes ? 202 : 204);
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
    query: changeQuery,
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
  responses: { 200: dryRunAnswer, 201: oneOf(subscriptionSchema), 409: conflict, 422: invalid, ...refusals },
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
    query: changeQuery,
    headers: ifMatch,
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        trigger: trigger.optional(),
        settings: settings.optional(),
        enabled: z.boolean().optional(),
      }),
    ),
  },
  responses: {
    200: orDryRun(subscriptionSchema),
    409: conflict,
    412: outdated,
    422: invalid,
    ...refusals,
  },
});

const deleteRoute = createRoute({
  ...forEditors,
  tags,
  method: 'delete',
  path: `${path}/{subscriptionId}`,
  summary: 'Deletes a mapping; says what becomes of the people it brought to TikTok',
  request: { params: oneParams, query: deleteQuery },
  responses: {
    200: dryRunAnswer,
    202: { description: 'deleted; its people are being removed at TikTok' },
    204: noContent,
    409: conflict,
    ...refusals,
  },
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
