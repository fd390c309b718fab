import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText, type MappingId } from '../../contract/ids.ts';
import { manage } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { deliveryReads } from '../delivery/delivery.ts';
import { type Destination, targetsOf } from '../destinations/destinations.ts';
import { type Clock, days, hours, minutes } from '../kernel/clock.ts';
import { counts, history } from '../ledger/ledger.ts';
import { forViewers, permittedDestination } from './access.ts';
import { countAuditSchema, countAuditsOf } from './count-audit.ts';
import { type Api, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { listOf, oneOf, refusals, timeSchema } from './shapes.ts';
import { type Counts, countsSchema, syncOf, syncSchema } from './sync-state.ts';
import { targetSchema, targetToJson } from './targets.ts';

const deliverySchema = countsSchema
  .extend({
    enabled: z.boolean(),
    paused: z.object({ reason: z.string(), code: z.int().nullable(), at: timeSchema }).nullable(),
    settled: z.boolean().openapi({ description: 'nothing is owed, in doubt or still to be walked' }),
    pointers: z.int().openapi({ description: 'changes that TikTok has not been told of' }),
    doubts: z.int().openapi({ description: 'hashes of calls whose end is unknown, to be told once more' }),
    parkedRows: z.int().openapi({ description: 'with those of events without an audience' }),
    skippedByReason: z.record(z.string(), z.int()),
    skips: z.array(z.object({ audienceId: z.string(), reason: z.string(), count: z.int() })),
    audiences: z.array(z.object({ audienceId: z.string(), ...syncSchema.shape, countAudit: countAuditSchema })),
    targets: z.array(targetSchema),
    series: z.array(
      z.object({
        time: timeSchema,
        outcome: z.string(),
        code: z.string().openapi({ description: 'TikTok’s code, or the reason' }),
        mappingId: z.string().nullable(),
        count: z.int(),
      }),
    ),
    history: z
      .array(
        z.object({
          time: timeSchema,
          onTikTok: z.int(),
          owed: z.int(),
          leaving: z.int(),
          held: z.boolean().openapi({ description: 'nothing could be sent: off, paused or disconnected' }),
        }),
      )
      .openapi({ description: 'every five minutes; of days before yesterday every hour' }),
  })
  .openapi('Delivery');
const sampleSchema = z
  .object({
    outcome: z.string(),
    reason: z.string(),
    mappingId: z.string().nullable(),
    count: z.int(),
    lastSeenAt: timeSchema,
  })
  .openapi('DeliverySample');

const params = z.object({ destinationId: idSchema('destination') });
const rangeQuery = z.object({ from: timeSchema.optional(), to: timeSchema.optional() });
type Range = { from: Date; to: Date; bucketSeconds: number };

/** Buckets with the longest range each may be asked for (segment-spec.md 10, delivery overview), and the usual one. */
const granularities = {
  MINUTE: { bucketSeconds: 60, longest: hours(4), usual: hours(1) },
  QUARTER_HOUR: { bucketSeconds: 900, longest: days(2), usual: days(1) },
  HOUR: { bucketSeconds: 3_600, longest: days(14), usual: days(1) },
  DAY: { bucketSeconds: 86_400, longest: days(30), usual: days(14) },
} as const;
const samplesMax = 100;

export function delivery(app: Api, parts: ApiParts): void {
  app.openapi(deliveryRoute, async (c) => {
    const destination = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const { granularity, ...asked } = c.req.valid('query');
    const range = rangeOf(parts.clock, granularities[granularity], asked);
    return c.json({ data: await readDelivery(parts.db, destination, range) }, 200);
  });

  app.openapi(samplesRoute, async (c) => {
    const { id } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const range = rangeOf(parts.clock, granularities.HOUR, c.req.valid('query'));
    const data = await readSamples(parts.db, id, range);
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });
}

const tags = ['Delivery'];

const deliveryRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/delivery',
  summary: 'How many members are on TikTok, owed, parked and skipped, why, and what happened over time',
  request: {
    params,
    query: rangeQuery.extend({ granularity: z.enum(['MINUTE', 'QUARTER_HOUR', 'HOUR', 'DAY']).default('HOUR') }),
  },
  responses: { 200: oneOf(deliverySchema), ...refusals },
});

const samplesRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/delivery/samples',
  summary: `What happened by outcome and reason, the latest first, at most ${samplesMax}`,
  request: { params, query: rangeQuery },
  responses: { 200: listOf(sampleSchema), ...refusals },
});

async function readDelivery(
  q: Queryable,
  destination: Destination,
  range: Range,
): Promise<z.infer<typeof deliverySchema>> {
  const { id, spaceId, enabled, paused } = destination;
  const connections = await manage.connectionsInto(q, spaceId, id);
  // Before the pointers: a walk that has finished by now has its pointers among those counted next.
  const sync = await syncOf(q, connections);
  const { pointers, doubts } = await counts.countOwed(q, id);
  const reasons = (await counts.skipReasons(q, spaceId, id)).filter((row) => sync.has(row.audience_id));
  const byReason = new Map<string, number>();
  for (const { reason, count } of reasons) byReason.set(reason, (byReason.get(reason) ?? 0) + count);
  const counted = await countAuditsOf(q, id);
  const states = [...sync.values()];
  const walked = states.every(({ walk }) => walk === null || walk.finishedAt !== null);
  const sum = sumOf(states.map((state) => state.counts));
  return {
    ...sum,
    enabled,
    paused: paused && { ...paused, at: paused.at.toISOString() },
    // The members were counted before the pointers: settled only if both say so.
    settled: pointers === 0 && doubts === 0 && walked && sum.owed === 0 && sum.leaving === 0,
    pointers,
    doubts,
    parkedRows: await deliveryReads.countParked(q, id),
    skippedByReason: Object.fromEntries(byReason),
    skips: reasons.map(({ audience_id, ...rest }) => ({ audienceId: idToText('audience', audience_id), ...rest })),
    audiences: [...sync].map(([audienceId, state]) => ({
      audienceId: idToText('audience', audienceId),
      ...state,
      countAudit: counted.get(audienceId) ?? null,
    })),
    targets: (await targetsOf(q, id)).map(targetToJson),
    series: (await deliveryReads.selectCounts(q, id, range)).map((row) => ({
      time: row.minute.toISOString(),
      outcome: row.outcome,
      code: row.code,
      mappingId: mappingToText(row.mapping_id),
      count: row.count,
    })),
    history: (await history.selectOfDestination(q, id, range)).map(({ at, on_tiktok: onTikTok, ...row }) => ({
      time: at.toISOString(),
      onTikTok,
      ...row,
    })),
  };
}

export function sumOf(all: readonly Counts[]): Counts {
  const sum = { members: 0, onTikTok: 0, owed: 0, parked: 0, skipped: 0, leaving: 0, kept: 0 };
  for (const one of all) {
    sum.members += one.members;
    sum.onTikTok += one.onTikTok;
    sum.owed += one.owed;
    sum.parked += one.parked;
    sum.skipped += one.skipped;
    sum.leaving += one.leaving;
    sum.kept += one.kept;
  }
  return sum;
}

async function readSamples(q: Queryable, id: Destination['id'], range: Range): Promise<z.infer<typeof sampleSchema>[]> {
  const samples = new Map<string, z.infer<typeof sampleSchema>>();
  for (const row of await deliveryReads.selectCounts(q, id, range)) {
    const mappingId = mappingToText(row.mapping_id);
    const key = JSON.stringify([row.outcome, row.code, mappingId]);
    const count = (samples.get(key)?.count ?? 0) + row.count;
    // Rows come by time, so the last one is the latest.
    samples.set(key, {
      outcome: row.outcome,
      reason: row.code,
      mappingId,
      count,
      lastSeenAt: row.minute.toISOString(),
    });
  }
  const latestFirst = [...samples.values()].sort(
    (a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt) || b.count - a.count,
  );
  return latestFirst.slice(0, samplesMax);
}

/** Until now, unless asked otherwise; the bucket of the current minute is part of it. */
function rangeOf(
  clock: Clock,
  granularity: { bucketSeconds: number; longest: number; usual: number },
  asked: z.infer<typeof rangeQuery>,
): Range {
  const to = asked.to === undefined ? clock.now() + minutes(1) : Date.parse(asked.to);
  const from = asked.from === undefined ? to - granularity.usual : Date.parse(asked.from);
  if (from >= to) throw refusal(400, 'invalid', 'must be before `to`', 'from');
  // A bucket more: browsers ask for "30 days until now" by a clock of their own.
  if (to - from > granularity.longest + granularity.bucketSeconds * 1_000 + minutes(1)) {
    const most = granularity.longest / hours(1);
    throw refusal(400, 'invalid', `this granularity reaches over at most ${most} hours`, 'from');
  }
  return { from: new Date(from), to: new Date(to), bucketSeconds: granularity.bucketSeconds };
}

const mappingToText = (id: number): string | null => (id === 0 ? null : idToText('mapping', id as MappingId));
