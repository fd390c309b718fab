import { createRoute, z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { idSchema, type SourceId, type SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent } from '../../contract/segment-event.ts';
import { failedSamples, mask } from '../ingest/ingest.ts';
import { minutes, seconds } from '../kernel/clock.ts';
import { forViewers, permittedSource } from './access.ts';
import { type Api, refusal } from './http.ts';
import { maskIdentifiers } from './masking.ts';
import type { ApiParts } from './parts.ts';
import { refusals } from './shapes.ts';

/** web.md 7: above 20 events a second the debugger samples and says so. */
const lookEvery = 500;
const eventsPerLook = 10;
/** Failed events are in the database, so they are looked for less often. */
const failuresEvery = seconds(2);
/** The browser comes back by itself, and is asked again who it is. */
const longest = minutes(10);
/** T22: pages that watch hold up nothing else. */
const watchersMost = 100;

const seenSchema = z
  .object({
    messageId: z.string().nullable(),
    type: z.string(),
    event: z.string().nullable(),
    receivedAt: z.string(),
    audienceKey: z.string().nullable(),
    person: z.array(z.object({ type: z.string(), masked: z.string() })),
    result: z.enum(['accepted', 'failed']),
    reason: z.string().nullable(),
    masked: z.unknown(),
  })
  .openapi('DebuggerEvent');
type Seen = z.infer<typeof seenSchema>;

/** A source's events as they come in, masked (I13), from what this node takes in. */
export function liveDebugger(app: Api, parts: ApiParts): void {
  let watchers = 0;
  app.openapi(route, async (c) => {
    const source = await permittedSource(c, parts, c.req.valid('param').sourceId);
    if (watchers >= watchersMost) throw refusal(429, 'too-many', 'too many people watch; try again in a moment');
    watchers += 1;
    return streamSSE(c, async (stream) => {
      try {
        await watch(parts, stream, source);
      } finally {
        watchers -= 1;
      }
    });
  });
}

const route = createRoute({
  ...forViewers,
  tags: ['Sources'],
  method: 'get',
  path: '/api/v1/sources/{sourceId}/debugger',
  summary: 'A source’s events as this node takes them in, masked; server-sent events `seen` and `sampled`',
  request: { params: z.object({ sourceId: idSchema('source') }) },
  responses: {
    200: {
      description: '`seen`: one event; `sampled`: {"left"}, how many more came in than are shown',
      content: { 'text/event-stream': { schema: seenSchema } },
    },
    ...refusals,
  },
});

interface Watched {
  readonly sourceId: SourceId;
  readonly spaceId: SpaceId;
}

/** Begins with the last events there are, and goes on until the browser leaves. */
async function watch(parts: ApiParts, stream: SSEStreamingApi, source: Watched): Promise<void> {
  const gone = new AbortController();
  stream.onAbort(() => gone.abort());
  const { clock } = parts;
  const until = clock.elapsed() + longest;
  const news = newEvents(parts, source);
  const failures = newFailures(parts, source);
  let nextFailures = clock.elapsed();
  while (!gone.signal.aborted && clock.elapsed() < until) {
    const { shown, left } = news();
    for (const seen of shown) await stream.writeSSE({ event: 'seen', data: JSON.stringify(seen) });
    if (left > 0) await stream.writeSSE({ event: 'sampled', data: JSON.stringify({ left }) });
    if (clock.elapsed() >= nextFailures) {
      nextFailures = clock.elapsed() + failuresEvery;
      for (const seen of await failures()) await stream.writeSSE({ event: 'seen', data: JSON.stringify(seen) });
      // Keeps proxies from taking a quiet source for a dead connection.
      await stream.write(': \n\n');
    }
    await clock.sleep(lookEvery, gone.signal);
  }
}

/** Gives what has come in since it was asked last, oldest first, and how many were left out. */
function newEvents(parts: Pick<ApiParts, 'recent'>, { spaceId, sourceId }: Watched) {
  let last: ReceivedEvent | undefined;
  return (): { shown: Seen[]; left: number } => {
    const all = parts.recent(spaceId);
    const known = last === undefined ? -1 : all.indexOf(last);
    const since = (known === -1 ? all : all.slice(0, known)).filter((received) => received.sourceId === sourceId);
    last = all[0] ?? last;
    const shown = since.slice(0, eventsPerLook).reverse();
    return { shown: shown.map(acceptedToJson), left: since.length - shown.length };
  };
}

function newFailures(parts: Pick<ApiParts, 'db'>, { spaceId, sourceId }: Watched) {
  let since = 0;
  return async (): Promise<Seen[]> => {
    const samples = (await failedSamples(parts.db, spaceId, sourceId)).filter(({ at }) => at > since);
    since = Math.max(since, ...samples.map(({ at }) => at));
    return samples.reverse().map(({ reason, at, sample }) => ({
      messageId: null,
      type: 'unknown',
      event: null,
      receivedAt: new Date(at).toISOString(),
      audienceKey: null,
      person: [],
      result: 'failed',
      reason,
      masked: sample,
    }));
  };
}

function acceptedToJson({ event }: ReceivedEvent): Seen {
  return {
    messageId: event.messageId,
    type: event.type,
    event: event.event ?? event.name ?? null,
    receivedAt: event.receivedAt,
    audienceKey:
      textAt(event.context, 'personas', 'computation_key') ?? textAt(event, 'properties', 'audience_key') ?? null,
    person: maskIdentifiers(identifiersOf(event)),
    result: 'accepted',
    reason: null,
    masked: mask(event),
  };
}

function identifiersOf(event: ReceivedEvent['event']): { type: string; value: string }[] {
  const found = [
    { type: 'user_id', value: event.userId },
    { type: 'anonymous_id', value: event.anonymousId },
    { type: 'email', value: textAt(event.context, 'traits', 'email') ?? textAt(event, 'traits', 'email') },
    { type: 'phone', value: textAt(event.context, 'traits', 'phone') ?? textAt(event, 'traits', 'phone') },
    { type: 'device', value: textAt(event.context, 'device', 'advertisingId') },
  ];
  return found.flatMap(({ type, value }) => (value ? [{ type, value }] : []));
}

function textAt(from: Readonly<Record<string, unknown>> | undefined, part: string, key: string): string | undefined {
  const inner = from?.[part];
  const value = typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}
