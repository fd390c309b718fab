import sql from 'sql-template-tag';
import type { SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export type AuditRow = {
  entry_id: number;
  space_id: SpaceId | null;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  address: string;
  hash: Buffer | null;
  actor_name: string | null;
};

export interface NewAuditRow {
  spaceId: SpaceId | null;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  details: unknown;
  address: string;
}

/** The chain's newest hash; writers of one chain wait for each other here until they commit. */
export const lockAuditHead = (tx: Tx, chain: number) =>
  tx.query<{ hash: Buffer }>(sql`
    insert into audit_heads (chain, hash, rows) values (${chain}, '', 0)
    on conflict (chain) do update set hash = audit_heads.hash returning hash`);

export const insertAudit = (tx: Tx, row: NewAuditRow, link: { chain: number; hash: Buffer }) =>
  tx.query(sql`
    with head as (update audit_heads set hash = ${link.hash}, rows = rows + 1 where chain = ${link.chain})
    insert into audit_log (space_id, at, actor, action, subject, details, address, hash)
    values (${row.spaceId}, ${row.at}, ${row.actor}, ${row.action}, ${row.subject},
            ${JSON.stringify(row.details)}::jsonb, ${row.address}, ${link.hash})`);

/** What a list is narrowed to; absent: not narrowed. */
export interface AuditFilter {
  /** The spaces whose lines are asked for; null: all, and what belongs to none. */
  spaceIds: readonly SpaceId[] | null;
  actor?: string | undefined;
  /** The beginning of an action, 'destination'. */
  action?: string | undefined;
  subject?: string | undefined;
}

const matching = ({ spaceIds, actor, action, subject }: AuditFilter) => sql`
  (${spaceIds}::bigint[] is null or l.space_id = any(${spaceIds}::bigint[]))
  and (${actor ?? null}::text is null or l.actor = ${actor ?? null})
  and (${action ?? null}::text is null or starts_with(l.action, ${action ?? null}))
  and (${subject ?? null}::text is null or l.subject = ${subject ?? null})`;

/** Newest first, before the entry of the last page. */
export const selectAudit = (q: Queryable, filter: AuditFilter, page: { before: number; limit: number }) =>
  q.query<AuditRow>(sql`
    select l.entry_id, l.space_id, l.at, l.actor, l.action, l.subject, l.details, l.address, l.hash,
           coalesce(u.name, t.name) as actor_name
    from audit_log l
    left join users u on l.actor = 'user:' || u.user_id
    left join api_tokens t on l.actor = 'token:' || t.token_id
    where ${matching(filter)} and l.entry_id < ${page.before}
    order by l.entry_id desc limit ${page.limit}`);

export const countAudit = (q: Queryable, filter: AuditFilter) =>
  q.query<{ count: number }>(sql`select count(*) as count from audit_log l where ${matching(filter)}`);

/** A chain's rows from the oldest on; `chain` 0: those of no space. Rows without a hash are older than the chain. */
export const selectChain = (q: Queryable, chain: number, page: { after: number; limit: number }) =>
  q.query<AuditRow>(sql`
    select entry_id, space_id, at, actor, action, subject, details, address, hash, null::text as actor_name
    from audit_log
    where space_id is not distinct from nullif(${chain}::bigint, 0) and entry_id > ${page.after}
    order by entry_id limit ${page.limit}`);

export const selectAuditHead = (q: Queryable, chain: number) =>
  q.query<{ hash: Buffer; rows: number }>(sql`select hash, rows from audit_heads where chain = ${chain}`);
