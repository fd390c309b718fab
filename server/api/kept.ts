/** People who are at TikTok although nothing puts them there any more: who they are, how many, and how they go (rule 12). */
import { createRoute, z } from '@hono/zod-openapi';
import type { AudienceId, TargetId } from '../../contract/ids.ts';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type Destination, holdDestination, targetsOf } from '../destinations/destinations.ts';
import { beginRelease, directOrigin, selectKept } from '../ledger/ledger.ts';
import { change, forOwners, forViewers, permittedDestination } from './access.ts';
import { changeQuery, dryRunAnswer, type Planned, weigh } from './consequences.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { conflict, listOf, noContent, refusals } from './shapes.ts';

const keptSchema = z
  .object({
    targetId: z.string(),
    advertiserId: z.string(),
    audience: z.string().openapi({ description: 'the name of the TikTok audience, or its id' }),
    audienceId: z.string().nullable().openapi({ description: 'the audience that brought them; null: direct events' }),
    people: z.int(),
  })
  .openapi('KeptPeople');
const params = z.object({ destinationId: idSchema('destination') });

export function kept(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id, spaceId } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const targets = new Map((await targetsOf(parts.db, id)).map((target) => [target.id, target]));
    const data = (await selectKept(parts.db, spaceId, id)).map((row) => {
      const target = targets.get(row.target_id);
      return {
        targetId: idToText('target', row.target_id),
        advertiserId: target?.advertiserId ?? '',
        audience: target?.named ?? target?.tiktokId ?? '',
        // An origin other than 0 is an audience.
        audienceId: row.origin_id === directOrigin ? null : idToText('audience', row.origin_id as AudienceId),
        people: row.people,
      };
    });
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(removeRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const { target: targetId, audience: originId, ...asked } = c.req.valid('query');
    const destination = await permittedDestination(c, parts.db, destinationId);
    const tried = await weigh(parts, [planned(destination, { targetId, originId })], { ...asked, people: 'remove' });
    if (tried) return c.json({ data: tried }, 200);
    const leaving = await change(parts, c, async (tx, record) => {
      const { spaceId } = await permittedDestination(c, tx, destinationId);
      await holdDestination(tx, destinationId);
      const begun = await beginRelease(tx, parts, spaceId, { destinationId, targetId, originId, ...onlyKept });
      const details = {
        target: targetId === undefined ? null : idToText('target', targetId),
        audience: originId === undefined ? null : idToText('audience', originId),
      };
      await record({ spaceId, action: 'kept.remove', subject: idToText('destination', destinationId), details });
      return begun;
    });
    parts.changed();
    return c.body(null, leaving ? 202 : 204);
  });
}

const onlyKept = { onlyKept: true, people: 'remove' } as const;

const planned = (
  destination: Destination,
  what: { targetId: TargetId | undefined; originId: AudienceId | undefined },
): Planned => ({ destination, mappings: [], connections: [], released: [{ ...what, onlyKept: true }] });

const tags = ['Delivery'];
const path = '/api/v1/destinations/{destinationId}/kept';

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path,
  summary: 'How many people are kept at TikTok although nothing puts them there any more',
  request: { params },
  responses: { 200: listOf(keptSchema), ...refusals },
});

const removeRoute = createRoute({
  ...forOwners,
  tags,
  method: 'delete',
  path,
  summary: 'Takes kept people out of TikTok, in the background; who is held there by something else stays',
  request: {
    params,
    query: changeQuery.omit({ people: true }).extend({
      target: idSchema('target').optional().openapi({ description: 'only of this target' }),
      audience: idSchema('audience').optional().openapi({ description: 'only those whom this audience brought' }),
    }),
  },
  responses: {
    200: dryRunAnswer,
    202: { description: 'they are being removed at TikTok' },
    204: noContent,
    409: conflict,
    ...refusals,
  },
});
