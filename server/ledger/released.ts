/** Rule 12: rows whose producer goes, and what becomes of them. Pure. */
import type { DestinationId, MappingId, TargetId } from '../../contract/ids.ts';
import { absent, kept, type LedgerRow, type Level, type OriginId, present } from './rows.ts';

/** Rows whose producer goes: of a destination, or of one mapping or origin of it. */
export interface Released {
  readonly destinationId: DestinationId;
  readonly mappingId?: MappingId | undefined;
  readonly originId?: OriginId | undefined;
  /** Only rows that are kept already. */
  readonly onlyKept?: boolean;
  readonly targetId?: TargetId | undefined;
  readonly people: 'keep' | 'remove';
}

/** One that is being done (release.ts): of the rows whose last change is older than it. */
export interface PendingRelease extends Released {
  readonly beforeSeq: number;
}

/** What a row becomes; undefined where the release does not concern it. */
export function levelOfReleased(row: LedgerRow, what: Released): Level | undefined {
  const concerned =
    row.destinationId === what.destinationId &&
    (what.mappingId === undefined || row.mappingId === what.mappingId) &&
    (what.originId === undefined || row.originId === what.originId) &&
    (what.targetId === undefined || row.targetId === what.targetId) &&
    (what.onlyKept !== true || row.level === kept);
  if (!concerned) return undefined;
  if (row.level === present) return what.people === 'keep' ? kept : absent;
  return row.level === kept && what.people === 'remove' ? absent : undefined;
}

/** A row as it is to be seen while releases are being done: as if all of them were done at once, one after the other. */
export function afterReleases(row: LedgerRow, pending: readonly PendingRelease[]): LedgerRow {
  let { level } = row;
  for (const one of pending) {
    if (row.seq < one.beforeSeq) level = levelOfReleased({ ...row, level }, one) ?? level;
  }
  return level === row.level ? row : { ...row, level };
}
