/** Rule 12: what a destination no longer feeds, and how long TikTok is still told about it; also of a deleted destination. */
import { createRoute, z } from '@hono/zod-openapi';
import { type DestinationId, idSchema, idToText } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, getDestinationOrDeleted, targetsOf } from '../destinations/destinations.ts';
import { giveUp, owedByTarget, peopleKeptAt } from '../ledger/ledger.ts';
import { change, forOwners, forViewers, permit } from './access.ts';
import { type Api, type ApiContext, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, conflict, listOf, oneOf, refusals, timeSchema } from './shapes.ts';
import { targetOf, targetParams, targetSchema, targetToJson } from './targets.ts';

const leavingSchema = z
  .object({
    target: targetSchema,
    since: timeSchema,
    owed: z.int().openapi({ description: 'changes that TikTok has to be told yet' }),
    doubts: z.int().openapi({ description: 'hashes of calls without an answer, told once more when they are due' }),
    kept: z.int().openapi({ description: 'people who stay there, remembered so that they can be removed later' }),
  })
  .openapi('Leaving');

export function leaving(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id, spaceId } = await permittedEvenDeleted(c, parts.db, c.req.valid('param').destinationId);
    const owed = await owedByTarget(parts.db, id);
    const data: z.infer<typeof leavingSchema>[] = [];
    for (const target of await targetsOf(parts.db, id)) {
      if (target.leavingSince === null || target.state === 'gone') continue;
      const kept = await peopleKeptAt(parts.db, { spaceId, destinationId: id, targetId: target.id });
      const at = owed.get(target.id) ?? { owed: 0, doubts: 0 };
      data.push({ target: targetToJson(target), since: target.leavingSince.toISOString(), ...at, kept });
    }
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(giveUpRoute, async (c) => {
    const { destinationId, targetId } = c.req.valid('param');
    const { forget } = c.req.valid('json');
    const target = await change(parts, c, async (tx, record) => {
      const destination = await permittedEvenDeleted(c, tx, destinationId);
      const found = await targetOf(tx, destination, targetId);
      if (found.leavingSince === null || found.state === 'gone') throw notLeaving();
      const { spaceId } = destination;
      await record({ spaceId, action: 'target.give-up', subject: idToText('target', targetId), details: { forget } });
      return found;
    });
    // Where TikTok has no audience nobody can stay, and there is nobody to remember.
    const nowhere = target.tiktokId === null || target.problem === 'gone';
    const place = { spaceId: target.spaceId, destinationId, targetId };
    const { stayed } = await giveUp(parts.db, place, forget || nowhere);
    parts.changed();
    return c.json({ data: { stayed: nowhere ? 0 : stayed } }, 200);
  });
}

async function permittedEvenDeleted(c: ApiContext, q: Queryable, id: DestinationId): Promise<Destination> {
  const destination = await getDestinationOrDeleted(q, id);
  if (!destination) throw notFound();
  permit(c, destination.spaceId);
  return destination;
}

const tags = ['Delivery'];

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/leaving',
  summary: 'TikTok audiences that nothing feeds any more and that still have people to remove or kept',
  request: { params: z.object({ destinationId: idSchema('destination') }) },
  responses: { 200: listOf(leavingSchema), ...refusals },
});

const giveUpRoute = createRoute({
  ...forOwners,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/targets/{targetId}/give-up',
  summary: 'Removes nobody more from an audience that is leaving; says how many people stay at TikTok',
  request: {
    params: targetParams,
    body: bodyOf(
      z.strictObject({
        forget: z.boolean().default(false).openapi({
          description:
            'true: who stays is not remembered as kept either, and another destination may feed the audience',
        }),
      }),
    ),
  },
  responses: {
    200: oneOf(z.object({ stayed: z.int().openapi({ description: 'people' }) })),
    409: conflict,
    ...refusals,
  },
});

const notLeaving = () =>
  refusal(
    409,
    'not-leaving',
    'a mapping or a connection still feeds this audience, or it is gone: there is nothing to give up',
  );
