import type { DestinationId, MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Stamp } from '../../contract/segment-event.ts';

/** Of a membership: whether TikTok should hold these hashes. Kept: they stay there, and hold nothing (design.md 4.1, rule 5). */
export const absent = 0;
export const present = 1;
export const kept = 2;
export type Level = typeof absent | typeof present | typeof kept;

/** By type: e-mail, phone, idfa, aaid (the order of contract and wire). */
export type Hashes = readonly [Buffer | null, Buffer | null, Buffer | null, Buffer | null];

/** What holds a person at a target: an audience's number, or 0 for direct events (rule 5). */
export type OriginId = number;
export const directOrigin: OriginId = 0;

export interface LedgerRow {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly targetId: TargetId;
  readonly originId: OriginId;
  readonly personId: PersonId;
  /** Eight bytes that name the combination of hashes, in hex. */
  readonly variant: string;
  readonly hashes: Hashes;
  readonly normaliser: number;
  readonly mappingId: MappingId;
  readonly entered: Stamp;
  readonly level: Level;
  /** Of its last change; `neverWritten` in a row that is only drafted. */
  readonly seq: number;
}

/** Below every number of `change_seq`. */
export const neverWritten = 0;

export interface DirectExit {
  readonly spaceId: SpaceId;
  readonly targetId: TargetId;
  readonly personId: PersonId;
  readonly stamp: Stamp;
}

/** A pointer: somebody's level at a target changed. It carries no data; whoever reads it looks the level up (rule 8). */
export interface Pointer {
  readonly spaceId: SpaceId;
  readonly targetId: TargetId;
  readonly lane: Lane;
  readonly seq: number;
  readonly originId: OriginId;
  readonly personId: PersonId;
}

export const live = 0;
export const backfill = 1;
export type Lane = typeof live | typeof backfill;
