import type { PersonId, SpaceId } from '../../contract/ids.ts';

export interface Identifier {
  /** Lower case: `user_id`, `email`, `phone`, `anonymous_id`, `ios.idfa`, a custom one. */
  readonly type: string;
  readonly value: string;
}

/** Two people turned out to be one: what the loser had belongs to the winner (rule 13). */
export interface Merge {
  readonly spaceId: SpaceId;
  readonly winner: PersonId;
  readonly loser: PersonId;
}

export interface Resolved {
  /** Aligned with the events; null: the event names nobody (every identifier blank, blocked or too long). */
  readonly people: (PersonId | null)[];
  /** In the order in which they happened; a winner may be a later merge's loser. */
  readonly merges: Merge[];
  readonly dropped: DroppedIdentifiers;
}

/** Identifiers of events that were not used. */
export interface DroppedIdentifiers {
  readonly blocked: number;
  readonly tooLong: number;
  /** A limit of the identity rules was in the way, lowest priority first (segment-spec.md 3.6). */
  readonly overLimit: number;
}
