import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type ConnectionPlace, type ManagedConnection, manage } from '../audiences/audiences.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { must } from '../kernel/result.ts';
import { beginWalk } from '../ledger/ledger.ts';
import { change, fieldsOf, forEditors, forViewers, permittedDestination } from './access.ts';
import { endConnection, holdConnection, permittedAudience } from './feeding.ts';
import { type Api, type ApiContext, notFound, refusal } from './http.ts';
import type { ApiParts } from './parts.ts';
import { bodyOf, conflict, definedOf, listOf, noContent, oneOf, peopleQuery, refusals, timeSchema } from './shapes.ts';
import { syncOf, syncSchema } from './sync-state.ts';

const eventName = z.string().trim().min(1).max(200);
const tiktokId = z.string().regex(/^[0-9]{1,30}$/, 'digits only, as TikTok shows it');
/** The destination's audience settings: stamped into each event, for mappings that read them (segment-spec.md 2.3). */
const settings = z.strictObject({ advertiserId: tiktokId.optional(), audienceId: tiktokId.optional() });

const connectionSchema = z
  .object({
    audienceId: z.string(),
    destinationId: z.string(),
    enabled: z.boolean(),
    sendTrack: z.boolean(),
    sendIdentify: z.boolean(),
    enteredEvent: z.string(),
    exitedEvent: z.string(),
    settings: z.record(z.string(), z.unknown()),
    sync: syncSchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .openapi('DestinationConnection');
const audienceParams = z.object({ spaceId: idSchema('space'), audienceId: idSchema('audience') });
const params = audienceParams.extend({ destinationId: idSchema('destination') });

export function destinationConnections(app: Api, parts: ApiParts): void {
  app.openapi(listRoute, async (c) => {
    const audience = await permittedAudience(c, parts.db, c.req.valid('param'));
    const data = [];
    for (const connection of await manage.connectionsOf(parts.db, audience.id)) {
      data.push(await connectionToJson(parts.db, connection));
    }
    return c.json({ data, pagination: { next: null, total: data.length } }, 200);
  });

  app.openapi(createRouteOf, async (c) => {
    const { spaceId, audienceId } = c.req.valid('param');
    const { destinationId, ...fields } = c.req.valid('json');
    const place = { spaceId, audienceId, destinationId };
    const data = await change(parts, c, async (tx, record) => {
      await permittedPlace(c, tx, place);
      await holdConnection(tx, place);
      const made = await manage.connectAudience(tx, parts.clock, place, {
        ...fields,
        settings: definedOf(fields.settings),
      });
      if (!made) throw alreadyConnected();
      if (made.enabled) await beginWalk(tx, parts, { ...place, reason: 'connected' });
      await record({ spaceId, action: 'connection.create', ...tracesOf(place) });
      return connectionToJson(tx, made);
    });
    parts.changed();
    return c.json({ data }, 201);
  });

  app.openapi(patchRoute, async (c) => {
    const place = c.req.valid('param');
    const body = c.req.valid('json');
    const data = await change(parts, c, async (tx, record) => {
      await permittedPlace(c, tx, place);
      await holdConnection(tx, place);
      const before = await existing(tx, place);
      const { settings: given, ...fields } = definedOf(body);
      const after = await manage.changeConnection(tx, parts.clock, before, {
        ...definedOf(fields),
        ...(given ? { settings: definedOf(given) } : {}),
      });
      if (manage.changesEvents(before, after)) await beginWalk(tx, parts, { ...place, reason: 'connection' });
      await record({ spaceId: place.spaceId, action: 'connection.update', ...tracesOf(place, fieldsOf(body)) });
      return connectionToJson(tx, after);
    });
    parts.changed();
    return c.json({ data }, 200);
  });

  app.openapi(deleteRoute, async (c) => {
    const place = c.req.valid('param');
    const { people } = c.req.valid('query');
    const leaving = await change(parts, c, async (tx, record) => {
      await permittedPlace(c, tx, place);
      await holdConnection(tx, place);
      await existing(tx, place);
      const owes = await endConnection(tx, parts, place, people);
      await record({ spaceId: place.spaceId, action: 'connection.delete', ...tracesOf(place, { people }) });
      return owes;
    });
    parts.changed();
    return c.body(null, leaving ? 202 : 204);
  });
}

const tags = ['Audiences'];
const path = '/api/v1/spaces/{spaceId}/audiences/{audienceId}/destination-connections';

const listRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path,
  summary: 'Where an audience is sent, and how far that is',
  request: { params: audienceParams },
  responses: { 200: listOf(connectionSchema), ...refusals },
});

const createRouteOf = createRoute({
  ...forEditors,
  tags,
  method: 'post',
  path,
  summary: 'Sends an audience to a destination of its space; its members follow at once',
  request: {
    params: audienceParams,
    body: bodyOf(
      z.strictObject({
        destinationId: idSchema('destination'),
        enabled: z.boolean().default(true),
        sendTrack: z.boolean().default(true),
        sendIdentify: z.boolean().default(false),
        enteredEvent: eventName.default('Audience Entered'),
        exitedEvent: eventName.default('Audience Exited'),
        settings: settings.default({}),
      }),
    ),
  },
  responses: { 201: oneOf(connectionSchema), 409: conflict, ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: `${path}/{destinationId}`,
  summary: 'Changes what is sent, which is applied to all members; off: nothing is sent, everything is kept',
  request: {
    params,
    body: bodyOf(
      z.strictObject({
        enabled: z.boolean().optional(),
        sendTrack: z.boolean().optional(),
        sendIdentify: z.boolean().optional(),
        enteredEvent: eventName.optional(),
        exitedEvent: eventName.optional(),
        settings: settings.optional().openapi({ description: 'replaced as a whole' }),
      }),
    ),
  },
  responses: { 200: oneOf(connectionSchema), ...refusals },
});

const deleteRoute = createRoute({
  ...forEditors,
  tags,
  method: 'delete',
  path: `${path}/{destinationId}`,
  summary: 'Disconnects; says what becomes of the people it brought to TikTok',
  request: { params, query: peopleQuery },
  responses: { 202: { description: 'ended; its people are being removed at TikTok' }, 204: noContent, ...refusals },
});

/** I11: audience and destination are of the space that the address names. */
async function permittedPlace(c: ApiContext, tx: Tx, place: ConnectionPlace): Promise<void> {
  await permittedAudience(c, tx, place);
  const destination = await permittedDestination(c, tx, place.destinationId);
  if (destination.spaceId !== place.spaceId) throw notFound();
  if (destination.sourceId !== null) throw fedBySource();
}

async function existing(tx: Tx, place: ConnectionPlace): Promise<ManagedConnection> {
  const connections = await manage.connectionsOf(tx, place.audienceId);
  const found = connections.find(({ destinationId }) => destinationId === place.destinationId);
  if (!found) throw notFound();
  return found;
}

const alreadyConnected = () => refusal(409, 'taken', 'the audience is connected to this destination', 'destinationId');
/** segment-spec.md 2.3. */
const fedBySource = () =>
  refusal(
    409,
    'fed-by-source',
    'this destination takes the events of a source; audiences need a destination of the space',
    'destinationId',
  );

const tracesOf = (place: ConnectionPlace, details: Record<string, unknown> = {}) => ({
  subject: idToText('audience', place.audienceId),
  details: { destination: idToText('destination', place.destinationId), ...details },
});

async function connectionToJson(
  q: Queryable,
  connection: ManagedConnection,
): Promise<z.infer<typeof connectionSchema>> {
  const sync = await syncOf(q, [connection]);
  return {
    audienceId: idToText('audience', connection.audienceId),
    destinationId: idToText('destination', connection.destinationId),
    enabled: connection.enabled,
    sendTrack: connection.sendTrack,
    sendIdentify: connection.sendIdentify,
    enteredEvent: connection.enteredEvent,
    exitedEvent: connection.exitedEvent,
    settings: { ...connection.settings },
    sync: must(sync.get(connection.audienceId), 'a state for each connection'),
    createdAt: connection.createdAt.toISOString(),
    updatedAt: connection.updatedAt.toISOString(),
  };
}
