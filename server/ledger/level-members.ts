import type { AudienceId, DestinationId, MappingId, SpaceId } from '../../contract/ids.ts';
import { type Connection, connectionsFor, type DirectEvent, type MemberChange } from '../audiences/audiences.ts';
import type { Tx } from '../db/port.ts';
import { mayCarryMembership } from '../ingest/ingest.ts';
import type { Clock } from '../kernel/clock.ts';
import { applyWishes } from './apply.ts';
import type { MemberWish, PersonWish } from './ledger-input.ts';
import { type LeftTargets, noneLeft } from './placed.ts';
import { type LoadProducers, type Producer, receives } from './producers.ts';
import { type Lane, live } from './rows.ts';
import { explainIdle, type IdleMember } from './tallies.ts';
import { selectLeftTargets } from './walks.sql.ts';
import { type Counted, directWishesOf, wishOf } from './wish.ts';

export interface LevelDeps {
  readonly clock: Clock;
  readonly producers: LoadProducers;
}

export interface LevelInput {
  readonly lane: Lane;
  readonly changes: readonly MemberChange[];
  readonly directs: readonly DirectEvent[];
  /** A walk levels for one destination only. */
  readonly only?: DestinationId;
}

/** A thing that did not become a row, for the charts. */
export type LevelCount = Counted & {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly mappingId: MappingId | 0;
};

/** Brings the ledger to what the changed members and the direct events say (rule 5). Their people are locked by the caller. */
export async function levelMembers(tx: Tx, deps: LevelDeps, input: LevelInput): Promise<LevelCount[]> {
  if (input.changes.length === 0 && input.directs.length === 0) return [];
  const producers = await deps.producers(tx);
  const { connections, lefts } = await connectionsByAudience(tx, input);
  const { members, idle } = memberWishes(input.changes, { producers, connections, lefts });
  const counts: LevelCount[] = members.flatMap(({ wish, spaceId, destinationId }) =>
    wish.counts.map((c) => ({ ...c, spaceId, destinationId })),
  );
  const { directs, counts: more } = directWishes(input.directs, producers);
  counts.push(...more);
  // Rows and, for each change of level, a pointer to what is owed: delivery's `step` finds destinations by those.
  await applyWishes(tx, deps, input.lane, { members, directs });
  await explainIdle(tx, deps, idle);
  return counts;
}

/** What makes wishes of members: as things stand, or as a dry run supposes them. */
export interface Makers {
  readonly producers: ReadonlyMap<DestinationId, Producer>;
  readonly connections: ReadonlyMap<AudienceId, readonly Connection[]>;
  /** By `leftKey`. */
  readonly lefts: ReadonlyMap<string, LeftTargets>;
}

/** What the connections of each member's audience make of it: a wish where they are enabled. */
export function memberWishes(
  changes: readonly MemberChange[],
  makers: Makers,
): { members: MemberWish[]; idle: IdleMember[] } {
  const members: MemberWish[] = [];
  const idle: IdleMember[] = [];
  for (const change of changes) {
    for (const connection of makers.connections.get(change.audience.audienceId) ?? []) {
      const producer = makers.producers.get(connection.destinationId);
      if (!producer) continue;
      if (connection.enabled) {
        members.push(memberWish(change, connection, producer, makers.lefts.get(leftKey(connection)) ?? noneLeft));
      } else idle.push({ ...connection, personId: change.personId, present: change.member.present });
    }
  }
  return { members, idle };
}

export const leftKey = ({ audienceId, destinationId }: Pick<Connection, 'audienceId' | 'destinationId'>): string =>
  `${audienceId} ${destinationId}`;

/** What the destinations that receive them make of events without audience context. */
function directWishes(
  events: readonly DirectEvent[],
  producers: ReadonlyMap<DestinationId, Producer>,
): { directs: PersonWish[]; counts: LevelCount[] } {
  const counts: LevelCount[] = [];
  const directs: PersonWish[] = [];
  for (const event of events) {
    for (const { destination, mappings } of producers.values()) {
      if (!receives(destination, event.received)) continue;
      // Rule 4: an action that belongs to an audience key is not for whoever has a public write key, whatever the event says.
      const usable = mayCarryMembership(event.received.sourceKind) ? mappings : mappings.filter((one) => !one.keyed);
      const made = directWishesOf(event.received.event, event.stamp, usable);
      const place = { spaceId: destination.spaceId, destinationId: destination.id };
      if (made.direct.length) directs.push({ ...place, personId: event.personId, direct: made.direct });
      counts.push(...made.counts.map((c) => ({ ...c, ...place })));
    }
  }
  return { directs, counts };
}

async function connectionsByAudience(tx: Tx, input: LevelInput): Promise<Pick<Makers, 'connections' | 'lefts'>> {
  const audienceIds = [...new Set(input.changes.map((c) => c.audience.audienceId))];
  const connections = new Map<AudienceId, Connection[]>();
  for (const connection of await connectionsFor(tx, audienceIds)) {
    if (input.only !== undefined && connection.destinationId !== input.only) continue;
    const known = connections.get(connection.audienceId);
    if (known) known.push(connection);
    else connections.set(connection.audienceId, [connection]);
  }
  // Rule 12: people whom the walk has not reached yet are kept or removed by their live events too.
  const rows = connections.size ? await selectLeftTargets(tx, audienceIds) : [];
  const lefts = new Map(
    rows.map((row): [string, LeftTargets] => [
      leftKey({ audienceId: row.audience_id, destinationId: row.destination_id }),
      { keepAt: new Set(row.keep_at), removeAt: new Set(row.remove_at) },
    ]),
  );
  return { connections, lefts };
}

function memberWish(
  change: MemberChange,
  connection: Connection,
  { mappings, broken }: Producer,
  leftAt: LeftTargets,
): MemberWish {
  const { audience, member, personId, events } = change;
  return {
    spaceId: connection.spaceId,
    destinationId: connection.destinationId,
    originId: connection.audienceId,
    personId,
    present: member.present,
    exited: member.exited,
    // wish.ts: the connection's event (`emittedEvents`) through each mapping's `matches`, then `evaluate` (mappings.ts).
    wish: wishOf({ audience, connection, member, events }, mappings),
    broken,
    leftAt,
  };
}

/** A direct event through one mapping, as Test Mapping sends it: through the ledger, like any other change (design.md 7). */
export async function levelTest(
  tx: Tx,
  deps: LevelDeps,
  event: DirectEvent,
  producer: Pick<Producer, 'destination' | 'mappings'>,
): Promise<LevelCount[]> {
  const made = directWishesOf(event.received.event, event.stamp, producer.mappings);
  const place = { spaceId: producer.destination.spaceId, destinationId: producer.destination.id };
  const directs = made.direct.length ? [{ ...place, personId: event.personId, direct: made.direct }] : [];
  await applyWishes(tx, deps, live, { members: [], directs });
  return made.counts.map((c) => ({ ...c, ...place }));
}
