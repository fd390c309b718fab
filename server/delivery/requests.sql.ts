import sql, { empty } from 'sql-template-tag';
import type { DestinationId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';
import type { Lane, Pointer } from '../ledger/ledger.ts';

/** What people are told, audiences, ad accounts, who is connected, and the token by its beginning and its end. */
export type RequestKind = 'add' | 'delete' | 'create' | 'list' | 'get' | 'accounts' | 'user' | 'token' | 'revoke';

export interface NewRequest {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly fence: number;
  readonly kind: RequestKind;
  readonly advertiserId: string | null;
  readonly rows: number;
  /** What it is about; for pages, and for whether an audience is just being created. */
  readonly targets: readonly TargetId[];
  readonly payload: Buffer | null;
  readonly startedAt: Date;
}

/** Rule 11: the row stands before the call. */
export async function insertRequest(tx: Tx, request: NewRequest): Promise<number> {
  const rows = await tx.query<{ request_no: number }>(sql`
    insert into requests (space_id, destination_id, fence, kind, advertiser_id, rows, targets, payload, started_at)
    values (${request.spaceId}, ${request.destinationId}, ${request.fence}, ${request.kind}, ${request.advertiserId}, ${request.rows},
      ${request.targets}::bigint[], ${request.payload}, ${request.startedAt})
    returning request_no`);
  return rows[0]?.request_no ?? 0;
}

/** What is stored of an answer. */
export interface RequestEnd {
  readonly outcome: string;
  readonly httpStatus: number | null;
  readonly code: number | null;
  readonly message: string;
  readonly requestId: string | null;
  readonly durationMs: number | null;
}

export const finishRequest = (tx: Tx, requestNo: number, end: RequestEnd, at: Date) =>
  tx.query(sql`
    update requests set finished_at = ${at}, outcome = ${end.outcome}, http_status = ${end.httpStatus}, code = ${end.code},
      message = ${end.message.slice(0, 1_000)}, tiktok_request_id = ${end.requestId}, duration_ms = ${end.durationMs}
    where request_no = ${requestNo}`);

export interface OpenRequest extends Row {
  request_no: number;
  space_id: SpaceId;
  kind: RequestKind;
  payload: Buffer | null;
}

/** What predecessors left open: calls that were perhaps made, and of which nobody knows the end. */
export const openRequests = (tx: Tx, destinationId: DestinationId, beforeFence: number) =>
  tx.query<OpenRequest>(sql`
    select request_no, space_id, kind, payload from requests
    where destination_id = ${destinationId} and finished_at is null and fence < ${beforeFence} order by request_no for update`);

/** When the last create for a target without a known answer was begun (resolve-target.ts). */
export async function unansweredCreate(
  q: Queryable,
  destinationId: DestinationId,
  targetId: TargetId,
): Promise<Date | undefined> {
  const rows = await q.query<{ started_at: Date; outcome: string | null }>(sql`
    select started_at, outcome from requests
    where destination_id = ${destinationId} and kind = 'create' and ${targetId} = any(targets)
    order by request_no desc limit 1`);
  const last = rows[0];
  return last && (last.outcome === null || last.outcome === 'unknown') ? last.started_at : undefined;
}

export interface RequestRow extends Row {
  request_no: number;
  kind: RequestKind;
  advertiser_id: string | null;
  rows: number;
  targets: TargetId[];
  payload: Buffer | null;
  started_at: Date;
  finished_at: Date | null;
  outcome: string | null;
  http_status: number | null;
  code: number | null;
  message: string | null;
  tiktok_request_id: string | null;
  duration_ms: number | null;
}

export const answerKinds = ['accepted', 'other', 'none'] as const;

/** Which calls: all, or those with such an answer (`none`: there is none yet), about a target, of TikTok's request id. */
export interface RequestFilter {
  readonly answer?: (typeof answerKinds)[number] | undefined;
  readonly targetId?: TargetId | undefined;
  readonly tiktokRequestId?: string | undefined;
}

const filtered = ({ answer, targetId, tiktokRequestId }: RequestFilter) => sql`
  ${answer === 'accepted' ? sql`and outcome = 'ok'` : answer === 'other' ? sql`and outcome <> 'ok'` : answer === 'none' ? sql`and outcome is null` : empty}
  ${targetId === undefined ? empty : sql`and ${targetId}::bigint = any(targets)`}
  ${tiktokRequestId === undefined ? empty : sql`and tiktok_request_id = ${tiktokRequestId}`}`;

/** Newest first. */
export const selectRequests = (
  q: Queryable,
  destinationId: DestinationId,
  { before, limit }: { before: number; limit: number },
  filter: RequestFilter = {},
) =>
  q.query<RequestRow>(sql`
    select request_no, kind, advertiser_id, rows, payload, started_at, finished_at, outcome, http_status, code, message,
      tiktok_request_id, duration_ms, targets
    from requests where destination_id = ${destinationId} and request_no < ${before} ${filtered(filter)}
    order by request_no desc limit ${limit}`);

export async function countRequests(
  q: Queryable,
  destinationId: DestinationId,
  filter: RequestFilter,
): Promise<number> {
  const rows = await q.query<{ n: number }>(
    sql`select count(*) as n from requests where destination_id = ${destinationId} ${filtered(filter)}`,
  );
  return rows[0]?.n ?? 0;
}

/** Requests told to TikTok before `before` are forgotten. Says how many. */
export async function sweepRequests(tx: Tx, before: Date, limit: number): Promise<number> {
  const rows = await tx.query(sql`
    delete from requests where ctid = any(array(
      select ctid from requests where finished_at < ${before} order by finished_at limit ${limit}))
    returning 1`);
  return rows.length;
}

// Parked rows ------------------------------------------------------------------------------------------------------------

export interface ParkedRow extends Row {
  space_id: SpaceId;
  target_id: TargetId;
  origin_id: number;
  person_id: PersonId;
  variant: Buffer;
  seq: number;
  action: 'add' | 'delete';
  code: number;
  message: string;
  tiktok_request_id: string | null;
  at: Date;
}

export interface NewParked {
  spaceId: SpaceId;
  targetId: TargetId;
  originId: number;
  personId: PersonId;
  variant: Buffer;
  seq: number;
  action: 'add' | 'delete';
  code: number;
  message: string;
  requestId: string | null;
  at: Date;
}

export const upsertParked = (tx: Tx, row: NewParked) =>
  tx.query(sql`
    insert into parked (space_id, target_id, origin_id, person_id, variant, seq, action, code, message, tiktok_request_id, at)
    values (${row.spaceId}, ${row.targetId}, ${row.originId}, ${row.personId}, ${row.variant}, ${row.seq}, ${row.action}, ${row.code},
      ${row.message.slice(0, 500)}, ${row.requestId}, ${row.at})
    on conflict (space_id, target_id, origin_id, person_id, variant) do update set seq = excluded.seq, action = excluded.action,
      code = excluded.code, message = excluded.message, tiktok_request_id = excluded.tiktok_request_id, at = excluded.at`);

/** What was refused under a second name of an audience, or at one that is gone, is past: its rows were moved with new pointers (rule 12). */
export const forgetParkedOfSiblings = (tx: Tx, destinationId: DestinationId) =>
  tx.query(sql`
    delete from parked p using targets t
    where t.target_id = p.target_id and t.destination_id = ${destinationId} and t.state in ('blocked', 'gone') and not exists (
      select 1 from memberships m where m.space_id = p.space_id and m.target_id = p.target_id and m.origin_id = p.origin_id
        and m.person_id = p.person_id and m.variant = p.variant)`);

const current = sql`exists (
  select 1 from memberships m where m.space_id = p.space_id and m.target_id = p.target_id and m.origin_id = p.origin_id
    and m.person_id = p.person_id and m.variant = p.variant and m.seq = p.seq)`;

/**
 * Newer changes of the memberships were settled: what was refused before is past. Of each membership by itself: a person's
 * other identifiers stay refused whatever became of these (I1). By `ctid` and `offset 0`: not all that is parked is read for it.
 * Whether it is past is asked of the row itself: a call beside this one may just be parking it anew.
 */
export async function forgetParked(tx: Tx, pointers: readonly Pointer[]): Promise<void> {
  if (pointers.length === 0) return;
  const column = <V>(pick: (p: Pointer) => V): V[] => pointers.map(pick);
  await tx.query(sql`
    delete from parked p where p.ctid = any(array(
      select found.ctid
      from unnest(${column((p) => p.spaceId)}::bigint[], ${column((p) => p.targetId)}::bigint[], ${column((p) => p.seq)}::bigint[],
        ${column((p) => p.originId)}::bigint[], ${column((p) => p.personId)}::bigint[]) as k (space_id, target_id, seq, origin_id, person_id)
      cross join lateral (
        select o.ctid from parked o
        where o.space_id = k.space_id and o.target_id = k.target_id and o.origin_id = k.origin_id and o.person_id = k.person_id
          and o.seq < k.seq offset 0
      ) found)) and not ${current}`);
}

/** Where a page of parked rows ended: the row itself, of which there is one. */
export interface ParkedPlace {
  readonly at: Date;
  readonly targetId: number;
  readonly originId: number;
  readonly personId: number;
  readonly variant: Buffer;
}

const afterParked = ({ at, targetId, originId, personId, variant }: ParkedPlace) => sql`
  and (p.at, p.target_id, p.origin_id, p.person_id, p.variant) > (${at}::timestamptz, ${targetId}::bigint, ${originId}::bigint, ${personId}::bigint, ${variant}::bytea)`;

/** Parked rows whose membership has not changed since, oldest first. */
export const selectParked = (
  q: Queryable,
  destinationId: DestinationId,
  page: { after: ParkedPlace | undefined; limit: number },
) =>
  q.query<ParkedRow>(sql`
    select p.space_id, p.target_id, p.origin_id, p.person_id, p.variant, p.seq, p.action, p.code, p.message, p.tiktok_request_id, p.at
    from parked p join targets t on t.target_id = p.target_id
    where t.destination_id = ${destinationId} and ${current} ${page.after ? afterParked(page.after) : empty}
    order by p.at, p.target_id, p.origin_id, p.person_id, p.variant limit ${page.limit}`);

export async function countParked(q: Queryable, destinationId: DestinationId): Promise<number> {
  const rows = await q.query<{ n: number }>(sql`
    select count(*) as n from parked p join targets t on t.target_id = p.target_id
    where t.destination_id = ${destinationId} and ${current}`);
  return rows[0]?.n ?? 0;
}

/** All of a destination, less whatever is named. */
export interface WhichParked {
  readonly personId?: PersonId | undefined;
  readonly targetId?: TargetId | undefined;
  readonly code?: number | undefined;
}

/** One click: the rows are owed again. Gives their pointers; the ledger writes them. */
export async function takeParked(tx: Tx, destinationId: DestinationId, which: WhichParked): Promise<Pointer[]> {
  const { personId = null, targetId = null, code = null } = which;
  const rows = await tx.query<ParkedRow>(sql`
    delete from parked p using targets t where t.target_id = p.target_id and t.destination_id = ${destinationId}
      and p.person_id = coalesce(${personId}::bigint, p.person_id) and p.target_id = coalesce(${targetId}::bigint, p.target_id)
      and p.code = coalesce(${code}::integer, p.code)
    returning p.space_id, p.target_id, p.origin_id, p.person_id, p.variant, p.seq, p.action, p.code, p.message, p.tiktok_request_id, p.at`);
  const lane: Lane = 0;
  return rows.map((r) => ({
    spaceId: r.space_id,
    targetId: r.target_id,
    lane,
    seq: r.seq,
    originId: r.origin_id,
    personId: r.person_id,
  }));
}

export const deleteParkedOfPerson = (tx: Tx, spaceId: SpaceId, personId: PersonId) =>
  tx.query(sql`delete from parked where space_id = ${spaceId} and person_id = ${personId}`);
