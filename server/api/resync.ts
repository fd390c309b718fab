import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, getTarget, type Target } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { beginResync, planResync, type ResyncProgress, resyncOf, setResync } from '../ledger/ledger.ts';
import { change, forEditors, forViewers, permittedDestination } from './access.ts';
import { type Api, type ApiContext, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, conflict, noContent, oneOf, refusals, timeSchema } from './shapes.ts';

const view = z.record(z.string(), z.unknown()).nullable();
const resyncSchema = z
  .object({
    targetId: z.string(),
    state: z.enum(['running', 'paused', 'done', 'cancelled']),
    reason: z.enum(['asked', 'restore']),
    total: z
      .int()
      .openapi({ description: 'rows to repeat: present ones, and removals; a person has one per set of identifiers' }),
    done: z.int().openapi({ description: 'rows that TikTok has been told again' }),
    removedSince: timeSchema.openapi({ description: 'removals that TikTok accepted since then are repeated' }),
    startedAt: timeSchema,
    finishedAt: timeSchema.nullable(),
    completesAt: timeSchema.nullable().openapi({ description: 'at the speed so far; null: not known, or over' }),
    waitsFor: z.string().nullable().openapi({ description: 'what keeps it from going on' }),
    before: view.openapi({ description: 'TikTok’s own view of the audience before the first call' }),
    after: view.openapi({ description: 'and after the last one' }),
  })
  .openapi('Resync');
const planSchema = z
  .object({
    adds: z.int(),
    removes: z.int().openapi({ description: 'at most: what somebody else holds is left out when TikTok is told' }),
    calls: z.int(),
    seconds: z.int().openapi({ description: 'what the calls take at the allowed rate, rounded up' }),
  })
  .openapi('ResyncPlan');

const params = z.object({ destinationId: idSchema('destination'), targetId: idSchema('target') });
const dryRunQuery = z.object({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'true: changes nothing and answers 200 with the numbers' }),
});
const begin = z.strictObject({
  since: timeSchema.optional().openapi({
    description: 'after a restore: when the backup was made; removals of the thirty days before it are repeated too',
  }),
});

/** Repeating everything that is known of a TikTok audience (docs/operating.md, "After a restore"). */
export function resync(app: Api, parts: ApiParts): void {
  app.openapi(beginRoute, async (c) => {
    const place = c.req.valid('param');
    const { since } = c.req.valid('json');
    const backup = since === undefined ? undefined : new Date(since);
    if (c.req.valid('query').dryRun === 'true') {
      const { destination, target } = await permittedTarget(c, parts.db, place);
      return c.json({ data: await planOf(parts, destination, target, backup) }, 200);
    }
    const data = await change(parts, c, async (tx, record) => {
      const { destination, target } = await permittedTarget(c, tx, place);
      if (!(await beginResync(tx, parts.clock, target, backup))) throw underWay();
      const subject = idToText('target', target.id);
      await record({
        spaceId: destination.spaceId,
        action: 'target.resync',
        subject,
        details: { since: since ?? null },
      });
      const begun = must(await resyncOf(tx, target.id), 'a resync was begun in this transaction');
      return resyncToJson(parts, destination, target, begun);
    });
    parts.changed();
    return c.json({ data }, 202);
  });

  app.openapi(getRoute, async (c) => {
    const { destination, target } = await permittedTarget(c, parts.db, c.req.valid('param'));
    const found = await resyncOf(parts.db, target.id);
    return c.json({ data: found ? resyncToJson(parts, destination, target, found) : null }, 200);
  });

  app.openapi(patchRoute, async (c) => {
    const place = c.req.valid('param');
    const { paused } = c.req.valid('json');
    const data = await change(parts, c, async (tx, record) => {
      const { destination, target } = await permittedTarget(c, tx, place);
      if (!(await setResync(tx, parts.clock, target.id, paused ? 'paused' : 'running'))) throw notFound();
      const action = paused ? 'target.resync.pause' : 'target.resync.resume';
      await record({ spaceId: destination.spaceId, action, subject: idToText('target', target.id) });
      const found = must(await resyncOf(tx, target.id), 'it was changed in this transaction');
      return resyncToJson(parts, destination, target, found);
    });
    parts.changed();
    return c.json({ data }, 200);
  });

  app.openapi(cancelRoute, async (c) => {
    const place = c.req.valid('param');
    await change(parts, c, async (tx, record) => {
      const { destination, target } = await permittedTarget(c, tx, place);
      if (!(await setResync(tx, parts.clock, target.id, 'cancelled'))) throw notFound();
      const subject = idToText('target', target.id);
      await record({ spaceId: destination.spaceId, action: 'target.resync.cancel', subject });
    });
    return c.body(null, 204);
  });
}

const tags = ['Delivery'];
const path = '/api/v1/destinations/{destinationId}/targets/{targetId}/resync';

const beginRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path,
  summary: 'Tells TikTok everything known of an audience once more, behind live changes; safe at any time',
  request: { params, query: dryRunQuery, body: bodyOf(begin) },
  responses: { 200: oneOf(planSchema, 'of a dry run'), 202: oneOf(resyncSchema, 'begun'), 409: conflict, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path,
  summary: 'How far the resync of an audience is: the one under way, or the last one; null: there was none',
  request: { params },
  responses: { 200: oneOf(resyncSchema.nullable()), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path,
  summary: 'Pauses a resync or lets it go on; what is queued, at most 20,000 rows, still goes out',
  request: { params, body: bodyOf(z.strictObject({ paused: z.boolean() })) },
  responses: { 200: oneOf(resyncSchema), ...refusals },
});

const cancelRoute = createRoute({
  ...forEditors,
  tags,
  method: 'delete',
  path,
  summary: 'Ends a resync before it is through; what is queued, at most 20,000 rows, still goes out',
  request: { params },
  responses: { 204: noContent, ...refusals },
});

async function permittedTarget(
  c: ApiContext,
  q: Queryable,
  { destinationId, targetId }: { destinationId: Destination['id']; targetId: Target['id'] },
): Promise<{ destination: Destination; target: Target }> {
  const destination = await permittedDestination(c, q, destinationId);
  const target = await getTarget(q, targetId);
  if (target?.destinationId !== destinationId || target.state === 'gone') throw notFound();
  return { destination, target };
}

async function planOf(
  parts: ApiParts,
  { settings }: Destination,
  target: Target,
  since: Date | undefined,
): Promise<z.infer<typeof planSchema>> {
  const { adds, removes } = await planResync(parts.db, parts.clock, target, since);
  const calls = Math.ceil(adds / settings.batchRows) + Math.ceil(removes / settings.batchRows);
  return { adds, removes, calls, seconds: Math.ceil(calls / parts.callsPerSecond) };
}

const underWay = () =>
  refusal(409, 'under-way', 'this audience is being told everything again already; GET shows how far that is');

function resyncToJson(
  { clock }: Pick<ApiParts, 'clock'>,
  destination: Destination,
  target: Target,
  row: ResyncProgress,
): z.infer<typeof resyncSchema> {
  const waits = row.state === 'running' ? waitsFor(destination, target) : null;
  const running = row.state === 'running' && waits === null;
  return {
    targetId: idToText('target', target.id),
    state: row.state,
    reason: row.reason,
    total: row.total,
    done: row.done,
    removedSince: row.removed_since.toISOString(),
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    completesAt: running ? completesAt(clock.now(), row) : null,
    waitsFor: waits,
    before: row.before_view,
    after: row.after_view,
  };
}

function waitsFor(destination: Destination, target: Target): string | null {
  if (destination.paused) return `the destination is paused: ${destination.paused.reason}`;
  if (!destination.enabled) return 'the destination is switched off';
  if (!destination.connected) return 'the destination is not connected to TikTok';
  if (target.state === 'blocked') return `the TikTok audience is blocked: ${target.reason ?? ''}`;
  return target.state === 'unresolved' ? 'the TikTok audience is not found yet' : null;
}

function completesAt(now: number, { done, total, started_at: startedAt }: ResyncProgress): string | null {
  if (done === 0) return null;
  const perRow = (now - startedAt.getTime()) / done;
  return new Date(now + Math.max(0, total - done) * perRow).toISOString();
}
