import type { Tx } from '../db/port.ts';
import type { Instant } from '../kernel/clock.ts';
import { addCounts, putSamples } from './batch.sql.ts';

/** `batch`: a request, of which some or all events failed; the others count events. */
export type IngestOutcome = 'received' | 'duplicate' | 'failed' | 'ignored' | 'batch';

export interface Place {
  /** 0: an unknown write key, nobody's. */
  readonly spaceId: number;
  readonly sourceId: number;
}

export interface Tally extends Place {
  readonly outcome: IngestOutcome;
  readonly reason: string;
  readonly count: number;
}

/** A failed event to look at: masked, with our words on what is wrong. */
export interface Sample extends Place {
  readonly reason: string;
  readonly detail: string | undefined;
  readonly event: unknown;
}

/** What is to be counted and shown beside the events of a micro-batch, in the same transaction. */
export interface Notes {
  readonly tallies: readonly Tally[];
  readonly samples: readonly Sample[];
}

export const noNotes: Notes = { tallies: [], samples: [] };

/** The last ten of a reason are kept. */
const slots = 10;
const minuteMs = 60_000;

/** Last in its transaction, because nodes share these rows: they are locked for the length of the commit only. */
export async function writeNotes(tx: Tx, notes: Notes, when: { at: Instant; firstSlot: number }): Promise<void> {
  const counts = foldTallies(notes.tallies);
  if (counts.length > 0) await addCounts(tx, countColumns(counts), new Date(when.at - (when.at % minuteMs)));
  const kept = placeSamples(notes.samples, when.firstSlot);
  if (kept.length === 0) return;
  const columns = {
    spaceIds: kept.map((s) => s.spaceId),
    sourceIds: kept.map((s) => s.sourceId),
    reasons: kept.map((s) => s.reason),
    slots: kept.map((s) => s.slot),
    samples: kept.map((s) => JSON.stringify({ detail: s.detail, event: s.event })),
  };
  await putSamples(tx, columns, new Date(when.at));
}

/** One row a key: the same key twice in one upsert is an error (21000, reliability.md F8). */
function foldTallies(tallies: readonly Tally[]): Tally[] {
  const folded = new Map<string, Tally>();
  for (const tally of tallies) {
    const key = `${tally.spaceId}/${tally.sourceId}/${tally.outcome}/${tally.reason}`;
    folded.set(key, { ...tally, count: tally.count + (folded.get(key)?.count ?? 0) });
  }
  return [...folded.values()];
}

const countColumns = (counts: readonly Tally[]) => ({
  spaceIds: counts.map((c) => c.spaceId),
  sourceIds: counts.map((c) => c.sourceId),
  outcomes: counts.map((c) => c.outcome),
  reasons: counts.map((c) => c.reason),
  counts: counts.map((c) => c.count),
});

/** Slots are overwritten in turn; of many samples in one batch the last ten a reason stay. */
function placeSamples(samples: readonly Sample[], firstSlot: number): (Sample & { slot: number })[] {
  const placed = new Map<string, Sample & { slot: number }>();
  const next = new Map<string, number>();
  for (const sample of samples) {
    const group = `${sample.spaceId}/${sample.sourceId}/${sample.reason}`;
    const slot = (next.get(group) ?? firstSlot) % slots;
    next.set(group, slot + 1);
    placed.set(`${group}/${slot}`, { ...sample, slot });
  }
  return [...placed.values()];
}
