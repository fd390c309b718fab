import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { mask } from '../ingest/ingest.ts';
import { compileTrigger, type MappingProblem } from '../mappings/mappings.ts';
import { forEditors, forViewers, permittedSpace } from './access.ts';
import { type Api, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, invalid, listOf, oneOf, refusals } from './shapes.ts';

const recentSchema = z
  .object({
    messageId: z.string(),
    type: z.string(),
    event: z.string().nullable().openapi({ description: 'the name of a track event' }),
    receivedAt: z.string(),
    sourceId: z.string(),
    masked: z.unknown().openapi({ description: 'the event with its keys and the types of its values' }),
  })
  .openapi('RecentEvent');

/** What Test Mapping can be tried on: its `messageId` takes one of these. */
export function recentEvents(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    const data = parts.recent(id).map(toJson);
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(matchRoute, async (c) => {
    const { id } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    const problems: MappingProblem[] = [];
    const trigger = compileTrigger(c.req.valid('json').trigger, problems);
    if (trigger === undefined) throw refusal(422, 'invalid', problems[0]?.message ?? 'is no trigger', 'trigger');
    const looked = parts.recent(id).slice(0, matchedMost);
    const matching = looked.filter(({ event }) => trigger(event)).map(({ event }) => event.messageId);
    return c.json({ data: { of: looked.length, matching } }, 200);
  });
}

/** As many as an editor shows (web.md 4.1). */
const matchedMost = 50;

const listRoute = createRoute({
  ...forViewers,
  tags: ['Sources'],
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/events/recent',
  summary: 'The last events of a space that this node took in, at most 200, newest first, masked',
  request: { params: z.object({ spaceId: idSchema('space') }) },
  responses: { 200: listOf(recentSchema), ...refusals },
});

/** For editors: by a trigger on its values somebody could spell out an event that they only see masked. */
const matchRoute = createRoute({
  ...forEditors,
  tags: ['Sources'],
  method: 'post',
  path: '/api/v1/spaces/{spaceId}/events/recent/match',
  summary: `Which of the last ${matchedMost} events of a space a trigger matches; nothing is changed`,
  request: {
    params: z.object({ spaceId: idSchema('space') }),
    body: bodyOf(z.strictObject({ trigger: z.string().min(1).max(10_000) })),
  },
  responses: {
    200: oneOf(
      z.object({
        of: z.int().openapi({ description: 'events looked at' }),
        matching: z.array(z.string()).openapi({ description: 'their message ids' }),
      }),
    ),
    422: invalid,
    ...refusals,
  },
});

/** I13: keys and types of the event leave, its values do not. */
const toJson = ({ event, sourceId }: ReceivedEvent): z.infer<typeof recentSchema> => ({
  messageId: event.messageId,
  type: event.type,
  event: event.event ?? null,
  receivedAt: event.receivedAt,
  sourceId: idToText('source', sourceId),
  masked: mask(event),
});
