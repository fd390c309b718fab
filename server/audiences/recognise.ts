import { createHash } from 'node:crypto';
import type { ReceivedEvent, SegmentEvent, Stamp } from '../../contract/segment-event.ts';
import { mayCarryMembership } from '../ingest/ingest.ts';
import { isObject, own } from '../kernel/json.ts';
import type { MemberRecord } from './member.ts';

/** What an event says about a membership (segment-spec.md 2.6; design.md 4.1, rule 4). */
export type Recognised =
  | { readonly kind: 'direct' }
  | { readonly kind: 'unclear'; readonly reason: string }
  | {
      readonly kind: 'membership';
      readonly key: string;
      readonly computationId: string | null;
      readonly entered: boolean;
    };

/** The parts of a context that a mapping may read are kept up to this size (design.md 4.1, rule 2). */
const contextBytesMax = 4_096;

export function recognise({ sourceKind, event }: ReceivedEvent): Recognised {
  // Rule 4: a browser's or an app's write key is public, so anybody could put anybody into an audience.
  if (!mayCarryMembership(sourceKind)) return { kind: 'direct' };
  const personas = own(event.context, 'personas');
  const computation = own(personas, 'computation_class');
  const key = own(personas, 'computation_key');
  if (computation === 'audience' || computation === 'journey_step') {
    if (typeof key !== 'string' || key === '')
      return { kind: 'unclear', reason: 'audience event without computation_key' };
    const entered = membershipOf(event, key, computation);
    if (entered === undefined) return { kind: 'unclear', reason: 'audience event without its boolean' };
    const id = own(personas, 'computation_id');
    return { kind: 'membership', key, computationId: typeof id === 'string' ? id : null, entered };
  }
  const named = own(event.properties, 'audience_key');
  if (event.type !== 'track' || typeof named !== 'string' || named === '') return { kind: 'direct' };
  const value = asBoolean(own(event.properties, named));
  return value === undefined
    ? { kind: 'direct' }
    : { kind: 'membership', key: named, computationId: null, entered: value };
}

/** The boolean decides; a journey step without one is an enter (segment-spec.md 2.4, Journeys V2). */
function membershipOf(event: SegmentEvent, key: string, computation: string): boolean | undefined {
  const said = asBoolean(own(event.type === 'identify' ? event.traits : event.properties, key));
  return said ?? (computation === 'journey_step' ? true : undefined);
}

/** Journeys V1 write the string "true" (segment-spec.md 7.8, defect 24). */
function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

type Values = Readonly<Record<string, unknown>>;
const values = (value: unknown): Values => (isObject(value) ? value : {});

/** The record an enter leaves (rule 2). The audience's own boolean and key are made anew for each connection. */
export function recordOf(event: SegmentEvent, key: string, stamp: Stamp): MemberRecord {
  const { audience_key: _key, [key]: _boolean, ...properties } = values(event.properties);
  const { [key]: _trait, ...traits } = values(event.traits);
  const context = keptContext(values(event.context));
  return {
    set: setOf(event, traits, context, properties),
    stamp,
    ...(event.userId === undefined ? {} : { userId: event.userId }),
    ...(event.anonymousId === undefined ? {} : { anonymousId: event.anonymousId }),
    ...(Object.keys(traits).length ? { traits } : {}),
    ...(Object.keys(properties).length ? { properties } : {}),
    ...(Object.keys(context).length ? { context } : {}),
  };
}

function keptContext(context: Values): Values {
  const { personas: _p, integrations: _i, library: _l, ...rest } = context;
  if (Buffer.byteLength(JSON.stringify(rest)) <= contextBytesMax) return rest;
  const { traits, device, externalIds, consent } = rest;
  const small = Object.fromEntries(
    Object.entries({ traits, device, externalIds, consent }).filter(([, v]) => v !== undefined),
  );
  return Buffer.byteLength(JSON.stringify(small)) <= contextBytesMax
    ? small
    : { traits: identifiersOnly(values(traits)), device };
}

const identifiersOnly = ({ email, phone }: Values): Values => ({ email, phone });

/** A short name for the set of identifier values an event carries; track and identify of one change give the same. */
function setOf(event: SegmentEvent, traits: Values, context: Values, properties: Values): string {
  const first = (name: string): unknown => own(context['traits'], name) ?? own(traits, name) ?? own(properties, name);
  const externalIds = Array.isArray(context['externalIds'])
    ? context['externalIds'].map((e) => `${String(own(e, 'type'))}:${String(own(e, 'id'))}`).sort()
    : [];
  const parts = [
    event.userId,
    event.userId === undefined ? event.anonymousId : null,
    first('email'),
    first('phone'),
    own(context['device'], 'advertisingId') ?? own(properties, 'ios_idfa') ?? own(properties, 'android_idfa'),
    externalIds,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
}
