import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText, type SourceId, type SpaceId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import { countsSince, failedSamples, type IngestCount, listSources } from '../ingest/ingest.ts';
import { type Clock, days, type Instant, minutes } from '../kernel/clock.ts';
import { forOwners, forViewers, permit, permittedSource, permittedSpace } from './access.ts';
import { type Api, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { oneOf, refusals, timeSchema } from './shapes.ts';

const countSchema = z.object({
  outcome: z
    .string()
    .openapi({ description: 'received, duplicate, failed, ignored, or batch: a request with failed events' }),
  reason: z.string(),
  count: z.int(),
});
const sourceSchema = z.object({
  sourceId: z.string(),
  name: z.string().nullable().openapi({ description: 'null: deleted since' }),
  counts: z.array(countSchema),
  lastReceived: timeSchema.nullable().openapi({ description: 'the minute of the last event received in this range' }),
  failedSamples: z
    .array(z.object({ reason: z.string(), at: timeSchema, sample: z.unknown() }))
    .openapi({ description: 'the last few events that failed, newest first, masked; of any time' }),
});
const rangeShape = { from: timeSchema, to: timeSchema };
const ingestSchema = z.object({ ...rangeShape, sources: z.array(sourceSchema) }).openapi('Ingest');
const sourceDeliverySchema = z
  .object({
    ...rangeShape,
    counts: z.array(countSchema),
    series: z.array(countSchema.extend({ time: timeSchema })).openapi({ description: 'by the minute' }),
  })
  .openapi('SourceDelivery');
const unknownKeysSchema = z.object({ ...rangeShape, counts: z.array(countSchema) }).openapi('UnknownKeys');

const rangeQuery = z.object({ from: timeSchema.optional(), to: timeSchema.optional() });
interface Range {
  readonly from: Instant;
  readonly to: Instant;
}
const usualRange = days(1);
/** Counts are kept a minute: two weeks are 20,160 rows for each outcome and reason of a source. */
const furthestBack = days(14);

/** What came in, and why some of it did not come through (segment-spec.md 1.4). */
export function ingestCounts(app: Api, parts: ApiParts): void {
  app.openapi(ingestRoute, async (c) => {
    const { id } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    const range = rangeOf(parts.clock, c.req.valid('query'));
    const sources = await sourcesOf(parts, id, range);
    return c.json({ data: { ...rangeToJson(range), sources } }, 200);
  });

  app.openapi(sourceRoute, async (c) => {
    const { sourceId, spaceId } = await permittedSource(c, parts, c.req.valid('param').sourceId);
    const range = rangeOf(parts.clock, c.req.valid('query'));
    const counts = (await countsIn(parts.db, spaceId, range)).filter((count) => count.sourceId === sourceId);
    const series = counts.map(({ minute, outcome, reason, count }) => ({
      time: new Date(minute).toISOString(),
      outcome,
      reason,
      count,
    }));
    return c.json({ data: { ...rangeToJson(range), counts: summed(counts), series } }, 200);
  });

  app.openapi(unknownKeysRoute, async (c) => {
    permit(c, null);
    const range = rangeOf(parts.clock, c.req.valid('query'));
    const counts = summed(await countsIn(parts.db, nobody, range));
    return c.json({ data: { ...rangeToJson(range), counts } }, 200);
  });
}

/** Events with a key that is no source's are counted here (tally.ts). */
const nobody = 0 as SpaceId;
const tags = ['Sources'];

const ingestRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/ingest',
  summary: 'What came in per source, outcome and reason, in the last day unless asked otherwise, and what failed last',
  request: { params: z.object({ spaceId: idSchema('space') }), query: rangeQuery },
  responses: { 200: oneOf(ingestSchema), ...refusals },
});

const sourceRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/sources/{sourceId}/delivery',
  summary: 'What came in from a source by the minute, outcome and reason, in the last day unless asked otherwise',
  request: { params: z.object({ sourceId: idSchema('source') }), query: rangeQuery },
  responses: { 200: oneOf(sourceDeliverySchema), ...refusals },
});

const unknownKeysRoute = createRoute({
  ...forOwners,
  tags,
  method: 'get',
  path: '/api/v1/ingest/unknown-keys',
  summary: 'How many events came with a write key that is no source’s; for tokens of the whole installation',
  request: { query: rangeQuery },
  responses: { 200: oneOf(unknownKeysSchema), ...refusals },
});

async function sourcesOf(
  parts: Pick<ApiParts, 'db' | 'vault'>,
  spaceId: SpaceId,
  range: Range,
): Promise<z.infer<typeof sourceSchema>[]> {
  const counts = await countsIn(parts.db, spaceId, range);
  const named = (await listSources(parts.db, parts, spaceId)).map(({ sourceId, name }) => [sourceId, name] as const);
  // A deleted source is listed as long as the range holds counts of it.
  const names = new Map<SourceId, string | null>([
    ...counts.map(({ sourceId }) => [sourceId, null] as const),
    ...named,
  ]);
  const sources = [];
  for (const [sourceId, name] of [...names].sort(([a], [b]) => a - b)) {
    const samples = await failedSamples(parts.db, spaceId, sourceId);
    const own = counts.filter((count) => count.sourceId === sourceId);
    // The minutes come in order.
    const last = own.findLast(({ outcome }) => outcome === 'received')?.minute;
    sources.push({
      sourceId: idToText('source', sourceId),
      name,
      counts: summed(own),
      lastReceived: last === undefined ? null : new Date(last).toISOString(),
      failedSamples: samples.map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
    });
  }
  return sources;
}

const countsIn = async (q: Queryable, spaceId: SpaceId, { from, to }: Range): Promise<IngestCount[]> =>
  (await countsSince(q, spaceId, from)).filter(({ minute }) => minute < to);

function summed(counts: readonly IngestCount[]): z.infer<typeof countSchema>[] {
  const sums = new Map<string, z.infer<typeof countSchema>>();
  for (const { outcome, reason, count } of counts) {
    const key = JSON.stringify([outcome, reason]);
    sums.set(key, { outcome, reason, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}

/** Whole minutes, the running one included, because that is how events are counted. */
function rangeOf(clock: Clock, asked: z.infer<typeof rangeQuery>): Range {
  const now = clock.now();
  const to = asked.to === undefined ? now + minutes(1) : Date.parse(asked.to);
  const from = asked.from === undefined ? to - usualRange : Date.parse(asked.from);
  if (from >= to) throw refusal(400, 'invalid', 'must be before `to`', 'from');
  if (now - from > furthestBack) throw refusal(400, 'invalid', 'must be within the last 14 days', 'from');
  return { from: wholeMinute(from), to: to as Instant };
}

const wholeMinute = (time: number): Instant => (time - (time % minutes(1))) as Instant;

const rangeToJson = ({ from, to }: Range) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
