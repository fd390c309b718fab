import type { SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent, SourceKind } from '../../contract/segment-event.ts';
import { isObject } from '../kernel/json.ts';

export interface Identifier {
  /** Lower case: `user_id`, `email`, `phone`, `anonymous_id`, `ios.idfa`, a custom one. */
  readonly type: string;
  readonly value: string;
}

/** An identifier of a space, with a text that stands for the three. */
export interface KeyedIdentifier extends Identifier {
  readonly spaceId: SpaceId;
  readonly key: string;
}

/** Identifiers of events that were not used. */
export interface DroppedIdentifiers {
  blocked: number;
  tooLong: number;
  /** A limit of the identity rules was in the way, lowest priority first (segment-spec.md 3.6). */
  overLimit: number;
}

export interface EventIdentifiers {
  readonly spaceId: SpaceId;
  /** Highest priority first, each once. */
  readonly identifiers: readonly KeyedIdentifier[];
  /** An alias from a source that is trusted with it: the user id that becomes one with this event's. */
  readonly previous: KeyedIdentifier | undefined;
}

/** Blocked values are never promoted to identifiers (segment-spec.md 3.6); `undefined` is what careless clients add. */
const blockedValue = /^[0-]*$|^-1$|^null$|^undefined$|^anonymous$/i;
/** Well below what an index row takes (2,704 bytes): a longer value would fail its whole batch (54000). */
const valueLengthMax = 255;
const typeLengthMax = 64;
/** Of one event. */
const externalIdsMax = 50;

/** The identifiers of an event by the table of segment-spec.md 3.6. */
export function identifiersOfEvent(received: ReceivedEvent, dropped: DroppedIdentifiers): EventIdentifiers {
  const { spaceId, event } = received;
  const found = new Map<string, KeyedIdentifier>();
  for (const candidate of candidates(event)) {
    const identifier = usable(candidate, spaceId, dropped);
    if (identifier) found.set(identifier.key, identifier);
  }
  const identifiers = [...found.values()].sort(byPriority);
  return { spaceId, identifiers, previous: previousUser(received, dropped) };
}

/** The form in which a value is stored and looked up, so that Ana@x.com and ana@x.com are one person. */
export function canonicalIdentifier({ type, value }: Identifier): Identifier {
  const lower = type.trim().toLowerCase();
  return { type: lower, value: canonicalValue(lower, value.trim()) };
}

export const identifierKey = (spaceId: SpaceId, { type, value }: Identifier): string => `${spaceId}\0${type}\0${value}`;

function* candidates(event: SegmentEvent): Generator<Identifier> {
  if (event.userId !== undefined) yield { type: 'user_id', value: event.userId };
  if (event.anonymousId !== undefined) yield { type: 'anonymous_id', value: event.anonymousId };
  if (event.type === 'alias' && event.previousId !== undefined) yield { type: 'anonymous_id', value: event.previousId };
  const { context } = event;
  // A group's traits are an account's.
  if (event.type !== 'group') yield* traitIdentifiers(event.traits);
  yield* traitIdentifiers(context?.['traits']);
  yield* deviceIdentifiers(context?.['device']);
  yield* externalIdentifiers(context?.['externalIds']);
}

function* traitIdentifiers(traits: unknown): Generator<Identifier> {
  if (!isObject(traits)) return;
  const { email, phone } = traits;
  if (typeof email === 'string') yield { type: 'email', value: email };
  if (typeof phone === 'string' || typeof phone === 'number') yield { type: 'phone', value: String(phone) };
}

function* deviceIdentifiers(device: unknown): Generator<Identifier> {
  if (!isObject(device) || typeof device['type'] !== 'string') return;
  const platform = device['type'].trim().toLowerCase();
  if (platform !== 'ios' && platform !== 'android') return;
  const { id, token, advertisingId } = device;
  if (typeof id === 'string') yield { type: `${platform}.id`, value: id };
  if (typeof token === 'string') yield { type: `${platform}.push_token`, value: token };
  if (typeof advertisingId === 'string' && device['adTrackingEnabled'] === true)
    yield { type: `${platform}.idfa`, value: advertisingId };
}

/** All four fields are required (segment-spec.md 1.8). */
function* externalIdentifiers(list: unknown): Generator<Identifier> {
  if (!Array.isArray(list)) return;
  for (const item of list.slice(0, externalIdsMax)) {
    if (!isObject(item) || item['collection'] !== 'users' || item['encoding'] !== 'none') continue;
    const { id, type } = item;
    if (typeof id === 'string' && typeof type === 'string' && type.length <= typeLengthMax) yield { type, value: id };
  }
}

function usable(candidate: Identifier, spaceId: SpaceId, dropped: DroppedIdentifiers): KeyedIdentifier | undefined {
  if (candidate.value.length > valueLengthMax) {
    dropped.tooLong += 1;
    return undefined;
  }
  const identifier = canonicalIdentifier(candidate);
  if (identifier.type === '') return undefined;
  if (blockedValue.test(identifier.value)) {
    if (identifier.value !== '') dropped.blocked += 1;
    return undefined;
  }
  return { ...identifier, spaceId, key: identifierKey(spaceId, identifier) };
}

/** A public write key must not be able to join two users: there the limits decide, as for every other event. */
function previousUser(received: ReceivedEvent, dropped: DroppedIdentifiers): KeyedIdentifier | undefined {
  const { event, spaceId, sourceKind } = received;
  if (event.type !== 'alias' || event.previousId === undefined || isPublic(sourceKind)) return undefined;
  return usable({ type: 'user_id', value: event.previousId }, spaceId, { ...dropped });
}

const isPublic = (kind: SourceKind): boolean => kind === 'website' || kind === 'mobile';

function canonicalValue(type: string, value: string): string {
  if (type === 'email') return value.toLowerCase();
  if (type === 'phone') return value.replace(/(?!^\+)\D/g, '');
  return value;
}

/** user_id, email, then by alphabet (segment-spec.md 3.6). */
const rank = (type: string): number => (type === 'user_id' ? 0 : type === 'email' ? 1 : 2);

function byPriority(a: Identifier, b: Identifier): number {
  if (a.type === b.type) return a.value < b.value ? -1 : 1;
  return rank(a.type) - rank(b.type) || (a.type < b.type ? -1 : 1);
}
