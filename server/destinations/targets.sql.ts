import sql from 'sql-template-tag';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export type TargetState = 'unresolved' | 'ready' | 'blocked' | 'leaving' | 'gone';

/** What kind of reason blocks a target: what mends it depends on it. */
export type TargetProblem =
  /** Its name is empty or longer than TikTok's. */
  | 'name'
  /** Several audiences have its name: one has to be chosen. */
  | 'several'
  /** There is none, and the destination creates none. */
  | 'none'
  /** It cannot be fed through the API. */
  | 'not-feedable'
  | 'fed-elsewhere'
  /** Another name of an audience that a target of the same destination feeds. */
  | 'same'
  /** It was there and is there no more: deleted at TikTok. */
  | 'gone'
  | 'forbidden'
  /** TikTok was connected anew, without this ad account. */
  | 'advertiser'
  | 'refused';

export type TargetRow = {
  space_id: SpaceId;
  target_id: TargetId;
  destination_id: DestinationId;
  advertiser_id: string;
  named: string | null;
  tiktok_id: string | null;
  state: TargetState;
  reason: string | null;
  problem: TargetProblem | null;
  choices: unknown;
  replaced_by: TargetId | null;
  create_once: boolean;
  leaving_since: Date | null;
  made_by_us_at: Date | null;
  seen: unknown;
  looked_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

const targetColumns = sql`t.space_id, t.target_id, t.destination_id, t.advertiser_id, t.named, t.tiktok_id, t.state, t.reason,
  t.problem, t.choices, t.replaced_by, t.create_once, t.leaving_since, t.made_by_us_at, t.seen, t.looked_at, t.created_at, t.updated_at`;

/**
 * Another name for a target: blocked, and its audience is fed by a target of the same destination. Both names appear in
 * mappings, so the row stays, and whoever asks for it is given the target that feeds the audience (rule 12).
 */
const fedBySibling = sql`t.state = 'blocked' and t.tiktok_id is not null and exists (
  select 1 from targets f where f.advertiser_id = t.advertiser_id and f.tiktok_id = t.tiktok_id
    and f.destination_id = t.destination_id and f.state not in ('gone', 'blocked'))`;

/**
 * For each wanted (advertiser, name or id) the target that stands for it, or no row. `by_id` is null where a name is
 * wanted. An id may also belong to a target that was asked for by name. A gone target stands for nothing, unless another
 * one took its people: mappings may go on naming the old audience.
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
      select coalesce(f.target_id, n.target_id) as target_id, coalesce(f.state, n.state) as state
      from targets t
      join targets n on n.target_id = case when t.state = 'gone' then t.replaced_by else t.target_id end and n.state <> 'gone'
      left join targets f on n.state = 'blocked' and f.advertiser_id = n.advertiser_id and f.tiktok_id = n.tiktok_id
        and f.destination_id = n.destination_id and f.state not in ('gone', 'blocked')
      where t.destination_id = ${destinationId} and t.advertiser_id = w.advertiser_id
        and case when w.tiktok_id is null then t.named = w.named else t.tiktok_id = w.tiktok_id end
      order by t.state = 'gone', f.target_id is null, t.state = 'blocked', t.target_id
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
    problem: TargetProblem | null;
    reason: string | null;
    at: Date;
  },
) =>
  tx.query<{ target_id: TargetId }>(sql`
    insert into targets (space_id, destination_id, advertiser_id, tiktok_id, state, problem, reason, created_at, updated_at)
    values (${row.spaceId}, ${row.destinationId}, ${row.advertiserId}, ${row.tiktokId}, ${row.state}, ${row.problem},
            ${row.reason}, ${row.at}, ${row.at})
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

/** Those without an audience, and blocked ones whose last look is older than `before`: whoever mends it at TikTok need not come back. */
export const selectDueTargets = (q: Queryable, destinationId: DestinationId, before: Date) =>
  q.query<TargetRow>(sql`
    select ${targetColumns} from targets t
    where t.destination_id = ${destinationId}
      and (t.state = 'unresolved' or (t.state = 'leaving' and t.tiktok_id is null) or (t.state = 'blocked' and t.updated_at < ${before} and not (${fedBySibling})))
    order by t.target_id`);

/** A leaving target keeps leaving, but learns which audience it has to leave. Found is looked at. */
export const setReady = (tx: Tx, row: { targetId: TargetId; tiktokId: string; madeByUsAt: Date | null; at: Date }) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = case when leaving_since is null then 'ready' else 'leaving' end, tiktok_id = ${row.tiktokId},
      problem = null, reason = null, choices = null, create_once = false, looked_at = ${row.at},
      made_by_us_at = coalesce(made_by_us_at, ${row.madeByUsAt}::timestamptz), updated_at = ${row.at}
    where target_id = ${row.targetId} and state <> 'gone' and (tiktok_id is null or tiktok_id = ${row.tiktokId})
    returning target_id`);

export const setBlocked = (
  tx: Tx,
  row: {
    targetId: TargetId;
    problem: TargetProblem;
    reason: string;
    choices: unknown;
    tiktokId: string | null;
    at: Date;
  },
) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = 'blocked', problem = ${row.problem}, reason = ${row.reason}, create_once = false, choices = ${row.choices === undefined ? null : JSON.stringify(row.choices)}::jsonb,
      tiktok_id = coalesce(tiktok_id, ${row.tiktokId}::text), updated_at = ${row.at}
    where target_id = ${row.targetId} and state <> 'gone'
    returning target_id`);

/** A target that has no audience and needs none now is blocked by nothing. */
export const setUnneeded = (tx: Tx, row: { targetId: TargetId; reason: string; at: Date }) =>
  tx.query(sql`
    update targets set state = case when leaving_since is null then 'unresolved' else 'leaving' end, problem = null, choices = null,
      reason = ${row.reason}, updated_at = ${row.at}
    where target_id = ${row.targetId} and state in ('unresolved', 'blocked', 'leaving') and tiktok_id is null`);

export const setTiktokId = (tx: Tx, row: { targetId: TargetId; tiktokId: string; at: Date }) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set tiktok_id = ${row.tiktokId}, state = 'unresolved', problem = null, reason = null, choices = null,
      updated_at = ${row.at}
    where target_id = ${row.targetId} and state = 'blocked' and tiktok_id is null
    returning target_id`);

/** A blocked one stays blocked: the cause is in the way of leaving as well. */
export const setLeaving = (tx: Tx, targetIds: readonly TargetId[], at: Date) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set state = case when state = 'blocked' then state else 'leaving' end, leaving_since = ${at}, updated_at = ${at}
    where target_id = any(${targetIds}::bigint[]) and state <> 'gone' and leaving_since is null
    returning target_id`);

/** A leaving target that is named again feeds on. */
export const reviveTargets = (tx: Tx, targetIds: readonly TargetId[], at: Date) =>
  tx.query(sql`
    update targets set leaving_since = null, updated_at = ${at},
      state = case when state = 'blocked' then state when tiktok_id is null then 'unresolved' else 'ready' end
    where target_id = any(${targetIds}::bigint[]) and state <> 'gone' and leaving_since is not null`);

export const setGone = (tx: Tx, targetId: TargetId, at: Date) =>
  tx.query<TargetRow>(sql`
    update targets t set state = 'gone', problem = null, reason = null, choices = null, updated_at = ${at}
    where t.target_id = ${targetId} and t.state <> 'gone'
    returning ${targetColumns}`);

/** Those that wait for this audience to be let go: by its id, or by a name that led to one that was fed. */
export const setWaitingSeen = (tx: Tx, of: { advertiserId: string; tiktokId: string | null }, lookedAt: Date) =>
  tx.query(sql`
    update targets set updated_at = least(updated_at, ${lookedAt}::timestamptz)
    where advertiser_id = ${of.advertiserId} and state = 'blocked'
      and ((problem = 'fed-elsewhere' and (tiktok_id is null or tiktok_id = ${of.tiktokId}))
        or (problem = 'same' and tiktok_id = ${of.tiktokId}))`);

/**
 * Blocked targets count as last looked at then. Those with a choice to make stay. They stay blocked until the look: another
 * target may feed the same audience by now, and only that look decides alone who does (rule 12, `lockAudience`).
 */
export const setBlockedSeen = (tx: Tx, destinationId: DestinationId, lookedAt: Date) =>
  tx.query(sql`
    update targets set updated_at = least(updated_at, ${lookedAt}::timestamptz)
    where destination_id = ${destinationId} and state = 'blocked' and choices is null`);

/** One blocked target, whatever blocks it, is due at once. */
export const setOneSeen = (tx: Tx, targetId: TargetId, lookedAt: Date) =>
  tx.query(sql`
    update targets set updated_at = least(updated_at, ${lookedAt}::timestamptz)
    where target_id = ${targetId} and state = 'blocked'`);

export const setSeen = (tx: Tx, row: { targetId: TargetId; seen: unknown; at: Date }) =>
  tx.query(sql`
    update targets set seen = ${JSON.stringify(row.seen)}::jsonb, looked_at = ${row.at} where target_id = ${row.targetId}`);

/** Targets of which TikTok's own view is older than `before`. */
export const selectUnseen = (q: Queryable, destinationId: DestinationId, before: Date) =>
  q.query<TargetRow>(sql`
    select ${targetColumns} from targets t
    where t.destination_id = ${destinationId} and t.state in ('ready', 'leaving') and t.tiktok_id is not null and t.looked_at < ${before}
    order by t.advertiser_id, t.target_id`);

/** TikTok's own view of it counts as never read. */
export const setUnseen = (tx: Tx, targetId: TargetId) =>
  tx.query(sql`
    update targets set looked_at = 'epoch' where target_id = ${targetId} and state in ('ready', 'leaving')`);

/** Takes the turn to look: no row where somebody had it after `before`. */
export const takeTurn = (tx: Tx, row: { targetId: TargetId; before: Date; at: Date }) =>
  tx.query<{ target_id: TargetId }>(sql`
    update targets set asked_at = ${row.at}
    where target_id = ${row.targetId} and (asked_at is null or asked_at <= ${row.before})
    returning target_id`);

/** Ad accounts of which there are targets, or that block targets because the connection lacks them. */
export const selectTargetsByAdvertiser = (q: Queryable, destinationId: DestinationId) =>
  q.query<{ target_id: TargetId; advertiser_id: string; problem: TargetProblem | null }>(sql`
    select target_id, advertiser_id, problem from targets
    where destination_id = ${destinationId} and state <> 'gone' order by advertiser_id, target_id`);

/** The destination that feeds an audience, for those of the same space: spaces are walls (I11). */
export const selectFeederName = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId) =>
  q.query<{ name: string }>(sql`
    select name from destinations where destination_id = ${destinationId} and space_id = ${spaceId}`);
