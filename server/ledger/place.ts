import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { ensureTargets, findTargets, type TargetRef } from '../destinations/destinations.ts';
import type { Clock } from '../kernel/clock.ts';
import type { LedgerInput } from './ledger-input.ts';

/** Undefined: there is no such target, and nothing that asks for one to be made. */
export type Placer = (destinationId: DestinationId, ref: TargetRef) => TargetId | undefined;

/**
 * The targets that the wishes name, one or two statements a destination. Who is to be added, or removed by an event, needs
 * one; what only protects or explains rows that stand (disabled mappings, leaving) makes no audience at TikTok.
 */
export async function placeTargets(tx: Tx, { clock }: { clock: Clock }, input: LedgerInput): Promise<Placer> {
  const ids = new Map<string, TargetId | undefined>();
  for (const [destinationId, { spaceId, needed, mentioned }] of wantedTargets(input)) {
    const made = needed.size ? await ensureTargets(tx, clock, { spaceId, destinationId }, [...needed.values()]) : [];
    for (const [i, key] of [...needed.keys()].entries()) ids.set(`${destinationId} ${key}`, made[i]);
    await findMentioned(tx, destinationId, { needed, mentioned }, ids);
  }
  return (destinationId, ref) => ids.get(`${destinationId} ${refKey(ref)}`);
}

/** A target that a change would make: numbers below zero, which no stored one has. */
export type Supposed = Map<string, { readonly id: TargetId; readonly ref: TargetRef }>;

/** The same for a dry run, which makes nothing: what is not there yet is remembered in `supposed`. */
export async function supposeTargets(q: Queryable, input: LedgerInput, supposed: Supposed): Promise<Placer> {
  const ids = new Map<string, TargetId | undefined>();
  for (const [destinationId, { needed, mentioned }] of wantedTargets(input)) {
    const refs = [...needed.values()];
    const found = refs.length ? await findTargets(q, destinationId, refs) : [];
    for (const [i, [key, ref]] of [...needed].entries()) {
      const place = `${destinationId} ${key}`;
      const id = found[i] ?? supposed.get(place)?.id ?? ((-1 - supposed.size) as TargetId);
      if (id < 0) supposed.set(place, { id, ref });
      ids.set(place, id);
    }
    await findMentioned(q, destinationId, { needed, mentioned }, ids);
  }
  return (destinationId, ref) => {
    const place = `${destinationId} ${refKey(ref)}`;
    return ids.get(place) ?? supposed.get(place)?.id;
  };
}

interface WantedTargets {
  readonly spaceId: SpaceId;
  readonly needed: Map<string, TargetRef>;
  readonly mentioned: Map<string, TargetRef>;
}

function wantedTargets(input: LedgerInput): [DestinationId, WantedTargets][] {
  const wanted = new Map<DestinationId, WantedTargets>();
  const placeOf = ({ spaceId, destinationId }: { spaceId: SpaceId; destinationId: DestinationId }): WantedTargets => {
    const place = wanted.get(destinationId) ?? { spaceId, needed: new Map(), mentioned: new Map() };
    wanted.set(destinationId, place);
    return place;
  };
  for (const one of input.directs) {
    for (const { target } of one.direct) placeOf(one).needed.set(refKey(target), target);
  }
  for (const one of input.members) {
    const { needed, mentioned } = placeOf(one);
    const { wish } = one;
    for (const { target } of [...wish.present, ...wish.named, ...wish.direct]) needed.set(refKey(target), target);
    for (const target of [...wish.protects.map((p) => p.target), ...wish.leaves]) mentioned.set(refKey(target), target);
  }
  return [...wanted].sort(([a], [b]) => a - b);
}

async function findMentioned(
  q: Queryable,
  destinationId: DestinationId,
  { needed, mentioned }: Pick<WantedTargets, 'needed' | 'mentioned'>,
  ids: Map<string, TargetId | undefined>,
): Promise<void> {
  const others = [...mentioned].filter(([key]) => !needed.has(key));
  const refs = others.map(([, ref]) => ref);
  const found = refs.length ? await findTargets(q, destinationId, refs) : [];
  for (const [i, [key]] of others.entries()) ids.set(`${destinationId} ${key}`, found[i]);
}

const refKey = ({ advertiserId, audience }: TargetRef): string =>
  `${advertiserId} ${audience.by} ${audience.by === 'id' ? audience.id : audience.name}`;
