import sql from 'sql-template-tag';
import type { SourceId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

/** Gives back those that were not there; waits for a transaction that is just writing the same one (I4). */
export const insertNewMessages = (
  tx: Tx,
  messages: { spaceIds: readonly SpaceId[]; hashes: readonly Buffer[]; at: Date },
) =>
  tx.query<{ space_id: SpaceId; message_hash: Buffer }>(sql`
    insert into events (space_id, message_hash, received_at)
    select m.space_id, m.message_hash, ${messages.at}::timestamptz
    from unnest(${messages.spaceIds}::bigint[], ${messages.hashes}::bytea[]) as m (space_id, message_hash)
    order by m.space_id, m.message_hash
    on conflict do nothing
    returning space_id, message_hash`);

export interface CountColumns {
  readonly spaceIds: readonly number[];
  readonly sourceIds: readonly number[];
  readonly outcomes: readonly string[];
  readonly reasons: readonly string[];
  readonly counts: readonly number[];
}

export const addCounts = (tx: Tx, columns: CountColumns, minute: Date) =>
  tx.query(sql`
    insert into ingest_counts (space_id, source_id, minute, outcome, reason, count)
    select c.space_id, c.source_id, ${minute}::timestamptz, c.outcome, c.reason, c.count
    from unnest(${columns.spaceIds}::bigint[], ${columns.sourceIds}::bigint[], ${columns.outcomes}::text[],
      ${columns.reasons}::text[], ${columns.counts}::bigint[]) as c (space_id, source_id, outcome, reason, count)
    order by c.space_id, c.source_id, c.outcome, c.reason
    on conflict (space_id, source_id, minute, outcome, reason) do update set count = ingest_counts.count + excluded.count`);

export interface SampleColumns {
  readonly spaceIds: readonly number[];
  readonly sourceIds: readonly number[];
  readonly reasons: readonly string[];
  readonly slots: readonly number[];
  readonly samples: readonly string[];
}

export const putSamples = (tx: Tx, columns: SampleColumns, at: Date) =>
  tx.query(sql`
    insert into ingest_samples (space_id, source_id, reason, slot, at, sample)
    select s.space_id, s.source_id, s.reason, s.slot, ${at}::timestamptz, s.sample::jsonb
    from unnest(${columns.spaceIds}::bigint[], ${columns.sourceIds}::bigint[], ${columns.reasons}::text[],
      ${columns.slots}::smallint[], ${columns.samples}::text[]) as s (space_id, source_id, reason, slot, sample)
    order by s.space_id, s.source_id, s.reason, s.slot
    on conflict (space_id, source_id, reason, slot) do update set at = excluded.at, sample = excluded.sample`);

/** One bounded piece of the sweep. */
export const deleteOldMessages = (q: Queryable, before: Date, most: number) =>
  q.query<{ deleted: number }>(sql`
    with old as (
      select space_id, message_hash from events where received_at < ${before} limit ${most}
    ), gone as (
      delete from events e using old where e.space_id = old.space_id and e.message_hash = old.message_hash
      returning 1
    ) select count(*) as deleted from gone`);

/** Charts reach back as far as the oldest row that is kept. */
export const deleteOldCounts = (q: Queryable, before: Date, most: number) =>
  q.query<{ deleted: number }>(sql`
    with gone as (
      delete from ingest_counts where (space_id, source_id, minute, outcome, reason) in (
        select space_id, source_id, minute, outcome, reason from ingest_counts where minute < ${before} limit ${most})
      returning 1
    ) select count(*) as deleted from gone`);

export interface IngestCountRow extends Record<string, unknown> {
  space_id: SpaceId;
  source_id: SourceId;
  minute: Date;
  outcome: string;
  reason: string;
  count: number;
}

export const selectCounts = (q: Queryable, spaceId: SpaceId, from: Date) =>
  q.query<IngestCountRow>(sql`
    select space_id, source_id, minute, outcome, reason, count from ingest_counts
    where space_id = ${spaceId} and minute >= ${from} order by minute, source_id, outcome, reason`);

export const selectSamples = (q: Queryable, spaceId: SpaceId, sourceId: SourceId) =>
  q.query<{ reason: string; at: Date; sample: unknown }>(sql`
    select reason, at, sample from ingest_samples
    where space_id = ${spaceId} and source_id = ${sourceId} order by at desc, reason, slot`);
