import type { SegmentEvent } from '../../contract/segment-event.ts';
import { own } from '../kernel/json.ts';

/** The audience key that the event names itself by, or undefined for a direct event. */
export function computationKeyOf(event: SegmentEvent): string | undefined {
  const key = own(own(event.context, 'personas'), 'computation_key');
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/**
 * Whether the event says that its person is in the audience (segment-spec.md 2.6). Journeys V1 write the boolean as text;
 * Segment's own action fails on that (7.8, defect 24), this one reads it.
 */
export function membershipOf(event: SegmentEvent): boolean | undefined {
  const computation = own(own(event.context, 'personas'), 'computation_class');
  const key = computationKeyOf(event);
  if (key === undefined || (computation !== 'audience' && computation !== 'journey_step')) return undefined;
  const holder = event.type === 'track' ? event.properties : event.type === 'identify' ? event.traits : undefined;
  const value = own(holder, key);
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}
