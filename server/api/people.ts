import { createRoute, z } from '@hono/zod-openapi';
import { type AudienceId, idSchema, idToText, type PersonId, type SpaceId } from '../../contract/ids.ts';
import { manage, type PersonMembership } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { listDestinations, targetsOf } from '../destinations/destinations.ts';
import { explain, selectWalks } from '../ledger/ledger.ts';
import { currentPerson, findPeople, identifiersOf } from '../profiles/profiles.ts';
import { forViewers, permittedSpace } from './access.ts';
import { aboutMember, type DestinationView, explainAt, explanationSchema } from './explanation.ts';
import { type Api, notFound } from './http.ts';
import { maskIdentifiers } from './masking.ts';
import { maskedSchema } from './members.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, listOf, oneOf, refusals, timeSchema } from './shapes.ts';

const membershipSchema = z.object({
  audienceId: z.string(),
  key: z.string(),
  name: z.string(),
  member: z.boolean(),
  enteredAt: timeSchema.nullable(),
  exitedAt: timeSchema.nullable(),
  lateEvents: z.int().openapi({ description: 'events that changed nothing, because a newer one was known' }),
  records: z.int(),
});
const personSchema = z
  .object({ id: z.string(), identifiers: maskedSchema, audiences: z.array(membershipSchema) })
  .openapi('Person');
const explainedSchema = z
  .object({
    personId: z.string(),
    identifiers: maskedSchema,
    audiences: z.array(
      membershipSchema.extend({ sentences: z.array(z.string()), destinations: z.array(explanationSchema) }),
    ),
  })
  .openapi('PersonExplanation');
const spaceParams = z.object({ spaceId: idSchema('space') });

export function people(app: Api, parts: ApiParts): void {
  app.openapi(searchRoute, async (c) => {
    const { id: spaceId } = await permittedSpace(c, parts.db, c.req.valid('param').spaceId);
    // I13: looked up and forgotten; a log names the route only.
    const found = await findPeople(parts.db, spaceId, c.req.valid('json'));
    const data = await peopleToJson(parts.db, spaceId, found);
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(explainRoute, async (c) => {
    const { spaceId, personId } = c.req.valid('param');
    await permittedSpace(c, parts.db, spaceId);
    const { audience } = c.req.valid('query');
    return c.json({ data: await explainPerson(parts.db, { spaceId, personId, audienceId: audience }) }, 200);
  });
}

const tags = ['People'];

const searchRoute = createRoute({
  ...forViewers,
  tags,
  method: 'post',
  path: '/api/v1/spaces/{spaceId}/people/search',
  summary: 'Finds whoever has an identifier; it travels in the body, and comes back masked',
  request: {
    params: spaceParams,
    body: bodyOf(
      z.strictObject({
        type: z.string().trim().min(1).max(64).openapi({ example: 'email' }),
        value: z.string().trim().min(1).max(1_000),
      }),
    ),
  },
  responses: { 200: listOf(personSchema), ...refusals },
});

const explainRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/people/{personId}/explain',
  summary: 'Why somebody is, or is not, in the TikTok audience; somebody who was merged is answered as the winner',
  request: {
    params: spaceParams.extend({ personId: idSchema('person') }),
    query: z.object({ audience: idSchema('audience').optional() }),
  },
  responses: { 200: oneOf(explainedSchema), ...refusals },
});

async function peopleToJson(
  q: Queryable,
  spaceId: SpaceId,
  ids: readonly PersonId[],
): Promise<z.infer<typeof personSchema>[]> {
  const identifiers = await identifiersOf(q, spaceId, ids);
  const memberships = await manage.membershipsOf(q, spaceId, ids);
  return ids.map((id) => ({
    id: idToText('person', id),
    identifiers: maskIdentifiers(identifiers.get(id) ?? []),
    audiences: memberships.filter((one) => one.personId === id).map(membershipToJson),
  }));
}

async function explainPerson(
  q: Queryable,
  asked: { spaceId: SpaceId; personId: PersonId; audienceId: AudienceId | undefined },
): Promise<z.infer<typeof explainedSchema>> {
  const { spaceId, audienceId } = asked;
  const personId = await currentPerson(q, spaceId, asked.personId);
  if (personId === undefined) throw notFound();
  const memberships = await manage.membershipsOf(q, spaceId, [personId]);
  const wanted =
    audienceId === undefined ? memberships : await membershipIn(q, { spaceId, personId, audienceId }, memberships);
  const views = await viewsOf(q, spaceId);
  const rows = await explain.selectHeldRows(q, spaceId, personId);
  const skips = await explain.selectSkipsOfPerson(q, spaceId, personId);
  const audiences = [];
  for (const membership of wanted) {
    const connections = await manage.connectionsOf(q, membership.audienceId);
    const destinations = connections.flatMap((connection) => {
      const view = views.get(connection.destinationId);
      if (!view) return [];
      return [explainAt({ membership, connection, view, rows, skips })];
    });
    const sentences = aboutMember(membership, destinations.length);
    audiences.push({ ...membershipToJson(membership), sentences, destinations });
  }
  const identifiers = (await identifiersOf(q, spaceId, [personId])).get(personId) ?? [];
  return { personId: idToText('person', personId), identifiers: maskIdentifiers(identifiers), audiences };
}

/** What the person is in the audience asked for; somebody whom it has never seen is an answer too. */
async function membershipIn(
  q: Queryable,
  { spaceId, personId, audienceId }: { spaceId: SpaceId; personId: PersonId; audienceId: AudienceId },
  memberships: readonly PersonMembership[],
): Promise<PersonMembership[]> {
  const audience = await manage.getAudience(q, spaceId, audienceId);
  if (!audience) throw notFound();
  const known = memberships.find((one) => one.audienceId === audienceId);
  if (known) return [known];
  const { key, name } = audience;
  const never = { present: false, enteredAt: null, exitedAt: null, late: 0, records: 0, recordsLost: 0 };
  return [{ personId, audienceId, key, name, ...never }];
}

/** At most so many destinations of a space are explained at once, as many as a page holds. */
const destinationsMax = 1_000;

async function viewsOf(q: Queryable, spaceId: SpaceId): Promise<Map<number, DestinationView>> {
  const { items } = await listDestinations(q, spaceId, { after: 0, limit: destinationsMax });
  const views = new Map<number, DestinationView>();
  for (const destination of items) {
    const targets = new Map((await targetsOf(q, destination.id)).map((target) => [target.id, target]));
    const walks = new Map((await selectWalks(q, destination.id)).map((walk) => [walk.audience_id, walk]));
    views.set(destination.id, { destination, targets, walks });
  }
  return views;
}

const membershipToJson = (one: PersonMembership): z.infer<typeof membershipSchema> => ({
  audienceId: idToText('audience', one.audienceId),
  key: one.key,
  name: one.name,
  member: one.present,
  enteredAt: one.enteredAt?.toISOString() ?? null,
  exitedAt: one.exitedAt?.toISOString() ?? null,
  lateEvents: one.late,
  records: one.records,
});
