import type { Db, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';

/** Work that is done in the background, a chunk a transaction: walks, releases, resyncs. */
export interface BackgroundWork<Row> {
  /** As the log calls it: "a walk". */
  readonly name: string;
  /** The one that has waited longest, of those that no other node is busy with. Holding its row is holding it. */
  readonly claim: (tx: Tx, now: Date) => Promise<Row | undefined>;
  readonly takeStep: (tx: Tx, row: Row, now: Date) => Promise<void>;
  readonly postpone: (tx: Tx, row: Row, now: Date) => Promise<unknown>;
  /** What tells one from another in the log, without anybody's identifier. */
  readonly named: (row: Row) => Readonly<Record<string, unknown>>;
}

/**
 * Does one step of one piece of work. Says whether there was any. One that fails is logged and rests for a while, so that it
 * does not keep the others from going on.
 */
export async function backgroundStep<Row>(
  deps: { db: Db; clock: Clock; log: Log },
  work: BackgroundWork<Row>,
): Promise<'more' | 'idle'> {
  const now = () => new Date(deps.clock.now());
  const claimed: { row?: Row } = {};
  try {
    return await deps.db.transaction(
      async (tx) => {
        const row = await work.claim(tx, now());
        if (row === undefined) return 'idle';
        claimed.row = row;
        await work.takeStep(tx, row, now());
        return 'more';
      },
      { background: true },
    );
  } catch (error) {
    const { row } = claimed;
    if (row === undefined) throw error;
    deps.log.error(`${work.name} failed and will be tried again`, { ...work.named(row), error });
    await deps.db.transaction((tx) => work.postpone(tx, row, now()));
    return 'more';
  }
}
