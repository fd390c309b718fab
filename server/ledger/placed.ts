import type { DestinationId, MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Stamp } from '../../contract/segment-event.ts';
import type { Variant } from '../mappings/mappings.ts';
import type { BrokenMappings } from './producers.ts';
import type { OriginId } from './rows.ts';

/** A variant at a resolved target. */
export interface Placed {
  readonly targetId: TargetId;
  readonly variant: Variant;
  readonly stamp: Stamp;
  readonly mappingId: MappingId;
}

export interface PlacedDirect {
  readonly direction: 'add' | 'remove';
  readonly targetId: TargetId;
  readonly variants: readonly Variant[];
  readonly stamp: Stamp;
  readonly mappingId: MappingId;
}

/** A wish whose targets are known, for one person, destination and audience. */
export interface PlacedWish {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly originId: OriginId;
  readonly personId: PersonId;
  /** When the member last left, if ever: rows made before it were ended by an exit. */
  readonly exited: Stamp | null;
  readonly present: readonly Placed[];
  readonly protects: readonly Placed[];
  readonly leaves: ReadonlySet<TargetId>;
  readonly named: readonly Placed[];
  readonly broken: BrokenMappings;
  readonly leftAt: LeftTargets;
}

/**
 * Rule 12: targets that a change may have left without a producer, and what somebody said is to become of the people whom
 * nothing makes there any more.
 */
export interface LeftTargets {
  readonly keepAt: ReadonlySet<TargetId>;
  readonly removeAt: ReadonlySet<TargetId>;
}
export const noneLeft: LeftTargets = { keepAt: new Set(), removeAt: new Set() };
