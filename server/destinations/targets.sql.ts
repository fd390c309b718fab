import sql from 'sql-template-tag';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export type TargetState = 'unresolved' | 'ready' | 'blocked' | 'leaving' | 'gone';

export type TargetRow = {
  space_id: SpaceId;
  target_id: TargetId;
  destination_id: DestinationId;
  advertiser_id: string;
  named: string | null;
  tiktok_id: string | null;
  state: TargetState;
  reason: string | null;
  choices: unknown;
  made_by_us_at: Date | null;
  seen: unknown;
  created_at: Date;
  updated_at: Date;
};

const targetColumns = sql`t.space_id, t.target_id, t.destination_id, t.advertiser_id, t.named, t.tiktok_id, t.state, t.reason,
  t.choices, t.made_by_us_at, t.seen, t.created_at, t.updated_at`;

/**
 * Another name for a target: blocked, and its audience is fed by a target of the same destination. Both names appear in
 * mappings, so the row stays, and whoever asks for it is given the target that feeds the audience (rule 12).
 */
const fedBySibling = sql`t.state = 'blocked' and t.tiktok_id is not null and exists (
  select 1 from targets f where f.advertiser_id = t.advertiser_id and f.tiktok_id = t.tiktok_id
    and f.destination_id = t.destination_id and f.state not in ('gone', 'blocked'))`;

/**
 * For each wanted (advertiser, name or id) the target that stands for it, or no row. `by_id` is null where a name is
 * wanted. An id may also belong to a target that was asked for by name; an id's gone target is given as well, because
 * TikTok never gives an id twice.
 */
export const selectTargetsFor = (
  q: Queryable,
  destinationId: DestinationId,
  wanted: { advertiserIds: string[]; names: (string | null)[]; ids: (string | null)[] },
) =>
  q.query<{ position: number; target_id: TargetId; state: TargetState }>(sql`
    select w.position, found.target_id, found.state
    from unnest(${wanted.advertiserIds}::text[], ${wanted.names}::text[], ${wanted.ids}::text[])
         with ordinality as w (advertiser_id, named, tiktok_id, position)
    cross join lateral (
      select coalesce(f.target_id, t.target_id) as target_id, coalesce(f.state, t.state) as state
      from targets t
      left join targets f on t.state = 'blocked' and f.advertiser_id = t.advertiser_id and f.tiktok_id = t.tiktok_id
        and f.destination_id = t.destination_id and f.state not in ('gone', 'blocked')
      where t.destination_id = ${destinationId} and t.advertiser_id = w.advertiser_id
        and case when w.tiktok_id is null then t.named = w.named and t.state <> 'gone' else t.tiktok_id = w.tiktok_id end
      order by f.target_id is null, t.state = 'gone', t.state = 'blocked', t.target_id
      limit 1
    ) found
    order by w.position`);

export const insertNamedTargets = (
  tx: Tx,
  owner: { spaceId: SpaceId; destinationId: DestinationId },
  rows: { advertiserIds: string[]; names: string[] },
  at: Date,
) =>
  tx.query(sql`
    insert into targets (space_id, destination_id, advertiser_id, named, state, created_at, updated_at)
    select ${owner.spaceId}, ${owner.destinationId}, r.advertiser_id, r.named, 'unresolved', ${at}, ${at}
    from unnest(${rows.advertiserIds}::text[], ${rows.names}::text[]) as r (advertiser_id, named)
    order by r.advertiser_id, r.named
    on conflict (space_id, destination_id, advertiser_id, named) where named is not null and state <> 'gone' do nothing`);

export const insertTargetById = (
  tx: Tx,
  row: {
    spaceId: SpaceId;
    destinationId: DestinationId;
    advertiserId: string;
    tiktokId: string;
    state: 'unresolved' | 'blocked';
    reason: string | null;
    at: Date;
  },
) =>
  tx.query<{ target_id: TargetId }>(sql`
    insert into targets (space_id, destination_id, advertiser_id, tiktok_id, state, reason, created_at, updated_at)
    values (${row.spaceId}, ${row.destinationId}, ${row.advertiserId}, ${row.tiktokId}, ${row.state}, ${row.reason},
            ${row.at}, ${row.at})
    returning target_id`);

/** Who decides about one real audience does so alone, until the transaction ends (rule 12). */
export const lockAudience = (tx: Tx, advertiserId: string, tiktokId: string) =>
  tx.query(
    sql`select pg_advisory_xact_lock(hashtextextended(${`${advertiserId}/${tiktokId}`}::text, 12)) is null as locked`,
  );

/** The target that feeds this audience, of whatever destination. */
export const selectFeeding = (q: Queryable, advertiserId: string, tiktokId: string) =>
  q.query<{ target_id: TargetId; destination_id: DestinationId; space_id: SpaceId; named: string | null }>(sql`
    select target_id, destination_id, space_id, named from targets
    where advertiser_id = ${advertiserId} and tiktok_id = ${tiktokId} and state not in ('gone', 'blocked')`);

export const selectTarget = (q: Queryable, targetId: TargetId) =>
  q.query<TargetRow>(sql`select ${targetColumns} from targets t where t.target_id = ${targetId}`);

export const selectTargetsOf = (q: Queryable, destinationId: DestinationId) =>
  q.query<TargetRow & { feeds_as: boolean }>(sql`
    select ${targetColumns}, (${fedBySibling}) as feeds_as
    from targets t where t.destination_id = ${destinationId} order by t.target_id`);

/** Unresolved ones, and blocked ones whose last look is older than `before`: whoever mends it at TikTok need not come back. */
export const selectDueTargets = (q: Queryable, destinationId: DestinationId, before: Date) =>
  q.query<TargetRow>(sql`
    select ${targetColumns} from targets t
    where t.destination_id = ${destinationId}
      and (t.state = 'unresolved' or (t.state = 'blocked' and t.updated_at < ${before} and not (${fedBySibling})))
    order by t.target_id`);

/** A leaving target keeps leaving, but learns which audience it has to leave. */
export const setReady = (tx: Tx, row: { targetId: TargetId; tiktokId: string; madeByUsAt: Date | null; at: Date }) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = case when state = 'leaving' then state else 'ready' end, tiktok_id = ${row.tiktokId}, reason = null, choices = null,
      made_by_us_at = coalesce(made_by_us_at, ${row.madeByUsAt}::timestamptz), updated_at = ${row.at}
    where target_id = ${row.targetId} and state <> 'gone' and (tiktok_id is null or tiktok_id = ${row.tiktokId})
    returning target_id`);

export const setBlocked = (
  tx: Tx,
  row: { targetId: TargetId; reason: string; choices: unknown; tiktokId: string | null; at: Date },
) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = 'blocked', reason = ${row.reason}, choices = ${row.choices === undefined ? null : JSON.stringify(row.choices)}::jsonb,
      tiktok_id = coalesce(tiktok_id, ${row.tiktokId}::text), updated_at = ${row.at}
    where target_id = ${row.targetId} and state in ('unresolved', 'ready', 'blocked')
    returning target_id`);

export const setTiktokId = (tx: Tx, row: { targetId: TargetId; tiktokId: string; at: Date }) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set tiktok_id = ${row.tiktokId}, state = 'unresolved', reason = null, choices = null, updated_at = ${row.at}
    where target_id = ${row.targetId} and state = 'blocked' and tiktok_id is null
    returning target_id`);

export const setLeaving = (tx: Tx, targetIds: TargetId[], at: Date) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = 'leaving', updated_at = ${at}
    where target_id = any(${targetIds}::bigint[]) and state in ('unresolved', 'ready', 'blocked')
    returning target_id`);

/** A leaving target that a mapping names again feeds on. */
export const reviveTargets = (tx: Tx, targetIds: TargetId[], at: Date) =>
  tx.query(sql`
    update targets set state = case when tiktok_id is null then 'unresolved' else 'ready' end, updated_at = ${at}
    where target_id = any(${targetIds}::bigint[]) and state = 'leaving'`);

export const setGone = (tx: Tx, targetId: TargetId, at: Date) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = 'gone', updated_at = ${at} where target_id = ${targetId} and state <> 'gone'
    returning target_id`);

/**
 * Blocked targets count as last looked at then. Those with a choice to make stay. They stay blocked until the look: another
 * target may feed the same audience by now, and only that look decides alone who does (rule 12, `lockAudience`).
 */
export const setBlockedSeen = (tx: Tx, destinationId: DestinationId, lookedAt: Date) =>
  tx.query(sql`
    update targets set updated_at = least(updated_at, ${lookedAt}::timestamptz)
    where destination_id = ${destinationId} and state = 'blocked' and choices is null`);

export const setSeen = (tx: Tx, targetId: TargetId, seen: unknown) =>
  tx.query(sql`update targets set seen = ${JSON.stringify(seen)}::jsonb where target_id = ${targetId}`);
