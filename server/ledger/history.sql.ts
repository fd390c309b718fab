import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { AudienceCounts } from './counting.sql.ts';

/** A destination with its connected audiences. `held`: nothing can be sent now. */
export interface FedDestination extends Record<string, unknown> {
  readonly space_id: SpaceId;
  readonly destination_id: DestinationId;
  readonly held: boolean;
  readonly audience_ids: AudienceId[];
}

/** Those of which nothing is written down at this time yet. */
export const selectFedWithout = (q: Queryable, at: Date) =>
  q.query<FedDestination>(sql`
    select d.space_id, d.destination_id, (not d.enabled or d.paused_at is not null or d.access_token is null) as held,
      array_agg(c.audience_id order by c.audience_id) as audience_ids
    from audience_connections c join destinations d on d.destination_id = c.destination_id and d.deleted_at is null
    where c.deleted_at is null and not exists (
      select 1 from ledger_history h where h.space_id = c.space_id and h.destination_id = c.destination_id
        and h.audience_id = c.audience_id and h.at = ${at})
    group by 1, 2, 3 order by 1, 2`);

export const insertHistory = (
  tx: Tx,
  { space_id: spaceId, destination_id: destinationId, held }: FedDestination,
  { at, counted }: { at: Date; counted: readonly AudienceCounts[] },
) =>
  tx.query(sql`
    insert into ledger_history (space_id, destination_id, audience_id, at, on_tiktok, owed, leaving, held)
    select ${spaceId}, ${destinationId}, k.audience_id, ${at}, k.on_tiktok, k.owed, k.leaving, ${held}
    from unnest(${counted.map((c) => c.audienceId)}::bigint[], ${counted.map((c) => c.onTikTok)}::bigint[],
      ${counted.map((c) => c.owed)}::bigint[], ${counted.map((c) => c.leaving)}::bigint[])
      as k (audience_id, on_tiktok, owed, leaving)
    on conflict do nothing`);

/** Of rows older than `fine` only whole hours are kept, of those older than `all` nothing. */
export const deleteHistory = (tx: Tx, before: { fine: Date; all: Date }) =>
  tx.query(sql`
    delete from ledger_history
    where at < ${before.fine} and (at < ${before.all} or extract(minute from at) <> 0)`);

interface Range {
  readonly from: Date;
  readonly to: Date;
}

/** Of all audiences together. */
export const selectOfDestination = (q: Queryable, destinationId: DestinationId, { from, to }: Range) =>
  q.query<{ at: Date; on_tiktok: number; owed: number; leaving: number; held: boolean }>(sql`
    select at, sum(on_tiktok)::bigint as on_tiktok, sum(owed)::bigint as owed, sum(leaving)::bigint as leaving,
      bool_or(held) as held
    from ledger_history
    where destination_id = ${destinationId}
      and space_id = (select space_id from destinations where destination_id = ${destinationId})
      and at >= ${from} and at < ${to}
    group by at order by at`);

/** Of one audience, by destination. */
export const selectOfAudience = (
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId },
  { from, to }: Range,
) =>
  q.query<{ at: Date; destination_id: DestinationId; on_tiktok: number }>(sql`
    select at, destination_id, on_tiktok from ledger_history
    where space_id = ${place.spaceId} and audience_id = ${place.audienceId} and at >= ${from} and at < ${to}
    order by destination_id, at`);
