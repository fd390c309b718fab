import type { SourceId, SpaceId } from './ids.ts';

export type EventType = 'track' | 'identify' | 'page' | 'screen' | 'group' | 'alias';
export type SourceKind = 'server' | 'webhook' | 'website' | 'mobile';

type Values = Readonly<Record<string, unknown>>;

/** A checked Segment event, as mappings and triggers see it (segment-spec.md 1.5). Times are ISO-8601 texts. */
export interface SegmentEvent extends Values {
  readonly type: EventType;
  readonly messageId: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly previousId?: string;
  readonly groupId?: string;
  readonly event?: string;
  readonly name?: string;
  readonly properties?: Values;
  readonly traits?: Values;
  readonly context?: Values;
  readonly integrations?: Values;
  /** Corrected for the client's clock (segment-spec.md 1.6). */
  readonly timestamp: string;
  readonly originalTimestamp: string;
  readonly receivedAt: string;
}

/**
 * The order of a person's changes (design.md 4.1, rule 1): compared as a whole, first to last. Times are microseconds
 * since 1970: `timeUs` = min(corrected timestamp, received at), `originalUs` the client's own stamp; `arrival` is drawn
 * under the person's lock and tells equal times apart.
 */
export interface Stamp {
  readonly timeUs: number;
  readonly originalUs: number;
  readonly arrival: number;
}

/** Negative, zero or positive, as (time, original time, arrival) compare as a whole (design.md 4.1, rule 1). */
export const compareStamps = (a: Stamp, b: Stamp): number =>
  a.timeUs - b.timeUs || a.originalUs - b.originalUs || a.arrival - b.arrival;

/** One event out of ingest: where it came from, what it says, when it happened. */
export interface ReceivedEvent {
  readonly spaceId: SpaceId;
  readonly sourceId: SourceId;
  readonly sourceKind: SourceKind;
  readonly event: SegmentEvent;
  /** min(corrected timestamp, received at), microseconds since 1970. */
  readonly timeUs: number;
  /** The client's own timestamp, microseconds since 1970 (fractions beyond a millisecond kept). */
  readonly originalUs: number;
}
