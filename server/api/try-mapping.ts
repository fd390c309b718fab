import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { compileMapping, explainMapping } from '../mappings/mappings.ts';
import { change, forEditors, permittedDestination } from './access.ts';
import type { Api } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, invalid, oneOf, refusals } from './shapes.ts';
import { draftId, existing, wontCompile } from './subscriptions.ts';

/** Test Mapping (segment-spec.md 4.7): one mapping, stored or as it stands in the editor, also when it is disabled. */
export function tryMapping(app: Api, parts: ApiParts): void {
  app.openapi(tryRoute, async (c) => {
    const { destinationId } = c.req.valid('param');
    const body = c.req.valid('json');
    const destination = await permittedDestination(c, parts.db, destinationId);
    const mapping =
      body.subscriptionId === undefined
        ? { id: draftId, name: '', enabled: false, ...draftOf(body.subscription) }
        : await existing(parts.db, destinationId, body.subscriptionId);
    const compiled = compileMapping(mapping, destination.settings);
    if (!compiled.ok) throw wontCompile(compiled.error);
    const event = completeEvent(parts, body.event);
    const explanation = explainMapping(compiled.value, event);
    if (body.send) {
      await change(parts, c, async (tx, record) => {
        await parts.sendTest(tx, { destination, mapping, event });
        const { spaceId } = destination;
        await record({ spaceId, action: 'subscription.test', subject: idToText('destination', destinationId) });
      });
    }
    return c.json({ data: { ...explanation, fields: [...explanation.fields], sent: body.send } }, 200);
  });
}

const draftSchema = z.strictObject({
  actionSlug: z.string().max(100),
  trigger: z.string().min(1).max(10_000),
  settings: z.record(z.string(), z.unknown()),
});
const eventTypes = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;

const tryRoute = createRoute({
  ...forEditors,
  tags: ['Subscriptions'],
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/subscriptions/test',
  summary: 'What a mapping makes of an event, with identifiers masked; with `send` it is done for real',
  request: {
    params: z.object({ destinationId: idSchema('destination') }),
    body: bodyOf(
      z
        .strictObject({
          subscriptionId: idSchema('mapping').optional(),
          subscription: draftSchema.optional(),
          event: z.looseObject({ type: z.enum(eventTypes) }),
          send: z.boolean().default(false),
        })
        .refine((body) => (body.subscriptionId === undefined) !== (body.subscription === undefined), {
          message: 'give either subscriptionId or subscription',
          path: ['subscription'],
        }),
    ),
  },
  responses: {
    200: oneOf(
      z.object({
        matched: z.boolean(),
        fields: z.array(z.unknown()),
        result: z.unknown(),
        request: z.unknown().openapi({ description: 'the body of the call to TikTok, or null' }),
        sent: z.boolean(),
      }),
    ),
    422: invalid,
    ...refusals,
  },
});

const draftOf = (draft: z.infer<typeof draftSchema> | undefined): z.infer<typeof draftSchema> =>
  draft ?? { actionSlug: '', trigger: '', settings: {} };

/** What ingest would add to an event that a person typed. */
function completeEvent(
  deps: Pick<ApiParts, 'clock' | 'random'>,
  event: { type: SegmentEvent['type'] } & Record<string, unknown>,
): SegmentEvent {
  const now = new Date(deps.clock.now()).toISOString();
  const messageId = `usher-test-${deps.random.bytes(12).toString('hex')}`;
  return { timestamp: now, originalTimestamp: now, messageId, ...event, receivedAt: now };
}
