import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type ManagedAudience, manage } from '../audiences/audiences.ts';
import { change, fieldsOf, forEditors, forOwners, forViewers, permittedSpace } from './access.ts';
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
  pageAfter,
  pageQuery,
  peopleQuery,
  refusals,
  timeSchema,
  toPage,
} from './shapes.ts';

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

  app.openapi(createRouteOf, async (c) => {
    const { spaceId } = c.req.valid('param');
    const { name, key, description: text } = c.req.valid('json');
    const made = await change(parts, c, async (tx, record) => {
      await permittedSpace(c, tx, spaceId);
      const created = await manage.createAudience(tx, parts.clock, { spaceId, name, key, description: text });
      if (!created.ok) throw created.error === 'taken' ? keyTaken() : keyNeeded();
      await record({ spaceId, action: 'audience.create', subject: idToText('audience', created.value.id) });
      return created.value;
    });
    return c.json({ data: audienceToJson(made) }, 201);
  });

  app.openapi(getRoute, async (c) => {
    const audience = await permittedAudience(c, parts.db, c.req.valid('param'));
    return c.json({ data: audienceToJson(audience) }, 200);
  });

  app.openapi(patchRoute, async (c) => {
    const place = c.req.valid('param');
    const body = c.req.valid('json');
    const updated = await change(parts, c, async (tx, record) => {
      await permittedSpace(c, tx, place.spaceId);
      const result = await manage.updateAudience(tx, parts.clock, place, body);
      if (!result.ok) throw result.error === 'not found' ? notFound() : keyFixed();
      const subject = idToText('audience', place.audienceId);
      await record({ spaceId: place.spaceId, action: 'audience.update', subject, details: fieldsOf(body) });
      return result.value;
    });
    return c.json({ data: audienceToJson(updated) }, 200);
  });

  app.openapi(deleteRoute, async (c) => {
    const place = c.req.valid('param');
    const { people } = c.req.valid('query');
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
  responses: { 201: oneOf(audienceSchema), 409: conflict, ...refusals },
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
    body: bodyOf(
      z.strictObject({
        name: nameSchema.optional(),
        description: description.optional(),
        key: z.string().max(255).optional().openapi({ description: 'only the one it has' }),
      }),
    ),
  },
  responses: { 200: oneOf(audienceSchema), ...refusals },
});

const deleteRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: `${path}/{audienceId}`,
  summary: 'Deletes an audience and its connections; its key is never given again, and its events are ignored',
  request: { params, query: peopleQuery },
  responses: { 202: { description: 'deleted; its people are being removed at TikTok' }, 204: noContent, ...refusals },
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
  createdAt: audience.createdAt.toISOString(),
  updatedAt: audience.updatedAt.toISOString(),
});
