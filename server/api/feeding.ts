/**
 * What has to happen together when it changes what a destination is fed (design.md 4.1, rule 6): locks in one order
 * everywhere, the change, and a walk through the members in the same transaction. The order is the destination's
 * feeding, its walks, the audiences, and only then the destination and its mappings.
 */
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import { type ConnectionPlace, type ManagedAudience, manage } from '../audiences/audiences.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Destination, holdDestination } from '../destinations/destinations.ts';
import { beginWalk, deleteWalk, lockWalks, releaseRows } from '../ledger/ledger.ts';
import { permittedSpace } from './access.ts';
import { type ApiContext, notFound } from './http.ts';
import type { ApiParts } from './parts.ts';

export type WalkReason = 'connected' | 'connection' | 'mapping' | 'settings';

export async function permittedAudience(
  c: ApiContext,
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId },
): Promise<ManagedAudience> {
  await permittedSpace(c, q, place.spaceId);
  const audience = await manage.getAudience(q, place.spaceId, place.audienceId);
  if (!audience) throw notFound();
  return audience;
}

/**
 * A mapping, or a setting by which mappings make identifiers, is about to change: every audience of the destination is
 * walked anew. Called before the change and in its transaction, so that the locks are taken in order.
 */
export async function reapply(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  destination: Pick<Destination, 'id' | 'spaceId'>,
  reason: WalkReason,
): Promise<void> {
  const { id: destinationId, spaceId } = destination;
  await manage.lockFeeding(tx, destinationId);
  await lockWalks(tx, { spaceId, destinationId });
  const connections = await manage.connectionsInto(tx, spaceId, destinationId);
  // Also those that are switched off: nobody is levelled there, but what is said of each member is (Counting).
  const connected = connections.map(({ audienceId }) => audienceId);
  for (const audienceId of await manage.lockConnected(tx, spaceId, connected)) {
    await beginWalk(tx, parts, { spaceId, audienceId, destinationId, reason });
  }
  await holdDestination(tx, destinationId);
}

/** Takes one connection, or the place where one is to be, for a change. */
export async function holdConnection(tx: Tx, { spaceId, audienceId, destinationId }: ConnectionPlace): Promise<void> {
  await manage.lockFeeding(tx, destinationId);
  await lockWalks(tx, { spaceId, audienceId, destinationId });
  const [locked] = await manage.lockConnected(tx, spaceId, [audienceId]);
  if (locked === undefined) throw notFound();
  await holdDestination(tx, destinationId);
}

/** Takes an audience with all its connections, to end them. */
export async function holdAudience(tx: Tx, { spaceId, id }: Pick<ManagedAudience, 'spaceId' | 'id'>): Promise<void> {
  await lockWalks(tx, { spaceId, audienceId: id });
  const [locked] = await manage.lockConnected(tx, spaceId, [id]);
  if (locked === undefined) throw notFound();
}

/** Rule 12: ends a connection that is held. Gives whether anything is owed now. */
export async function endConnection(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  place: ConnectionPlace,
  people: 'keep' | 'remove',
): Promise<boolean> {
  const { spaceId, audienceId, destinationId } = place;
  await manage.disconnectAudience(tx, parts.clock, place);
  await deleteWalk(tx, place);
  const rows = await releaseRows(tx, { spaceId, destinationId, originId: audienceId }, people);
  return rows > 0 && people === 'remove';
}

/** A destination goes: what fed it is connected no more. Its rows are released as a whole by the caller. */
export async function endFeeding(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  destination: { id: DestinationId; spaceId: SpaceId },
): Promise<void> {
  const { id: destinationId, spaceId } = destination;
  await manage.lockFeeding(tx, destinationId);
  await lockWalks(tx, { spaceId, destinationId });
  const connections = await manage.connectionsInto(tx, spaceId, destinationId);
  await manage.lockConnected(
    tx,
    spaceId,
    connections.map(({ audienceId }) => audienceId),
  );
  for (const connection of connections) {
    await manage.disconnectAudience(tx, parts.clock, connection);
    await deleteWalk(tx, connection);
  }
  await holdDestination(tx, destinationId);
}
