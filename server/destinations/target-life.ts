/** How a target ends (rule 12): nothing makes rows for it, what is owed there goes out, and then it is gone. */
import type { TargetId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { wakeWaiting } from './target-looks.ts';
import { reviveTargets, setGone, setLeaving } from './targets.sql.ts';

/** Nothing produces for these targets any more; they stay until nothing is owed and nobody is kept there (rule 12). */
export async function markLeaving(tx: Tx, clock: Clock, targetIds: readonly TargetId[]): Promise<TargetId[]> {
  const rows = await setLeaving(tx, targetIds, new Date(clock.now()));
  return rows.map((row) => row.target_id);
}

/** Something is made again for targets that were leaving. */
export async function markFed(tx: Tx, clock: Clock, targetIds: readonly TargetId[]): Promise<void> {
  if (targetIds.length > 0) await reviveTargets(tx, targetIds, new Date(clock.now()));
}

/** The end of a target: its name may be taken by a new one, its audience by another destination, which looks at once. */
export async function markGone(tx: Tx, clock: Clock, targetId: TargetId): Promise<void> {
  const [gone] = await setGone(tx, targetId, new Date(clock.now()));
  if (gone) await wakeWaiting(tx, clock, { advertiserId: gone.advertiser_id, tiktokId: gone.tiktok_id });
}
