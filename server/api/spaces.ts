import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { createSpace, listSpaces, type Space, updateSpace } from '../auth/auth.ts';
import { change, fieldsOf, forEditors, forOwners, forViewers, permit, permittedSpace } from './access.ts';
import { type Api, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
  listOf,
  nameSchema,
  oneOf,
  pageAfter,
  pageQuery,
  refusals,
  slugSchema,
  timeSchema,
  toPage,
} from './shapes.ts';

const spaceSchema = z
  .object({ id: z.string(), slug: z.string(), name: z.string(), createdAt: timeSchema })
  .openapi('Space');
const params = z.object({ spaceId: idSchema('space') });

export function spaces(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const query = c.req.valid('query');
    const found = await listSpaces(parts.db, c.get('principal'), pageAfter(query));
    return c.json(toPage(query, found, spaceToJson), 200);
  });

  app.openapi(createSpaceRoute, async (c) => {
    permit(c, null);
    const body = c.req.valid('json');
    const space = await change(parts, c, async (tx, record) => {
      const made = await createSpace(tx, parts.clock, body);
      if (!made) throw refusal(409, 'taken', 'another space has this slug', 'slug');
      await record({ spaceId: made.id, action: 'space.create', subject: idToText('space', made.id) });
      return made;
    });
    return c.json({ data: spaceToJson(space) }, 201);
  });

  app.openapi(getRoute, async (c) => {
    const space = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    return c.json({ data: spaceToJson(space) }, 200);
  });

  app.openapi(patchRoute, async (c) => {
    const { spaceId } = c.req.valid('param');
    const body = c.req.valid('json');
    await permittedSpace(c, parts.db, spaceId);
    const space = await change(parts, c, async (tx, record) => {
      const updated = await updateSpace(tx, spaceId, body);
      if (!updated) throw notFound();
      await record({ spaceId, action: 'space.update', subject: idToText('space', spaceId), details: fieldsOf(body) });
      return updated;
    });
    return c.json({ data: spaceToJson(space) }, 200);
  });
}

const tags = ['Spaces'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/spaces',
  summary: 'The spaces of this token',
  request: { query: pageQuery },
  responses: { 200: listOf(spaceSchema), ...refusals },
});

const createSpaceRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/spaces',
  summary: 'A new space; needs a token of the whole installation',
  request: { body: bodyOf(z.strictObject({ slug: slugSchema, name: nameSchema })) },
  responses: { 201: oneOf(spaceSchema), 409: conflict, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}',
  summary: 'A space',
  request: { params },
  responses: { 200: oneOf(spaceSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: '/api/v1/spaces/{spaceId}',
  summary: 'Renames a space',
  request: { params, body: bodyOf(z.strictObject({ name: nameSchema })) },
  responses: { 200: oneOf(spaceSchema), ...refusals },
});

const spaceToJson = (space: Space): z.infer<typeof spaceSchema> => ({
  id: idToText('space', space.id),
  slug: space.slug,
  name: space.name,
  createdAt: space.createdAt.toISOString(),
});
