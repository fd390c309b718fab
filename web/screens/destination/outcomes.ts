import type { Delivery, DeliveryCount } from '../../api/delivery.ts';

/** Outcomes that are no fault of anybody's call (server/delivery, ledger/level.ts); any other one is TikTok's answer. */
const ofPeople = ['added', 'removed', 'parked', 'mapped', 'skipped', 'filtered', 'invalid'];

export const totalOf = (counts: readonly DeliveryCount[], ...outcomes: readonly string[]): number =>
  counts.filter(({ outcome }) => outcomes.includes(outcome)).reduce((sum, { count }) => sum + count, 0);

/** Reasons of some outcomes with their numbers, most first. */
export function reasonsOf(counts: readonly DeliveryCount[], outcomes: readonly string[]): Reason[] {
  const sums = new Map<string, Reason>();
  for (const { outcome, code, count } of counts) {
    if (!outcomes.includes(outcome)) continue;
    const key = JSON.stringify([outcome, code]);
    sums.set(key, { outcome, code, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}
export interface Reason {
  readonly outcome: string;
  readonly code: string;
  readonly count: number;
}

/**
 * What TikTok did not take: one row per class and code, with when it was seen. Calls that were refused because of people who
 * were then parked were sent again in halves, so only those people count.
 */
export function failuresOf(counts: readonly DeliveryCount[]): Failure[] {
  const sums = new Map<string, Failure>();
  const parked = new Set(counts.filter(({ outcome }) => outcome === 'parked').map(({ code }) => code));
  for (const { outcome, code, count, time } of counts) {
    if (ofPeople.includes(outcome) && outcome !== 'parked') continue;
    if (outcome === 'refused' && parked.has(code)) continue;
    const key = JSON.stringify([outcome, code]);
    const known = sums.get(key);
    // Counts come by time.
    sums.set(key, { outcome, code, people: count + (known?.people ?? 0), first: known?.first ?? time, last: time });
  }
  return [...sums.values()].sort((a, b) => b.last.localeCompare(a.last));
}
export interface Failure {
  readonly outcome: string;
  readonly code: string;
  readonly people: number;
  readonly first: string;
  readonly last: string;
}

/** web.md 5.4: what a filter or a skip is to a person; Segment's and our own codes stand in the details. */
const reasonWords: Record<string, string> = { 'audience key differs': 'Another audience’s event' };
export function reasonInWords(code: string): string {
  const words = reasonWords[code] ?? (code === '' ? 'no reason given' : code);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const owedOverTime = (history: Delivery['history']): { time: string; values: [number, number] }[] =>
  history.map(({ time, owed, leaving }) => ({ time, values: [owed, leaving] }));

/** In which points of a chart TikTok asked for fewer calls: from each point until the next one. */
export function heldIn(counts: readonly DeliveryCount[], points: readonly { readonly time: string }[]): boolean[] {
  const throttled = counts.filter(({ outcome }) => outcome === 'throttled').map(({ time }) => Date.parse(time));
  return points.map(({ time }, at) => {
    const [from, to] = [Date.parse(time), Date.parse(points[at + 1]?.time ?? '') || Number.POSITIVE_INFINITY];
    return throttled.some((one) => from <= one && one < to);
  });
}

export interface OfMapping {
  readonly mappingId: string;
  readonly mapped: number;
  readonly added: number;
  readonly removed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What each mapping did, the busiest first. */
export function byMapping(counts: readonly DeliveryCount[]): OfMapping[] {
  const ids = new Set(counts.flatMap(({ mappingId }) => (mappingId === null ? [] : [mappingId])));
  const rows = [...ids].map((mappingId) => {
    const own = counts.filter((one) => one.mappingId === mappingId);
    return {
      mappingId,
      mapped: totalOf(own, 'mapped'),
      added: totalOf(own, 'added'),
      removed: totalOf(own, 'removed'),
      failed: totalOf(own, 'parked'),
      skipped: totalOf(own, 'skipped'),
    };
  });
  return rows.sort((a, b) => b.added + b.removed - a.added - a.removed);
}

/** Bars of an interval each, also where nothing happened: added, removed, failed. */
export function addedAndRemoved(
  counts: readonly DeliveryCount[],
  { bucketMs, ms, now }: { bucketMs: number; ms: number; now: number },
): { time: string; values: [number, number, number] }[] {
  const last = Math.floor(now / bucketMs);
  const points = Array.from({ length: Math.round(ms / bucketMs) }, (_, at, size = Math.round(ms / bucketMs)) => ({
    time: new Date((last - size + 1 + at) * bucketMs).toISOString(),
    values: [0, 0, 0] as [number, number, number],
  }));
  const byTime = new Map(points.map((point) => [Date.parse(point.time), point.values]));
  for (const { time, outcome, count } of counts) {
    const values = byTime.get(Math.floor(Date.parse(time) / bucketMs) * bucketMs);
    if (!values) continue;
    if (outcome === 'added') values[0] += count;
    else if (outcome === 'removed') values[1] += count;
    else if (outcome === 'parked') values[2] += count;
  }
  return points;
}
