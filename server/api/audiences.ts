import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type ManagedAudience, manage } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { getDestination } from '../destinations/destinations.ts';
import { change, fieldsOf, forEditors, forOwners, forViewers, permittedSpace } from './access.ts';
import { changeQuery, deleteQuery, dryRunAnswer, nothingSent, orDryRun, plannedEnd, weigh } from './consequences.ts';
import { endConnection, holdAudience, permittedAudience } from './feeding.ts';
import { type Api, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
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

const audienceSchema = z
  .object({
    id: z.string(),
    spaceId: z.string(),
    kind: z.enum(['external', 'computed', 'list']).openapi({ description: 'external: Segment Engage computes it' }),
    key: z.string().openapi({ description: 'the computation key of its events; never changes, never given twice' }),
    name: z.string(),
    description: z.string(),
    status: z.string(),
    size: z.object({ count: z.int() }).openapi({ description: 'members now' }),
    lastChangeAt: timeSchema.nullable().openapi({ description: 'when the number of its members last changed' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .openapi('Audience');
const spaceParams = z.object({ spaceId: idSchema('space') });
const params = spaceParams.extend({ audienceId: idSchema('audience') });
const description = z.string().max(2_000);

export function audiences(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    const query = c.req.valid('query');
    const found = await manage.listAudiences(parts.db, id, pageAfter(query));
    return c.json(toPage(query, found, audienceToJson), 200);
  });

  creating(app, parts);

  app.openapi(getRoute, async (c) => {
    const audience = await permittedAudience(c, parts.db, c.req.valid('param'));
    tagged(c, editableOf(audience));
    return c.json({ data: audienceToJson(audience) }, 200);
  });
  editing(app, parts);
  deleting(app, parts);
}

function creating(app: Api, parts: ApiParts): void {
  app.openapi(createRouteOf, async (c) => {
    const { spaceId } = c.req.valid('param');
    const { name, key, description: text } = c.req.valid('json');
    // A new audience has no members and is connected to nothing.
    if (c.req.valid('query').dryRun) {
      await permittedSpace(c, parts.db, spaceId);
      return c.json({ data: nothingSent }, 200);
    }
    const made = await change(parts, c, async (tx, record) => {
      await permittedSpace(c, tx, spaceId);
      const created = await manage.createAudience(tx, parts.clock, { spaceId, name, key, description: text });
      if (!created.ok) throw created.error === 'taken' ? keyTaken() : keyNeeded();
      await record({ spaceId, action: 'audience.create', subject: idToText('audience', created.value.id) });
      return created.value;
    });
    return c.json({ data: audienceToJson(made) }, 201);
  });
}

function editing(app: Api, parts: ApiParts): void {
  app.openapi(patchRoute, async (c) => {
    const place = c.req.valid('param');
    const body = c.req.valid('json');
    const subject = idToText('audience', place.audienceId);
    const demanded = async (q: Queryable): Promise<void> => {
      const audience = await permittedAudience(c, q, place);
      await demandVersion(c, q, editableOf(audience), { ...place, subject, action: 'audience.update' });
    };
    if (c.req.valid('query').dryRun) {
      await demanded(parts.db);
      return c.json({ data: nothingSent }, 200);
    }
    const updated = await change(parts, c, async (tx, record) => {
      await demanded(tx);
      const result = await manage.updateAudience(tx, parts.clock, place, body);
      if (!result.ok) throw result.error === 'not found' ? notFound() : keyFixed();
      await record({ spaceId: place.spaceId, action: 'audience.update', subject, details: fieldsOf(body) });
      return result.value;
    });
    tagged(c, editableOf(updated));
    return c.json({ data: audienceToJson(updated) }, 200);
  });
}

function deleting(app: Api, parts: ApiParts): void {
  app.openapi(deleteRoute, async (c) => {
    const place = c.req.valid('param');
    const query = c.req.valid('query');
    const doomed = await permittedAudience(c, parts.db, place);
    const ends = [];
    for (const connection of await manage.connectionsOf(parts.db, doomed.id)) {
      const destination = await getDestination(parts.db, connection.destinationId);
      if (destination) ends.push(plannedEnd(destination, connection));
    }
    const tried = await weigh(parts, ends, query);
    if (tried) return c.json({ data: tried }, 200);
    const { people } = query;
    const leaving = await change(parts, c, async (tx, record) => {
      const audience = await permittedAudience(c, tx, place);
      await holdAudience(tx, audience);
      let owes = false;
      for (const connection of await manage.connectionsOf(tx, audience.id)) {
        owes = (await endConnection(tx, parts, connection, people)) || owes;
      }
      await manage.removeAudience(tx, parts.clock, place);
      const subject = idToText('audience', audience.id);
      await record({ spaceId: place.spaceId, action: 'audience.delete', subject, details: { people } });
      return owes;
    });
    parts.changed();
    return c.body(null, leaving ? 202 : 204);
  });
}

const editableOf = ({ name, description: text }: ManagedAudience) => ({ name, text });

const tags = ['Audiences'];
const path = '/api/v1/spaces/{spaceId}/audiences';

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path,
  summary: 'The audiences of a space; those of Segment Engage appear with their first event',
  request: { params: spaceParams, query: pageQuery },
  responses: { 200: listOf(audienceSchema), ...refusals },
});

const createRouteOf = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path,
  summary: 'A new audience, before its first event comes; without a key it gets one of its name',
  request: {
    params: spaceParams,
    query: changeQuery,
    body: bodyOf(
      z.strictObject({
        name: nameSchema,
        key: z
          .string()
          .regex(manage.audienceKeyPattern, 'Latin letters, digits and _, at most 255')
          .optional()
          .openapi({ description: 'must be the audience key of Segment Engage' }),
        description: description.default(''),
        kind: z.literal('external').default('external'),
      }),
    ),
  },
  responses: { 200: dryRunAnswer, 201: oneOf(audienceSchema), 409: conflict, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: `${path}/{audienceId}`,
  summary: 'An audience',
  request: { params },
  responses: { 200: oneOf(audienceSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: `${path}/{audienceId}`,
  summary: 'Renames or describes an audience; its key stays',
  request: {
    params,
    query: changeQuery,
    headers: ifMatch,
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        description: description.optional(),
        key: z.string().max(255).optional().openapi({ description: 'only the one it has' }),
      }),
    ),
  },
  responses: { 200: orDryRun(audienceSchema), 412: outdated, ...refusals },
});

const deleteRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: `${path}/{audienceId}`,
  summary: 'Deletes an audience and its connections; its key is never given again, and its events are ignored',
  request: { params, query: deleteQuery },
  responses: {
    200: dryRunAnswer,
    202: { description: 'deleted; its people are being removed at TikTok' },
    204: noContent,
    409: conflict,
    ...refusals,
  },
});

const keyTaken = () =>
  refusal(409, 'taken', 'an audience of this space has or had this key; keys are never given twice', 'key');
const keyNeeded = () =>
  refusal(400, 'required', 'the name has no Latin letter or digit to make a key of; give one', 'key');
const keyFixed = () => refusal(400, 'immutable', 'the key of an audience never changes', 'key');

const audienceToJson = (audience: ManagedAudience): z.infer<typeof audienceSchema> => ({
  id: idToText('audience', audience.id),
  spaceId: idToText('space', audience.spaceId),
  kind: audience.kind,
  key: audience.key,
  name: audience.name,
  description: audience.description,
  status: audience.status,
  size: { count: audience.members },
  lastChangeAt: audience.changedAt?.toISOString() ?? null,
  createdAt: audience.createdAt.toISOString(),
  updatedAt: audience.updatedAt.toISOString(),
});
