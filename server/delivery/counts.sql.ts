import sql from 'sql-template-tag';
import type { DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

/** One thing counted, for the charts. `code` is TikTok's code or our reason. */
export interface DeliveryCount {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  /** 0: no mapping. */
  readonly mappingId: number;
  readonly outcome: string;
  readonly code: string;
  readonly count: number;
}

/** Sums per minute; each key once, in the order of the primary key. */
export async function addCounts(tx: Tx, counts: readonly DeliveryCount[], now: Date): Promise<void> {
  const sums = new Map<string, { readonly of: DeliveryCount; count: number }>();
  for (const one of counts) {
    // The code comes last: it may hold anything, and no outcome holds a space.
    const key = `${one.destinationId} ${one.mappingId} ${one.outcome} ${one.code}`;
    const sum = sums.get(key);
    if (sum) sum.count += one.count;
    else sums.set(key, { of: one, count: one.count });
  }
  if (sums.size === 0) return;
  const rows = [...sums.values()].map(({ of, count }) => ({ ...of, count }));
  await tx.query(sql`
    insert into delivery_counts as d (space_id, destination_id, minute, mapping_id, outcome, code, count)
    select k.space_id, k.destination_id, date_trunc('minute', ${now}::timestamptz), k.mapping_id, k.outcome, k.code, k.count
    from unnest(${rows.map((r) => r.spaceId)}::bigint[], ${rows.map((r) => r.destinationId)}::bigint[],
      ${rows.map((r) => r.mappingId)}::bigint[], ${rows.map((r) => r.outcome)}::text[], ${rows.map((r) => r.code.slice(0, 200))}::text[],
      ${rows.map((r) => r.count)}::bigint[]) as k (space_id, destination_id, mapping_id, outcome, code, count)
    order by 1, 2, 4, 5, 6
    on conflict (space_id, destination_id, minute, mapping_id, outcome, code) do update set count = d.count + excluded.count`);
}

export interface CountRow extends Row {
  minute: Date;
  mapping_id: number;
  outcome: string;
  code: string;
  count: number;
}

/** From `from` until `to`, by buckets of so many seconds. */
export const selectCounts = (
  q: Queryable,
  destinationId: DestinationId,
  range: { from: Date; to: Date; bucketSeconds: number },
) =>
  q.query<CountRow>(sql`
    select to_timestamp(floor(extract(epoch from minute) / ${range.bucketSeconds}::int) * ${range.bucketSeconds}::int) as minute,
      mapping_id, outcome, code, sum(count)::bigint as count
    from delivery_counts
    where destination_id = ${destinationId} and minute >= ${range.from} and minute < ${range.to}
    group by 1, 2, 3, 4 order by 1, 3, 4, 2`);

/** Charts reach back as far as the oldest row that is kept. */
export async function sweepCounts(tx: Tx, before: Date): Promise<void> {
  await tx.query(sql`delete from delivery_counts where minute < ${before}`);
}
