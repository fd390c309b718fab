/** An audience that was deleted at TikTok, and the target that takes the place of its target (replace-target.ts). */
import sql from 'sql-template-tag';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

/** A target in the place of another one: with its name, and perhaps with an audience already. */
export const insertReplacement = (
  tx: Tx,
  row: {
    spaceId: SpaceId;
    destinationId: DestinationId;
    advertiserId: string;
    named: string | null;
    tiktokId: string | null;
    at: Date;
  },
) =>
  tx.query<{ target_id: TargetId }>(sql`
    insert into targets (space_id, destination_id, advertiser_id, named, tiktok_id, state, created_at, updated_at)
    values (${row.spaceId}, ${row.destinationId}, ${row.advertiserId}, ${row.named}, ${row.tiktokId}, 'unresolved', ${row.at}, ${row.at})
    returning target_id`);

/** The target that goes by this name in a destination. */
export const selectNamed = (q: Queryable, of: { destinationId: DestinationId; advertiserId: string; named: string }) =>
  q.query<{ target_id: TargetId }>(sql`
    select target_id from targets where destination_id = ${of.destinationId} and advertiser_id = ${of.advertiserId}
      and named = ${of.named} and state <> 'gone'`);

/**
 * The end of an audience: its blocked target, and whatever stands for other names of it, are gone. Gives them, the
 * target itself first; none where it is blocked no more.
 */
export const setAudienceGone = (tx: Tx, target: { targetId: TargetId; at: Date }) =>
  tx.query<{ target_id: TargetId; named: string | null }>(sql`
    with ended as (
      update targets t set state = 'gone', problem = null, choices = null, create_once = false, updated_at = ${target.at}
      from targets old
      where old.target_id = ${target.targetId} and old.state = 'blocked' and t.state <> 'gone' and (t.target_id = old.target_id
        or (t.state = 'blocked' and t.destination_id = old.destination_id and t.advertiser_id = old.advertiser_id
          and t.tiktok_id = old.tiktok_id))
      returning t.target_id, t.named
    ) select target_id, named from ended order by target_id <> ${target.targetId}, target_id`);

/** Also of those that were replaced by one of these before: one step leads from any old name to what stands now. */
export const setReplacedBy = (tx: Tx, olds: readonly TargetId[], by: TargetId) =>
  tx.query(sql`
    update targets set replaced_by = ${by}
    where target_id = any(${olds}::bigint[]) or replaced_by = any(${olds}::bigint[])`);

/** Somebody asked for the audience to be made: the next look creates it where it finds none. */
export const setCreateOnce = (tx: Tx, targetIds: readonly TargetId[], at: Date) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set create_once = true, problem = null, reason = null, choices = null, updated_at = ${at},
      state = case when state = 'blocked' then 'unresolved' else state end
    where target_id = any(${targetIds}::bigint[]) and state in ('unresolved', 'blocked') and tiktok_id is null
    returning target_id`);

/** Audiences that targets of this destination fed until they were deleted; TikTok's list may still show them for a while. */
export const selectDeleted = (q: Queryable, of: { destinationId: DestinationId; advertiserId: string }) =>
  q.query<{ tiktok_id: string }>(sql`
    select tiktok_id from targets where destination_id = ${of.destinationId} and advertiser_id = ${of.advertiserId}
      and tiktok_id is not null and ((state = 'gone' and replaced_by is not null) or (state = 'blocked' and problem = 'gone'))`);
