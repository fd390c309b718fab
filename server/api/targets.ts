import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { chooseAudience, getTarget, type Target, targetsOf } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { change, forEditors, forViewers, permittedDestination } from './access.ts';
import { type Api, notFound, type Refusal, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, conflict, listOf, oneOf, refusals, timeSchema } from './shapes.ts';

export const targetSchema = z
  .object({
    id: z.string(),
    advertiserId: z.string(),
    name: z.string().nullable().openapi({ description: 'as mappings name it; null: named by id' }),
    tiktokId: z.string().nullable(),
    state: z.enum(['unresolved', 'ready', 'blocked', 'leaving', 'gone']),
    reason: z.string().nullable().openapi({ description: 'why it is blocked' }),
    choices: z
      .array(
        z.object({
          audienceId: z.string(),
          name: z.string(),
          type: z.string(),
          size: z.int(),
          createdAt: z.string(),
        }),
      )
      .openapi({ description: 'TikTok audiences of the same name, one of which has to be chosen' }),
    seen: z.record(z.string(), z.unknown()).nullable().openapi({ description: 'TikTok’s own view at the last look' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .openapi('Target');
const params = z.object({ destinationId: idSchema('destination') });

export function targets(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const data = (await targetsOf(parts.db, id)).map(targetToJson);
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(chooseRoute, async (c) => {
    const { destinationId, targetId } = c.req.valid('param');
    const { audienceId } = c.req.valid('json');
    const chosen = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedDestination(c, tx, destinationId);
      const target = await getTarget(tx, targetId);
      if (target?.destinationId !== destinationId) throw notFound();
      const claim = await chooseAudience(tx, parts.clock, target, audienceId);
      if (claim.kind !== 'ready') throw notChosen(claim);
      await record({
        spaceId,
        action: 'target.choose',
        subject: idToText('target', targetId),
        details: { audienceId },
      });
      return must(await getTarget(tx, targetId), 'the target was just chosen for');
    });
    parts.changed();
    return c.json({ data: targetToJson(chosen) }, 200);
  });
}

const tags = ['Delivery'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/targets',
  summary: 'The TikTok audiences that a destination feeds, and what is in their way',
  request: { params },
  responses: { 200: listOf(targetSchema), ...refusals },
});

const chooseRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/targets/{targetId}/choose',
  summary: 'Says which of several TikTok audiences a name means',
  request: {
    params: params.extend({ targetId: idSchema('target') }),
    body: bodyOf(z.strictObject({ audienceId: z.string().regex(/^[0-9]{1,30}$/, 'digits only, as TikTok shows it') })),
  },
  responses: { 200: oneOf(targetSchema), 409: conflict, ...refusals },
});

function notChosen(claim: Exclude<Awaited<ReturnType<typeof chooseAudience>>, { kind: 'ready' }>): Refusal {
  switch (claim.kind) {
    case 'blocked':
      return refusal(409, 'fed-elsewhere', claim.reason, 'audienceId');
    case 'same as':
      return refusal(
        409,
        'fed-already',
        `this destination feeds that audience already, as ${idToText('target', claim.targetId)}; let the mapping name that one`,
        'audienceId',
      );
    case 'fixed':
      return refusal(409, 'fixed', 'there is nothing to choose: this target is not blocked, or has its audience');
  }
}

export const targetToJson = (target: Target): z.infer<typeof targetSchema> => ({
  id: idToText('target', target.id),
  advertiserId: target.advertiserId,
  name: target.named,
  tiktokId: target.tiktokId,
  state: target.state,
  reason: target.reason,
  choices: target.choices,
  seen: target.seen,
  createdAt: target.createdAt.toISOString(),
  updatedAt: target.updatedAt.toISOString(),
});
