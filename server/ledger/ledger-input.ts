import type { DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { LeftTargets, PlacedWish } from './placed.ts';
import type { BrokenMappings } from './producers.ts';
import type { DirectWish, Wish } from './wish.ts';

/** A member's wish at one destination. */
export interface MemberWish {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly originId: number;
  readonly personId: PersonId;
  readonly present: boolean;
  readonly exited: PlacedWish['exited'];
  readonly wish: Wish;
  readonly broken: BrokenMappings;
  readonly leftAt: LeftTargets;
}

/** A direct event's wishes at one destination. */
export interface PersonWish {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly personId: PersonId;
  readonly direct: readonly DirectWish[];
}

export interface LedgerInput {
  readonly members: readonly MemberWish[];
  readonly directs: readonly PersonWish[];
}
