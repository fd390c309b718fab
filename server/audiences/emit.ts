import { idToText, type SpaceId } from '../../contract/ids.ts';
import type { SegmentEvent, Stamp } from '../../contract/segment-event.ts';
import type { MemberRecord } from './member.ts';

/** What a connection says about the events it passes on (segment-spec.md 2.3). */
export interface EventShape {
  readonly sendTrack: boolean;
  readonly sendIdentify: boolean;
  readonly enteredEvent: string;
  readonly exitedEvent: string;
  /** The destination's audience settings: advertiserId, audienceId, audienceName. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface AudienceIdentity {
  readonly spaceId: SpaceId;
  readonly key: string;
  readonly computationId: string;
}

/**
 * The events that Engage would emit of one record through one connection (segment-spec.md 2.4): a track with the
 * connection's event name, an identify with the boolean, both, or none. What the incoming event said about its own
 * destinations, settings and external audience counts for nothing (design.md 4.1, rule 2).
 */
export function eventsOf(
  audience: AudienceIdentity,
  shape: EventShape,
  record: Omit<MemberRecord, 'set'>,
  entered: boolean,
): SegmentEvent[] {
  const common = commonParts(audience, shape, record, entered);
  const events: SegmentEvent[] = [];
  if (shape.sendTrack) {
    events.push({
      ...common,
      type: 'track',
      event: entered ? shape.enteredEvent : shape.exitedEvent,
      properties: { ...record.properties, audience_key: audience.key, [audience.key]: entered },
    });
  }
  if (shape.sendIdentify) {
    const traits = { ...(record.context?.['traits'] as Record<string, unknown> | undefined), ...record.traits };
    events.push({ ...common, type: 'identify', traits: { ...traits, [audience.key]: entered } });
  }
  return events;
}

function commonParts(
  audience: AudienceIdentity,
  shape: EventShape,
  record: Omit<MemberRecord, 'set'>,
  entered: boolean,
) {
  const space = idToText('space', audience.spaceId);
  const time = isoOf(record.stamp);
  const audienceId = shape.settings['audienceId'];
  return {
    messageId: `usher_${audience.key}_${record.stamp.arrival}_${entered ? 'enter' : 'exit'}`,
    timestamp: time,
    originalTimestamp: time,
    receivedAt: time,
    ...(record.userId === undefined ? {} : { userId: record.userId }),
    ...(record.anonymousId === undefined ? {} : { anonymousId: record.anonymousId }),
    integrations: { All: false, 'TikTok Audiences': true },
    context: {
      ...record.context,
      // A record of an identify has its identifiers in traits; mappings read them in context.traits (segment-spec.md 2.4).
      traits: { ...record.traits, ...(record.context?.['traits'] as Record<string, unknown> | undefined) },
      personas: {
        computation_class: 'audience',
        computation_id: audience.computationId,
        computation_key: audience.key,
        namespace: space,
        space_id: space,
        audience_settings: shape.settings,
        ...(typeof audienceId === 'string' && audienceId !== '' ? { external_audience_id: audienceId } : {}),
      },
    },
  };
}

const isoOf = (stamp: Stamp): string => new Date(Math.floor(stamp.timeUs / 1000)).toISOString();
