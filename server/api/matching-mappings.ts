/** Which mappings take what a connection emits: the same triggers and keys that decide later, asked before (web.md, E9). */
import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type Audience, audienceById, type EventShape, emittedEvents } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { type Destination, getDestination, listMappings, type Mapping } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { type CompiledMapping, compileMapping, type Direction } from '../mappings/mappings.ts';
import { forEditors, permittedDestination } from './access.ts';
import { eventName, settings } from './connection-edits.ts';
import { permittedAudience } from './feeding.ts';
import { type Api, notFound } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, definedOf, oneOf, refusals } from './shapes.ts';

const mappingSchema = z.object({ id: z.string(), name: z.string(), enabled: z.boolean() });
export const matchingSchema = z
  .object({
    enter: z.array(mappingSchema).openapi({ description: 'what adds who enters' }),
    exit: z.array(mappingSchema).openapi({ description: 'what removes who leaves' }),
    enabled: z.int().openapi({ description: 'how many of both are on' }),
    disabled: z.int(),
  })
  .openapi('MatchingMappings');
type Matching = z.infer<typeof matchingSchema>;

export function matchingMappings(app: Api, parts: ApiParts): void {
  app.openapi(route, async (c) => {
    const { destinationId, ...place } = c.req.valid('param');
    const body = c.req.valid('json');
    await permittedAudience(c, parts.db, place);
    const destination = await permittedDestination(c, parts.db, destinationId);
    if (destination.spaceId !== place.spaceId) throw notFound();
    const shape = { ...body, settings: definedOf(body.settings) };
    return c.json({ data: await matchingOf(parts.db, { ...place, destinationId }, shape) }, 200);
  });
}

type Place = { readonly destinationId: Destination['id'] } & Pick<Audience, 'spaceId' | 'audienceId'>;

export async function matchingOf(q: Queryable, place: Place, shape: EventShape): Promise<Matching> {
  const audience = must(await audienceById(q, place.spaceId, place.audienceId), 'a connection has its audience');
  const destination = must(await getDestination(q, place.destinationId), 'a connection has its destination');
  const mappings = await listMappings(q, destination.id);
  const taking = (direction: Direction): Matching['enter'] =>
    mappings.filter((mapping) => takes(mapping, { destination, audience, shape, direction })).map(toJson);
  const [enter, exit] = [taking('add'), taking('remove')];
  const all = new Map([...enter, ...exit].map((mapping) => [mapping.id, mapping]));
  const enabled = [...all.values()].filter((mapping) => mapping.enabled).length;
  return { enter, exit, enabled, disabled: all.size - enabled };
}

interface Case {
  readonly destination: Destination;
  readonly audience: Audience;
  readonly shape: EventShape;
  readonly direction: Direction;
}

function takes(mapping: Mapping, { destination, audience, shape, direction }: Case): boolean {
  const compiled = compileMapping(mapping, destination.settings);
  if (!compiled.ok) return false;
  const events = emittedEvents(audience, shape, somebody, direction === 'add');
  return events.some((event) => compiled.value.matches(event) && effectOf(compiled.value, event) === direction);
}

/** Whoever has nothing that can be sent: triggers and keys are what is asked about. */
const somebody = { userId: 'somebody', stamp: { timeUs: 0, originalUs: 0, arrival: 0 } };

function effectOf(mapping: CompiledMapping, event: Parameters<CompiledMapping['evaluate']>[0]): Direction | undefined {
  const made = mapping.evaluate(event);
  return made.kind === 'people' || made.kind === 'nobody' ? made.direction : undefined;
}

const toJson = ({ id, name, enabled }: Mapping): z.infer<typeof mappingSchema> => ({
  id: idToText('mapping', id),
  name,
  enabled,
});

const route = createRoute({
  ...forEditors,
  tags: ['Destination connections'],
  method: 'post',
  path: '/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections/{destinationId}/matching-mappings',
  summary: 'Which mappings would take what a connection with these settings emits; nothing is changed',
  request: {
    params: z.object({
      spaceId: idSchema('space'),
      audienceId: idSchema('audience'),
      destinationId: idSchema('destination'),
    }),
    body: bodyOf(
      z.strictObject({
        sendTrack: z.boolean(),
        sendIdentify: z.boolean(),
        enteredEvent: eventName,
        exitedEvent: eventName,
        settings: settings.default({}),
      }),
    ),
  },
  responses: { 200: oneOf(matchingSchema), ...refusals },
});
