import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { manage } from '../audiences/audiences.ts';
import { identifiersOf } from '../profiles/profiles.ts';
import { forViewers } from './access.ts';
import { permittedAudience } from './feeding.ts';
import type { Api } from './http.ts';
import { maskIdentifiers } from './masking.ts';
import type { ApiParts } from './parts.ts';
import { listOf, pageAfter, pageQuery, refusals, timeSchema, toPage } from './shapes.ts';

/** I13: identifiers by type and first character only. */
export const maskedSchema = z.array(z.object({ type: z.string(), masked: z.string() }));

const memberSchema = z
  .object({
    personId: z.string(),
    enteredAt: timeSchema.nullable(),
    records: z.int().openapi({ description: 'sets of identifier values that Segment sent of this member' }),
    identifiers: maskedSchema,
  })
  .openapi('Member');

export function members(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const audience = await permittedAudience(c, parts.db, c.req.valid('param'));
    const query = c.req.valid('query');
    const found = await manage.listMembers(parts.db, audience, pageAfter(query));
    const people = found.items.map(({ id }) => id);
    const identifiers = await identifiersOf(parts.db, audience.spaceId, people);
    const page = toPage(query, found, (member) => ({
      personId: idToText('person', member.id),
      enteredAt: member.enteredAt?.toISOString() ?? null,
      records: member.records,
      identifiers: maskIdentifiers(identifiers.get(member.id) ?? []),
    }));
    return c.json(page, 200);
  });
}

const listRoute = createRoute({
  ...forViewers,
  tags: ['Audiences'],
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/audiences/{audienceId}/members',
  summary: 'Who is in an audience now, with identifiers masked',
  request: {
    params: z.object({ spaceId: idSchema('space'), audienceId: idSchema('audience') }),
    query: pageQuery,
  },
  responses: { 200: listOf(memberSchema), ...refusals },
});
