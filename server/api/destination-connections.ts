import { createRoute, z } from '@hono/zod-openapi';
import { idSchema, idToText } from '../../contract/ids.ts';
import { type ConnectionPlace, type ManagedConnection, manage } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import type { Destination } from '../destinations/destinations.ts';
import { must } from '../kernel/result.ts';
import { memberStates } from '../ledger/ledger.ts';
import { change, fieldsOf, forEditors, forViewers, permittedDestination } from './access.ts';
import {
  type ConnectionEdit,
  editableOf,
  editOf,
  editSchema,
  eventName,
  plannedEdit,
  settings,
} from './connection-edits.ts';
import { asItStands, changeQuery, deleteQuery, dryRunAnswer, orDryRun, plannedEnd, weigh } from './consequences.ts';
import { endConnection, holdConnection, permittedAudience, rewalk } from './feeding.ts';
import { type Api, type ApiContext, notFound, refusal } from './http.ts';
import { matchingOf, matchingSchema } from './matching-mappings.ts';
import type { ApiParts } from './parts.ts';
import {
  bodyOf,
  conflict,
  definedOf,
  invalid,
  listOf,
  noContent,
  oneOf,
  outdated,
  refusals,
  timeSchema,
} from './shapes.ts';
import { syncOf, syncSchema } from './sync-state.ts';
import { demandVersion, ifMatch, tagged } from './versions.ts';

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
    matchingMappings: matchingSchema,
    targetIds: z.array(z.string()).openapi({ description: 'the TikTok audiences that hold somebody of the audience' }),
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

  creating(app, parts);

  app.openapi(getRoute, async (c) => {
    const place = c.req.valid('param');
    await permittedPlace(c, parts.db, place);
    const connection = await existing(parts.db, place);
    tagged(c, editableOf(connection));
    return c.json({ data: await connectionToJson(parts.db, connection) }, 200);
  });
  editing(app, parts);
  deleting(app, parts);
}

function creating(app: Api, parts: ApiParts): void {
  app.openapi(createRouteOf, async (c) => {
    const { spaceId, audienceId } = c.req.valid('param');
    const { destinationId, ...body } = c.req.valid('json');
    const fields = { ...body, settings: definedOf(body.settings) };
    const place = { spaceId, audienceId, destinationId };
    const destination = await permittedPlace(c, parts.db, place);
    const now = new Date(parts.clock.now());
    const wanted = { ...place, ...fields, createdAt: now, updatedAt: now };
    const feeding = { ...(await asItStands(parts.db, destination)), connections: fields.enabled ? [wanted] : [] };
    const tried = await weigh(parts, [feeding], c.req.valid('query'));
    if (tried) return c.json({ data: tried }, 200);
    const [data, made] = await change(parts, c, async (tx, record) => {
      await permittedPlace(c, tx, place);
      await holdConnection(tx, place);
      const connection = await manage.connectAudience(tx, parts.clock, place, fields);
      if (!connection) throw alreadyConnected();
      if (connection.enabled) await rewalk(tx, parts, { ...place, reason: 'connected' });
      await record({ spaceId, action: 'connection.create', ...tracesOf(place) });
      return [await connectionToJson(tx, connection), connection] as const;
    });
    parts.changed();
    tagged(c, editableOf(made));
    return c.json({ data }, 201);
  });
}

function editing(app: Api, parts: ApiParts): void {
  app.openapi(patchRoute, async (c) => {
    const place = c.req.valid('param');
    const [body, query] = [c.req.valid('json'), c.req.valid('query')];
    const edit = async (q: Queryable): Promise<ConnectionEdit> => {
      const before = await existing(q, place);
      const { subject } = tracesOf(place);
      await demandVersion(c, q, editableOf(before), { spaceId: place.spaceId, subject, action: 'connection.update' });
      return editOf(before, body);
    };
    const destination = await permittedPlace(c, parts.db, place);
    const wanted = await edit(parts.db);
    const tried = await weigh(parts, [{ ...(await asItStands(parts.db, destination)), ...plannedEdit(wanted) }], query);
    if (tried) return c.json({ data: tried }, 200);
    const [data, saved] = await change(parts, c, async (tx, record) => {
      await permittedPlace(c, tx, place);
      await holdConnection(tx, place);
      const { before, fields, walked, leaves } = await edit(tx);
      // Nobody was there to ask about when it was weighed: who has come since stays.
      if (walked || leaves) {
        await rewalk(tx, parts, { ...place, reason: 'connection' }, leaves ? (query.people ?? 'keep') : undefined);
      }
      const after = await manage.changeConnection(tx, parts.clock, before, fields);
      await record({ spaceId: place.spaceId, action: 'connection.update', ...tracesOf(place, fieldsOf(body)) });
      return [await connectionToJson(tx, after), after] as const;
    });
    parts.changed();
    tagged(c, editableOf(saved));
    return c.json({ data }, 200);
  });
}

function deleting(app: Api, parts: ApiParts): void {
  app.openapi(deleteRoute, async (c) => {
    const place = c.req.valid('param');
    const query = c.req.valid('query');
    const destination = await permittedPlace(c, parts.db, place);
    await existing(parts.db, place);
    const tried = await weigh(parts, [plannedEnd(destination, place)], query);
    if (tried) return c.json({ data: tried }, 200);
    const { people } = query;
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
    query: changeQuery,
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
  responses: { 200: dryRunAnswer, 201: oneOf(connectionSchema), 409: conflict, ...refusals },
});

const getRoute = createRoute({
  ...forViewers,
  tags,
  method: 'get',
  path: `${path}/{destinationId}`,
  summary: 'One of the destinations that an audience is sent to, and how far that is',
  request: { params },
  responses: { 200: oneOf(connectionSchema), ...refusals },
});

const patchRoute = createRoute({
  ...forEditors,
  tags,
  method: 'patch',
  path: `${path}/{destinationId}`,
  summary: 'Changes what is sent, which is applied to all members; off: nothing is sent, everything is kept',
  request: { params, query: changeQuery, headers: ifMatch, body: bodyOf(editSchema) },
  responses: { 200: orDryRun(connectionSchema), 409: conflict, 412: outdated, 422: invalid, ...refusals },
});

const deleteRoute = createRoute({
  ...forEditors,
  tags,
  method: 'delete',
  path: `${path}/{destinationId}`,
  summary: 'Disconnects; says what becomes of the people it brought to TikTok',
  request: { params, query: deleteQuery },
  responses: {
    200: dryRunAnswer,
    202: { description: 'ended; its people are being removed at TikTok' },
    204: noContent,
    409: conflict,
    ...refusals,
  },
});

/** I11: audience and destination are of the space that the address names. */
async function permittedPlace(c: ApiContext, q: Queryable, place: ConnectionPlace): Promise<Destination> {
  await permittedAudience(c, q, place);
  const destination = await permittedDestination(c, q, place.destinationId);
  if (destination.spaceId !== place.spaceId) throw notFound();
  if (destination.sourceId !== null) throw fedBySource();
  return destination;
}

async function existing(q: Queryable, place: ConnectionPlace): Promise<ManagedConnection> {
  const connections = await manage.connectionsOf(q, place.audienceId);
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
    matchingMappings: await matchingOf(q, connection, connection),
    targetIds: (await memberStates.selectTargetsHolding(q, connection)).map((id) => idToText('target', id)),
    createdAt: connection.createdAt.toISOString(),
    updatedAt: connection.updatedAt.toISOString(),
  };
}
