import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type ApiToken, createToken, getToken, listTokens, revokeToken } from '../auth/auth.ts';
import { change, forOwners, permit, permittedSpace } from './access.ts';
import { type Api, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  listOf,
  nameSchema,
  noContent,
  oneOf,
  pageAfter,
  pageQuery,
  refusals,
  roleSchema,
  timeSchema,
  toPage,
} from './shapes.ts';
import { permitSomewhere } from './users.ts';

const tokenSchema = z
  .object({
    id: z.string(),
    spaceId: z.string().nullable().openapi({ description: 'null: every space' }),
    name: z.string(),
    role: roleSchema,
    createdAt: timeSchema,
    lastUsedAt: timeSchema.nullable(),
    expiresAt: timeSchema.nullable().openapi({ description: 'null: until it is revoked' }),
  })
  .openapi('ApiToken');
const madeSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: 'shown this once' }) })
  .openapi('NewApiToken');

export function tokens(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const principal = c.get('principal');
    permitSomewhere(c);
    const query = c.req.valid('query');
    return c.json(toPage(query, await listTokens(parts.db, principal, pageAfter(query)), tokenToJson), 200);
  });

  app.openapi(createTokenRoute, async (c) => {
    const { spaceId, name, role, expiresAt } = c.req.valid('json');
    if (expiresAt !== undefined && Date.parse(expiresAt) <= parts.clock.now())
      throw refusal(400, 'invalid', 'must lie in the future', 'expiresAt');
    if (spaceId === null) permit(c, null);
    else await permittedSpace(c, parts.db, spaceId);
    const expiry = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) };
    const made = await change(parts, c, async (tx, record) => {
      const created = await createToken(tx, parts, { spaceId, name, role, ...expiry });
      const subject = idToText('token', created.token.id);
      await record({ spaceId, action: 'token.create', subject, details: { role } });
      return created;
    });
    return c.json({ data: { ...tokenToJson(made.token), token: made.text.reveal() } }, 201);
  });

  app.openapi(revokeRoute, async (c) => {
    const { tokenId } = c.req.valid('param');
    const token = await getToken(parts.db, tokenId);
    if (!token) throw notFound();
    permit(c, token.spaceId);
    await change(parts, c, async (tx, record) => {
      if (!(await revokeToken(tx, parts.clock, tokenId))) throw notFound();
      await record({ spaceId: token.spaceId, action: 'token.revoke', subject: idToText('token', tokenId) });
    });
    return c.body(null, 204);
  });
}

const tags = ['API tokens'];

const listRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/tokens',
  summary: 'The API tokens of the spaces that you own',
  request: { query: pageQuery },
  responses: { 200: listOf(tokenSchema), ...refusals },
});

const createTokenRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/tokens',
  summary: 'A new API token; its text is in the answer and never again',
  request: {
    body: bodyOf(
      z.strictObject({
        name: nameSchema,
        role: roleSchema,
        spaceId: idSchema('space').nullable(),
        expiresAt: timeSchema.optional().openapi({ description: 'absent: until it is revoked' }),
      }),
    ),
  },
  responses: { 201: oneOf(madeSchema), ...refusals },
});

const revokeRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: '/api/v1/tokens/{tokenId}',
  summary: 'Revokes an API token; every node refuses it within five seconds',
  request: { params: z.object({ tokenId: idSchema('token') }) },
  responses: { 204: noContent, ...refusals },
});

const tokenToJson = (token: ApiToken): z.infer<typeof tokenSchema> => ({
  id: idToText('token', token.id),
  spaceId: token.spaceId === null ? null : idToText('space', token.spaceId),
  name: token.name,
  role: token.role,
  createdAt: token.createdAt.toISOString(),
  lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  expiresAt: token.expiresAt?.toISOString() ?? null,
});
