import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import {
  askForLook,
  askToCreate,
  block,
  chooseAudience,
  type Destination,
  getTarget,
  goneSentence,
  lookAgainAt,
  type ReplacementProblem,
  saveSeen,
  type Target,
  type TargetProblem,
  targetsOf,
} from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { owedByTarget, remakeTarget } from '../ledger/ledger.ts';
import type { AudienceView } from '../tiktok/tiktok.ts';
import { change, forEditors, forViewers, permittedDestination } from './access.ts';
import { feedable, viewNow } from './audience-views.ts';
import { type Api, notFound, type Refusal, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, conflict, invalid, listOf, oneOf, refusals, timeSchema } from './shapes.ts';

const problemKinds = [
  'name',
  'several',
  'none',
  'not-feedable',
  'fed-elsewhere',
  'same',
  'gone',
  'forbidden',
  'advertiser',
  'refused',
] as const satisfies readonly TargetProblem[];

export const targetSchema = z
  .object({
    id: z.string(),
    advertiserId: z.string(),
    name: z.string().nullable().openapi({ description: 'as mappings name it; null: named by id' }),
    tiktokId: z.string().nullable(),
    state: z.enum(['unresolved', 'ready', 'blocked', 'leaving', 'gone']),
    problem: z.enum(problemKinds).nullable().openapi({ description: 'what kind of reason blocks it' }),
    reason: z.string().nullable().openapi({ description: 'why it is blocked, or what it waits for' }),
    choices: z
      .array(
        z.object({
          audienceId: z.string(),
          name: z.string(),
          type: z.string(),
          size: z.int(),
          createdAt: z.string(),
        }),
      )
      .openapi({ description: 'TikTok audiences of the same name, one of which has to be chosen' }),
    replacedBy: z.string().nullable().openapi({ description: 'of a gone one: the target that took its people' }),
    leavingSince: timeSchema.nullable().openapi({ description: 'since then nothing feeds it' }),
    seen: z.record(z.string(), z.unknown()).nullable().openapi({ description: 'TikTok’s own view at the last look' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .openapi('Target');
const params = z.object({ destinationId: idSchema('destination') });
export const targetParams = params.extend({ targetId: idSchema('target') });

export function targets(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const { id } = await permittedDestination(c, parts.db, c.req.valid('param').destinationId);
    const owed = await owedByTarget(parts.db, id);
    const data = (await targetsOf(parts.db, id)).map((target) => ({
      ...targetToJson(target),
      owed: owed.get(target.id)?.owed ?? 0,
    }));
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(resolveRoute, async (c) => {
    const { destinationId, targetId } = c.req.valid('param');
    const body = c.req.valid('json');
    const destination = await permittedDestination(c, parts.db, destinationId);
    const before = await targetOf(parts.db, destination, targetId);
    if (before.state !== 'blocked') throw notBlocked();
    // TikTok is asked before the transaction: an id that was typed wrong must not become the target's for ever.
    const chosen = 'audienceId' in body ? await feedable(parts, destination, before, body.audienceId) : undefined;
    const resolved = await change(parts, c, async (tx, record) => {
      const target = await targetOf(tx, destination, targetId);
      const standing = chosen ? await choose(tx, parts, target, chosen) : await makeAgain(tx, parts, target);
      const { spaceId } = destination;
      await record({ spaceId, action: 'target.resolve', subject: idToText('target', targetId), details: body });
      return must(await getTarget(tx, standing), 'what a target became is there');
    });
    parts.changed();
    return c.json({ data: targetToJson(resolved) }, 200);
  });

  app.openapi(checkRoute, async (c) => {
    const { destinationId, targetId } = c.req.valid('param');
    const destination = await permittedDestination(c, parts.db, destinationId);
    const target = await targetOf(parts.db, destination, targetId);
    if (!(await parts.db.transaction((tx) => askForLook(tx, parts.clock, targetId)))) {
      c.header('retry-after', '60');
      throw refusal(429, 'too-soon', 'TikTok was asked within the last minute; what it said then is stored');
    }
    if (target.state === 'ready' || target.state === 'leaving') await look(parts, destination, target);
    // What stands in its way is asked by delivery, which then goes on with it.
    else await parts.db.transaction((tx) => lookAgainAt(tx, parts.clock, targetId));
    parts.changed();
    return c.json({ data: targetToJson(await targetOf(parts.db, destination, targetId)) }, 200);
  });
}

/** A target of this destination, or 404. */
export async function targetOf(q: Queryable, destination: Pick<Destination, 'id'>, id: Target['id']): Promise<Target> {
  const target = await getTarget(q, id);
  if (target?.destinationId !== destination.id) throw notFound();
  return target;
}

/** Before anybody was there the target takes the audience; afterwards a new target does, and the people follow (rule 12). */
async function choose(tx: Tx, parts: ApiParts, target: Target, view: AudienceView): Promise<Target['id']> {
  const { audienceId } = view;
  if (target.tiktokId === audienceId) {
    await lookAgainAt(tx, parts.clock, target.id);
    return target.id;
  }
  if (target.tiktokId !== null) return replace(tx, parts, target, { tiktokId: audienceId });
  const claim = await chooseAudience(tx, parts.clock, target, audienceId);
  if (claim.kind === 'ready') return target.id;
  throw notChosen(claim);
}

async function makeAgain(tx: Tx, parts: ApiParts, target: Target): Promise<Target['id']> {
  if (target.problem !== 'gone' && target.problem !== 'none' && target.problem !== 'not-feedable') {
    throw refusal(409, 'not-missing', `none has to be created: ${target.reason ?? 'it is not blocked'}`, 'create');
  }
  if (target.tiktokId !== null) return replace(tx, parts, target, 'create');
  if ((await askToCreate(tx, parts.clock, [target.id])) === 0) throw notBlocked();
  return target.id;
}

/** Only an audience that holds nobody of ours is left behind like this; other changes say what becomes of its people. */
const replaceable: ReadonlySet<Target['problem']> = new Set<TargetProblem>(['gone', 'not-feedable', 'fed-elsewhere']);

async function replace(
  tx: Tx,
  parts: ApiParts,
  target: Target,
  by: { tiktokId: string } | 'create',
): Promise<Target['id']> {
  if (!replaceable.has(target.problem)) {
    const told = 'TikTok may still hold people there: let the mapping or the connection name another audience instead';
    throw refusal(409, 'still-there', `${told}, which asks what becomes of them`);
  }
  const replaced = await remakeTarget(tx, parts, target, by);
  if (!replaced.ok) throw notReplaced(replaced.error);
  return replaced.value;
}

/** A person asks: the answer is stored like that of the look every six hours. */
async function look(parts: ApiParts, destination: Destination, target: Target): Promise<void> {
  const audienceId = must(target.tiktokId, 'a target that is fed has its audience');
  const view = await viewNow(parts, destination, { advertiserId: target.advertiserId, audienceId });
  await parts.db.transaction(async (tx) => {
    if (view) await saveSeen(tx, parts.clock, target.id, view);
    else await block(tx, parts.clock, target.id, { problem: 'gone', reason: goneSentence(target) });
  });
}

const tags = ['Delivery'];
const noAnswer = { ...conflict, description: 'TikTok did not say; nothing was changed' };

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/destinations/{destinationId}/targets',
  summary: 'The TikTok audiences that a destination feeds, what is in their way, and what each is owed',
  request: { params },
  responses: { 200: listOf(targetSchema.extend({ owed: z.int() }).openapi('TargetWithOwed')), ...refusals },
});

const audienceIdSchema = z.string().regex(/^[0-9]{1,30}$/, 'digits only, as TikTok shows it');

const resolveRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/targets/{targetId}/resolve',
  summary: 'Says which TikTok audience a blocked target means, or has it created; whoever belongs there follows',
  description:
    'Where the audience was deleted at TikTok the answer is a new target with all present people owed to it; the old one is gone.',
  request: {
    params: targetParams,
    body: bodyOf(
      z.union([z.strictObject({ audienceId: audienceIdSchema }), z.strictObject({ create: z.literal(true) })]),
    ),
  },
  responses: { 200: oneOf(targetSchema), 409: conflict, 422: invalid, 503: noAnswer, ...refusals },
});

const checkRoute = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path: '/api/v1/destinations/{destinationId}/targets/{targetId}/check',
  summary: 'Reads TikTok’s view of an audience now, or looks for a blocked one again; at most once a minute',
  request: { params: targetParams },
  responses: {
    200: oneOf(targetSchema),
    409: conflict,
    429: { ...conflict, description: 'looked at within the last minute' },
    503: noAnswer,
    ...refusals,
  },
});

const notBlocked = (): Refusal =>
  refusal(
    409,
    'not-blocked',
    'this target is not blocked: nothing has to be resolved. If its audience was deleted, check it first.',
  );

function notChosen(claim: Exclude<Awaited<ReturnType<typeof chooseAudience>>, { kind: 'ready' }>): Refusal {
  switch (claim.kind) {
    case 'blocked':
      return refusal(409, 'fed-elsewhere', claim.reason, 'audienceId');
    case 'same as':
      return refusal(
        409,
        'fed-already',
        `this destination feeds that audience already, as ${idToText('target', claim.targetId)}; let the mapping name that one`,
        'audienceId',
      );
    case 'fixed':
      return notBlocked();
  }
}

function notReplaced(problem: ReplacementProblem): Refusal {
  switch (problem.kind) {
    case 'fed elsewhere':
      return refusal(409, 'fed-elsewhere', problem.reason, 'audienceId');
    case 'not blocked':
      return notBlocked();
    case 'no name':
      return refusal(
        409,
        'no-name',
        'TikTok never said the name of this audience; choose another one by its id',
        'create',
      );
  }
}

export const targetToJson = (target: Target): z.infer<typeof targetSchema> => ({
  id: idToText('target', target.id),
  advertiserId: target.advertiserId,
  name: target.named,
  tiktokId: target.tiktokId,
  state: target.state,
  problem: target.problem,
  reason: target.reason,
  choices: target.choices,
  replacedBy: target.replacedBy === null ? null : idToText('target', target.replacedBy),
  leavingSince: target.leavingSince?.toISOString() ?? null,
  seen: target.seen,
  createdAt: target.createdAt.toISOString(),
  updatedAt: target.updatedAt.toISOString(),
});
