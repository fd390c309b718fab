import sql from 'sql-template-tag';
import type { AudienceId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

/** Of every audience that ever had members; the first node to come in a quarter of an hour writes it. */
export const insertHistory = (tx: Tx, at: Date) =>
  tx.query(sql`
    insert into audience_history (space_id, audience_id, at, members)
    select space_id, audience_id, ${at}, sum(members)::bigint from audience_sizes
    group by space_id, audience_id order by space_id, audience_id
    on conflict do nothing`);

/** Of rows older than `fine` only whole hours are kept, of those older than `all` nothing. */
export const deleteHistory = (tx: Tx, before: { fine: Date; all: Date }) =>
  tx.query(sql`
    delete from audience_history
    where at < ${before.fine} and (at < ${before.all} or extract(minute from at) <> 0)`);

export const selectHistory = (
  q: Queryable,
  place: { spaceId: SpaceId; audienceId: AudienceId },
  range: { from: Date; to: Date },
) =>
  q.query<{ at: Date; members: number }>(sql`
    select at, members from audience_history
    where space_id = ${place.spaceId} and audience_id = ${place.audienceId} and at >= ${range.from} and at < ${range.to}
    order by at`);
