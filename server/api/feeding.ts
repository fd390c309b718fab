/**
 * What has to happen together when it changes what a destination is fed (design.md 4.1, rule 6): locks in one order
 * everywhere, the change, and a walk through the members in the same transaction. The order is the destination's
 * feeding, its walks, the audiences, and only then the destination and its mappings.
 */
import type { AudienceId, DestinationId, MappingId, SpaceId, TargetId } from '../../contract/ids.ts';
import { type ConnectionPlace, type ManagedAudience, manage } from '../audiences/audiences.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Destination, holdDestination } from '../destinations/destinations.ts';
import { beginRelease, beginWalk, deleteWalk, directOrigin, lockWalks, selectHeldTargets } from '../ledger/ledger.ts';
import { permittedSpace } from './access.ts';
import type { People } from './consequences.ts';
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
  await walkAll(tx, parts, destination, { reason, leaves: undefined });
}

/**
 * The same for a mapping that goes, or names other TikTok audiences than before, and what becomes of the people at those
 * it leaves (rule 12). Gives whether any are to go.
 */
export async function reapplyLeaving(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  destination: Pick<Destination, 'id' | 'spaceId'>,
  leaves: { mappingId: MappingId; people: People },
): Promise<boolean> {
  return walkAll(tx, parts, destination, { reason: 'mapping', leaves });
}

async function walkAll(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  destination: Pick<Destination, 'id' | 'spaceId'>,
  { reason, leaves }: { reason: WalkReason; leaves: { mappingId: MappingId; people: People } | undefined },
): Promise<boolean> {
  const { id: destinationId, spaceId } = destination;
  await manage.lockFeeding(tx, destinationId);
  await lockWalks(tx, { spaceId, destinationId });
  const connections = await manage.connectionsInto(tx, spaceId, destinationId);
  // Also those that are switched off: nobody is levelled there, but what is said of each member is (Counting).
  const connected = connections.map(({ audienceId }) => audienceId);
  const audiences = await manage.lockConnected(tx, spaceId, connected);
  // From here on no micro-batch writes a row by the mappings as they were.
  await holdDestination(tx, destinationId);
  const targets = leaves ? await selectHeldTargets(tx, { spaceId, destinationId, mappingId: leaves.mappingId }) : [];
  const left = leaves && leftTo(leaves.people, targets);
  for (const audienceId of audiences) await beginWalk(tx, parts, { spaceId, audienceId, destinationId, reason, left });
  // No walk goes through the rows of direct events (rule 6).
  if (leaves) await beginRelease(tx, parts, spaceId, { destinationId, originId: directOrigin, ...leaves });
  return targets.length > 0 && leaves?.people === 'remove';
}

const leftTo = (people: People, targets: readonly TargetId[]) =>
  people === 'keep' ? { keepAt: targets } : { removeAt: targets };

/** Walks the members of a connection that is held; `people` where it may now name other targets (rule 12). */
export async function rewalk(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  place: ConnectionPlace & { reason: WalkReason },
  people?: People,
): Promise<void> {
  const { spaceId, audienceId, destinationId, reason } = place;
  const targets = people ? await selectHeldTargets(tx, { spaceId, destinationId, originId: audienceId }) : [];
  const left = people && leftTo(people, targets);
  await beginWalk(tx, parts, { spaceId, audienceId, destinationId, reason, left });
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
  people: People,
): Promise<boolean> {
  const { spaceId, audienceId, destinationId } = place;
  await manage.disconnectAudience(tx, parts.clock, place);
  await deleteWalk(tx, place);
  await holdDestination(tx, destinationId);
  const releasing = await beginRelease(tx, parts, spaceId, { destinationId, originId: audienceId, people });
  return releasing && people === 'remove';
}

/** A destination goes: what fed it is connected no more, and its rows are released. Gives whether anything is owed now. */
export async function endFeeding(
  tx: Tx,
  parts: Pick<ApiParts, 'clock'>,
  destination: { id: DestinationId; spaceId: SpaceId },
  people: People,
): Promise<boolean> {
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
  return (await beginRelease(tx, parts, spaceId, { destinationId, people })) && people === 'remove';
}
