import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText, type SpaceId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { compileMapping, explainMapping } from '../mappings/mappings.ts';
import { change, forEditors, permittedDestination } from './access.ts';
import { type Api, type ApiContext, type Refusal, refusal } from './http.ts';
import type { ApiParts, TestSent } from './parts.ts';
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
    const event = eventOf(parts, destination.spaceId, body);
    const explanation = explainMapping(compiled.value, event);
    const outcome = body.send ? await sendIt(parts, c, { destination, mapping, event }) : onlyTried;
    const notSentBecause = outcome.sent ? null : outcome.reason;
    const fields = [...explanation.fields];
    return c.json({ data: { ...explanation, fields, sent: outcome.sent, notSentBecause } }, 200);
  });
}

type Sent = TestSent | { readonly sent: false; readonly reason: null };
const onlyTried: Sent = { sent: false, reason: null };

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
          event: z.looseObject({ type: z.enum(eventTypes) }).optional(),
          messageId: z.string().min(1).max(1_000).optional().openapi({ description: 'of a recent event of the space' }),
          send: z.boolean().default(false),
        })
        .refine((body) => (body.subscriptionId === undefined) !== (body.subscription === undefined), {
          message: 'give either subscriptionId or subscription',
          path: ['subscription'],
        })
        .refine((body) => (body.event === undefined) !== (body.messageId === undefined), {
          message: 'give either event or messageId',
          path: ['event'],
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
        sent: z.boolean().openapi({ description: 'it is on its way to TikTok' }),
        notSentBecause: z.string().nullable().openapi({ description: 'why `send` sent nothing' }),
      }),
    ),
    422: invalid,
    ...refusals,
  },
});

const draftOf = (draft: z.infer<typeof draftSchema> | undefined): z.infer<typeof draftSchema> =>
  draft ?? { actionSlug: '', trigger: '', settings: {} };

async function sendIt(parts: ApiParts, c: ApiContext, test: Parameters<ApiParts['sendTest']>[1]): Promise<TestSent> {
  const { spaceId, id } = test.destination;
  const outcome = await change(parts, c, async (tx, record) => {
    const made = await parts.sendTest(tx, test);
    const details = { sent: made.sent };
    await record({ spaceId, action: 'subscription.test', subject: idToText('destination', id), details });
    return made;
  });
  parts.changed();
  return outcome;
}

type Typed = { type: SegmentEvent['type'] } & Record<string, unknown>;

/** The event of the body: typed, or one of the last that came in. */
function eventOf(
  parts: ApiParts,
  spaceId: SpaceId,
  given: { event?: Typed | undefined; messageId?: string | undefined },
): SegmentEvent {
  if (given.event !== undefined) return completeEvent(parts, given.event);
  const found = parts.recent(spaceId).find(({ event }) => event.messageId === given.messageId);
  if (!found) throw notRemembered();
  return found.event;
}

const notRemembered = (): Refusal =>
  refusal(
    404,
    'not-found',
    'no recent event has this messageId: only the last 200 events that this node took in are remembered',
    'messageId',
  );

/** What ingest would add to an event that a person typed. */
function completeEvent(deps: Pick<ApiParts, 'clock' | 'random'>, event: Typed): SegmentEvent {
  const now = new Date(deps.clock.now()).toISOString();
  const messageId = `usher-test-${deps.random.bytes(12).toString('hex')}`;
  return { timestamp: now, originalTimestamp: now, messageId, ...event, receivedAt: now };
}
