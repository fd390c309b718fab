import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import {
  createSource,
  createWriteKey,
  deleteSource,
  holdSource,
  listSources,
  revokeWriteKey,
  type Source,
  updateSource,
  type WriteKey,
} from '../ingest/ingest.ts';
import { Secret } from '../kernel/secret.ts';
import {
  change,
  fieldsOf,
  forEditors,
  forOwners,
  forSureEditors,
  forViewers,
  permittedSource,
  permittedSpace,
} from './access.ts';
import { type Api, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
  definedOf,
  listOf,
  nameSchema,
  noContent,
  oneOf,
  outdated,
  refusals,
  slugSchema,
  timeSchema,
} from './shapes.ts';
import { demandVersion, ifMatch, tagged } from './versions.ts';

const writeKeySchema = z.object({
  id: z.string(),
  prefix: z.string().openapi({ description: 'the first four characters, to tell keys apart' }),
  key: z.string().nullable().openapi({ description: 'shown once, when made; of website and mobile sources always' }),
  createdAt: timeSchema,
});
const kindSchema = z.enum(['server', 'webhook', 'website', 'mobile']);
const sourceSchema = z
  .object({
    id: z.string(),
    spaceId: z.string(),
    slug: z.string(),
    name: z.string(),
    kind: kindSchema,
    enabled: z.boolean(),
    hasWebhookSecret: z.boolean(),
    writeKeys: z.array(writeKeySchema),
    createdAt: timeSchema,
  })
  .openapi('Source');
const spaceParams = z.object({ spaceId: idSchema('space') });
const params = z.object({ sourceId: idSchema('source') });

export function sources(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    const data = (await listSources(parts.db, parts, id)).map((source) => sourceToJson(source));
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(createRouteOf, async (c) => {
    const { spaceId } = c.req.valid('param');
    const made = await change(parts, c, async (tx, record) => {
      await permittedSpace(c, tx, spaceId);
      const created = await createSource(tx, parts, { ...c.req.valid('json'), spaceId });
      if (!created.ok) throw slugTaken();
      await record({ spaceId, action: 'source.create', subject: idToText('source', created.value.source.sourceId) });
      return created.value;
    });
    tagged(c, editableOf(made.source));
    return c.json({ data: sourceToJson(made.source, made.writeKey) }, 201);
  });

  app.openapi(getRoute, async (c) => {
    const source = await permittedSource(c, parts, c.req.valid('param').sourceId);
    tagged(c, editableOf(source));
    return c.json({ data: sourceToJson(source) }, 200);
  });

  editing(app, parts);

  app.openapi(deleteRoute, async (c) => {
    const { sourceId } = c.req.valid('param');
    await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedSource(c, { db: tx, vault: parts.vault }, sourceId);
      if (!(await deleteSource(tx, parts, sourceId))) throw notFound();
      await record({ spaceId, action: 'source.delete', subject: idToText('source', sourceId) });
    });
    return c.body(null, 204);
  });

  app.openapi(createKeyRoute, async (c) => {
    const { sourceId } = c.req.valid('param');
    const made = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedSource(c, { db: tx, vault: parts.vault }, sourceId);
      const created = await createWriteKey(tx, parts, sourceId);
      if (!created.ok) throw notFound();
      await record({ spaceId, action: 'source.writekey.create', subject: idToText('source', sourceId) });
      return created.value;
    });
    return c.json({ data: keyToJson(made.writeKey, made.plain) }, 201);
  });

  app.openapi(revokeKeyRoute, async (c) => {
    const { sourceId, keyId } = c.req.valid('param');
    await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedSource(c, { db: tx, vault: parts.vault }, sourceId);
      if (!(await revokeWriteKey(tx, parts, { sourceId, keyId }))) throw notFound();
      const details = { key: idToText('writeKey', keyId) };
      await record({ spaceId, action: 'source.writekey.revoke', subject: idToText('source', sourceId), details });
    });
    return c.body(null, 204);
  });
}

function editing(app: Api, parts: ApiParts): void {
  app.openapi(patchRoute, async (c) => {
    const { sourceId } = c.req.valid('param');
    const body = c.req.valid('json');
    const { webhookSecret, ...rest } = definedOf(body);
    const secret =
      webhookSecret === undefined ? {} : { webhookSecret: webhookSecret === null ? null : new Secret(webhookSecret) };
    const subject = idToText('source', sourceId);
    const updated = await change(parts, c, async (tx, record) => {
      await holdSource(tx, sourceId);
      const before = await permittedSource(c, { db: tx, vault: parts.vault }, sourceId);
      const { spaceId } = before;
      await demandVersion(c, tx, editableOf(before), { spaceId, subject, action: 'source.update' });
      const result = await updateSource(tx, parts, { sourceId, change: { ...rest, ...secret } });
      if (!result.ok) throw result.error === 'slug taken' ? slugTaken() : notFound();
      await record({ spaceId, action: 'source.update', subject, details: fieldsOf(body) });
      return result.value;
    });
    tagged(c, editableOf(updated));
    return c.json({ data: sourceToJson(updated) }, 200);
  });
}

const tags = ['Sources'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/sources',
  summary: 'The sources of a space',
  request: { params: spaceParams },
  responses: { 200: listOf(sourceSchema), ...refusals },
});

const createRouteOf = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/spaces/{spaceId}/sources',
  summary: 'A new source with its first write key; a secret key is in the answer and never again',
  request: {
    params: spaceParams,
    body: bodyOf(
      z.strictObject({
        slug: slugSchema,
        name: nameSchema,
        kind: kindSchema.default('server'),
        enabled: z.boolean().default(true),
      }),
    ),
  },
  responses: { 201: oneOf(sourceSchema), 409: conflict, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/sources/{sourceId}',
  summary: 'A source',
  request: { params },
  responses: { 200: oneOf(sourceSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: '/api/v1/sources/{sourceId}',
  summary: 'Changes a source; its kind stays, because its keys may be public',
  request: {
    params,
    headers: ifMatch,
    body: bodyOf(
      z.strictObject({
        slug: slugSchema.optional(),
        name: nameSchema.optional(),
        enabled: z.boolean().optional(),
        webhookSecret: z.string().min(1).max(1_000).nullable().optional(),
      }),
    ),
  },
  responses: { 200: oneOf(sourceSchema), 409: conflict, 412: outdated, ...refusals },
});

const deleteRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path: '/api/v1/sources/{sourceId}',
  summary: 'Deletes a source; its keys are refused within five seconds',
  request: { params },
  responses: { 204: noContent, ...refusals },
});

const createKeyRoute = createRoute({
  ...forSureEditors,
  tags,
  method: 'post',
  path: '/api/v1/sources/{sourceId}/writekey',
  summary: 'One more write key, to change keys without a gap',
  request: { params },
  responses: { 201: oneOf(writeKeySchema), ...refusals },
});

const revokeKeyRoute = createRoute({
  ...forSureEditors,
  tags,
  method: 'delete',
  path: '/api/v1/sources/{sourceId}/writekey/{keyId}',
  summary: 'Revokes a write key; every node refuses it within five seconds',
  request: { params: params.extend({ keyId: idSchema('writeKey') }) },
  responses: { 204: noContent, ...refusals },
});

const slugTaken = () => refusal(409, 'taken', 'another source of this space has this slug', 'slug');

/** Of the webhook secret only whether there is one: an ETag must not tell whether two are the same. */
const editableOf = ({ slug, name, enabled, hasWebhookSecret }: Source) => ({ slug, name, enabled, hasWebhookSecret });

/** `plain`: the key just made, of which this is the only time for a secret one. */
const sourceToJson = (source: Source, plain?: Secret): z.infer<typeof sourceSchema> => ({
  id: idToText('source', source.sourceId),
  spaceId: idToText('space', source.spaceId),
  slug: source.slug,
  name: source.name,
  kind: source.kind,
  enabled: source.enabled,
  hasWebhookSecret: source.hasWebhookSecret,
  writeKeys: source.writeKeys.map((key) => keyToJson(key, plain)),
  createdAt: new Date(source.createdAt).toISOString(),
});

const keyToJson = (key: WriteKey, plain?: Secret): z.infer<typeof writeKeySchema> => ({
  id: idToText('writeKey', key.keyId),
  prefix: key.prefix,
  key: (plain ?? key.key)?.reveal() ?? null,
  createdAt: new Date(key.createdAt).toISOString(),
});
