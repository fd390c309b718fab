import { createRoute, z } from '@hono/zod-openapi';
import { type DestinationId, idSchema, idToText, type PersonId } from '../../contract/ids.ts';
import { listMembers, type ManagedAudience, manage, membersAmong } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { counts, memberStates } from '../ledger/ledger.ts';
import { identifiersOf } from '../profiles/profiles.ts';
import { codeMeaning } from '../tiktok/tiktok.ts';
import { forViewers } from './access.ts';
import { permittedAudience } from './feeding.ts';
import { type Api, refusal } from './http.ts';
import { maskIdentifiers } from './masking.ts';
import type { ApiParts } from './parts.ts';
import { listOf, pageAfter, pageQuery, refusals, timeSchema, toPage } from './shapes.ts';

/** I13: identifiers by type and first character only. */
export const maskedSchema = z.array(z.object({ type: z.string(), masked: z.string() }));

const outcomeSchema = z.enum(memberStates.memberOutcomes);
const memberSchema = z
  .object({
    personId: z.string(),
    enteredAt: timeSchema.nullable(),
    exitedAt: timeSchema.nullable().openapi({ description: 'of somebody who is leaving' }),
    records: z.int().openapi({ description: 'sets of identifier values that Segment sent of this member' }),
    identifiers: maskedSchema,
    states: z
      .array(z.object({ destinationId: z.string(), outcome: outcomeSchema, reason: z.string().nullable() }))
      .openapi({ description: 'where the person is at each destination of the audience' }),
  })
  .openapi('Member');
type Member = z.infer<typeof memberSchema>;

const query = pageQuery.extend({
  outcome: outcomeSchema
    .optional()
    .openapi({ description: 'only these, at `destinationId`; leaving: who left and whose removal is still owed' }),
  destinationId: idSchema('destination')
    .optional()
    .openapi({ description: 'where `outcome` is looked at; needed with several' }),
});

export function members(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const audience = await permittedAudience(c, parts.db, c.req.valid('param'));
    const { outcome, destinationId, ...page } = c.req.valid('query');
    const connected = (await manage.connectionsOf(parts.db, audience.id)).map((one) => one.destinationId);
    const found =
      outcome === undefined
        ? await listMembers(parts.db, audience, pageAfter(page))
        : await membersOf(parts.db, audience, {
            outcome,
            destinationId: oneOf(connected, destinationId),
            page: pageAfter(page),
          });
    const people = found.items.map(({ id }) => id);
    const identifiers = await identifiersOf(parts.db, audience.spaceId, people);
    const states = await statesOf(parts.db, audience, { people, connected });
    const shown = toPage(page, found, (member) => ({
      personId: idToText('person', member.id),
      enteredAt: member.enteredAt?.toISOString() ?? null,
      exitedAt: member.exitedAt?.toISOString() ?? null,
      records: member.records,
      identifiers: maskIdentifiers(identifiers.get(member.id) ?? []),
      states: states.get(member.id) ?? [],
    }));
    return c.json(shown, 200);
  });
}

function oneOf(connected: readonly DestinationId[], asked: DestinationId | undefined): DestinationId {
  const [only, another] = connected;
  if (asked !== undefined && connected.includes(asked)) return asked;
  if (asked === undefined && only !== undefined && another === undefined) return only;
  throw refusal(400, 'invalid', 'name one of the destinations of this audience', 'destinationId');
}

interface Asked {
  readonly outcome: memberStates.MemberOutcome;
  readonly destinationId: DestinationId;
  readonly page: { after: number; limit: number };
}

async function membersOf(q: Queryable, audience: ManagedAudience, { outcome, destinationId, page }: Asked) {
  const place = { spaceId: audience.spaceId, audienceId: audience.id, destinationId };
  const people = await memberStates.selectPeopleOf(q, place, { outcome, ...page });
  const counted = await counts.countAudience(q, place);
  return { items: await membersAmong(q, audience, people), total: counted[outcome] };
}

async function statesOf(
  q: Queryable,
  { id: audienceId, spaceId }: ManagedAudience,
  { people, connected }: { people: readonly PersonId[]; connected: readonly DestinationId[] },
): Promise<Map<PersonId, Member['states']>> {
  const found = new Map<PersonId, Member['states']>(people.map((id) => [id, []]));
  for (const destinationId of connected) {
    const states = await memberStates.selectStates(q, { spaceId, audienceId, destinationId }, people);
    for (const [id, { outcome, reason, code }] of states) {
      const why = code === null ? reason : `${codeMeaning(code).meaning} (${code})`;
      found.get(id)?.push({ destinationId: idToText('destination', destinationId), outcome, reason: why });
    }
  }
  return found;
}

const listRoute = createRoute({
  ...forViewers,
  tags: ['Audiences'],
  method: 'get',
  path: '/api/v1/spaces/{spaceId}/audiences/{audienceId}/members',
  summary: 'Who is in an audience now, with identifiers masked, and where each of them is at its destinations',
  request: { params: z.object({ spaceId: idSchema('space'), audienceId: idSchema('audience') }), query },
  responses: { 200: listOf(memberSchema), ...refusals },
});
