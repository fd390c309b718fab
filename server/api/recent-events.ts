import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { mask } from '../ingest/ingest.ts';
import { forViewers, permittedSpace } from './access.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, refusals } from './shapes.ts';

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
}

const listRoute = createRoute({
  ...forViewers,
  tags: ['Sources'],
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/events/recent',
  summary: 'The last events of a space that this node took in, at most 200, newest first, masked',
  request: { params: z.object({ spaceId: idSchema('space') }) },
  responses: { 200: listOf(recentSchema), ...refusals },
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
