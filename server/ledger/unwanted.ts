/** Rows that no enabled mapping makes for their person any more, and what becomes of them. Pure. */
import { compareStamps as compare } from '../../contract/segment-event.ts';
import type { PlacedWish } from './placed.ts';
import { absent, kept, type LedgerRow, type Level } from './rows.ts';

/** Rule 12: a row at a target that nothing makes for its person any more, of which somebody has said what is to become. */
export function levelOfLeft(row: LedgerRow, { leftAt, broken }: PlacedWish): Level | undefined {
  if (row.level === absent || broken.ids.has(row.mappingId)) return undefined;
  if (leftAt.removeAt.has(row.targetId)) return absent;
  return leftAt.keepAt.has(row.targetId) ? kept : undefined;
}

/** Rule 5: a row that no enabled mapping makes any more, and no disabled one protects: an exit ends it, or it is kept. */
export function levelOfUnwanted(row: LedgerRow, wish: PlacedWish): Level {
  if (row.level === absent) return absent;
  if (wish.exited !== null && compare(row.entered, wish.exited) <= 0) {
    if (wish.leaves.has(row.targetId)) return absent;
    // A Remove mapping that does not compile might have matched: nothing is decided before it is mended.
    if (wish.broken.remover) return row.level;
    // Without a Remove mapping a person who left stays (Segment's meaning of its absence), remembered as kept.
    return kept;
  }
  // Kept by a person's choice (rule 12), also of members who left once and came back: only a later exit ends it.
  if (row.level === kept || wish.broken.ids.has(row.mappingId)) return row.level;
  return absent;
}
