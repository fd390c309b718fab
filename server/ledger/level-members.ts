import type { DestinationId, MappingId, SpaceId } from '../../contract/ids.ts';
import { type Connection, connectionsFor, type DirectEvent, type MemberChange } from '../audiences/audiences.ts';
import type { Tx } from '../db/port.ts';
import { mayCarryMembership } from '../ingest/ingest.ts';
import type { Clock } from '../kernel/clock.ts';
import { applyWishes, type MemberWish, type PersonWish } from './apply.ts';
import { type LoadProducers, type Producer, receives } from './producers.ts';
import { type Lane, live } from './rows.ts';
import { explainIdle, type IdleMember } from './tallies.ts';
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

export interface Levelled {
  /** Destinations to which something is owed now. */
  readonly owedTo: ReadonlySet<DestinationId>;
  readonly counts: readonly LevelCount[];
}

/** Brings the ledger to what the changed members and the direct events say (rule 5). Their people are locked by the caller. */
export async function levelMembers(tx: Tx, deps: LevelDeps, input: LevelInput): Promise<Levelled> {
  if (input.changes.length === 0 && input.directs.length === 0) return { owedTo: new Set(), counts: [] };
  const producers = await deps.producers(tx);
  const connections = await connectionsByAudience(tx, input);
  const counts: LevelCount[] = [];
  const members: MemberWish[] = [];
  const idle: IdleMember[] = [];
  for (const change of input.changes) {
    for (const connection of connections.get(change.audience.audienceId) ?? []) {
      const producer = producers.get(connection.destinationId);
      if (!producer) continue;
      if (!connection.enabled) {
        idle.push({ ...connection, personId: change.personId, present: change.member.present });
        continue;
      }
      const one = memberWish(change, connection, producer);
      members.push(one);
      counts.push(...one.wish.counts.map((c) => ({ ...c, spaceId: one.spaceId, destinationId: one.destinationId })));
    }
  }
  const { directs, counts: more } = directWishes(input.directs, producers);
  counts.push(...more);
  const owedTo = await applyWishes(tx, deps, input.lane, { members, directs });
  await explainIdle(tx, deps, idle);
  return { owedTo, counts };
}

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

async function connectionsByAudience(tx: Tx, input: LevelInput): Promise<Map<number, Connection[]>> {
  const byAudience = new Map<number, Connection[]>();
  for (const connection of await connectionsFor(tx, [...new Set(input.changes.map((c) => c.audience.audienceId))])) {
    if (input.only !== undefined && connection.destinationId !== input.only) continue;
    const known = byAudience.get(connection.audienceId);
    if (known) known.push(connection);
    else byAudience.set(connection.audienceId, [connection]);
  }
  return byAudience;
}

function memberWish(change: MemberChange, connection: Connection, { mappings, broken }: Producer): MemberWish {
  const { audience, member, personId, events } = change;
  return {
    spaceId: connection.spaceId,
    destinationId: connection.destinationId,
    originId: connection.audienceId,
    personId,
    present: member.present,
    exited: member.exited,
    wish: wishOf({ audience, connection, member, events }, mappings),
    broken,
  };
}

/** A direct event through one mapping, as Test Mapping sends it: through the ledger, like any other change (design.md 7). */
export async function levelTest(
  tx: Tx,
  deps: LevelDeps,
  event: DirectEvent,
  producer: Pick<Producer, 'destination' | 'mappings'>,
): Promise<Levelled> {
  const made = directWishesOf(event.received.event, event.stamp, producer.mappings);
  const place = { spaceId: producer.destination.spaceId, destinationId: producer.destination.id };
  const directs = made.direct.length ? [{ ...place, personId: event.personId, direct: made.direct }] : [];
  const owedTo = await applyWishes(tx, deps, live, { members: [], directs });
  return { owedTo, counts: made.counts.map((c) => ({ ...c, ...place })) };
}
