import sql from 'sql-template-tag';
import type { InvitationId, UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Grant } from './principal.ts';

export type LinkKind = 'setup' | 'sign-in' | 'invitation';

export type LinkRow = {
  link_id: InvitationId;
  kind: LinkKind;
  user_id: UserId | null;
  roles: Grant[];
  note: string;
  made_by: string;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
  revoked_at: Date | null;
};

const linkColumns = sql`link_id, kind, user_id, roles, note, made_by, created_at, expires_at, used_at, revoked_at`;

export const insertLink = (
  tx: Tx,
  row: {
    kind: LinkKind;
    hash: Buffer;
    userId: UserId | null;
    grants: readonly Grant[];
    note: string;
    madeBy: string;
    at: Date;
    expiresAt: Date;
  },
) =>
  tx.query<LinkRow>(sql`
    insert into one_time_links (kind, token_hash, user_id, roles, note, made_by, created_at, expires_at)
    values (${row.kind}, ${row.hash}, ${row.userId}, ${JSON.stringify(row.grants)}::jsonb, ${row.note}, ${row.madeBy},
            ${row.at}, ${row.expiresAt})
    returning ${linkColumns}`);

export const selectLink = (q: Queryable, kind: LinkKind, hash: Buffer) =>
  q.query<LinkRow>(sql`select ${linkColumns} from one_time_links where kind = ${kind} and token_hash = ${hash}`);

/** Two who use one link at once wait here for each other; the second one finds it used. */
export const lockLink = (tx: Tx, kind: LinkKind, hash: Buffer) =>
  tx.query<LinkRow>(sql`
    select ${linkColumns} from one_time_links where kind = ${kind} and token_hash = ${hash} for update`);

export const markLinkUsed = (tx: Tx, id: InvitationId, at: Date) =>
  tx.query(sql`update one_time_links set used_at = ${at} where link_id = ${id}`);

export const selectInvitation = (q: Queryable, id: InvitationId) =>
  q.query<LinkRow>(sql`
    select ${linkColumns} from one_time_links
    where kind = 'invitation' and link_id = ${id} and used_at is null and revoked_at is null`);

/** Those that can still be used. */
export const selectInvitations = (q: Queryable, now: Date) =>
  q.query<LinkRow>(sql`
    select ${linkColumns} from one_time_links
    where kind = 'invitation' and used_at is null and revoked_at is null and expires_at > ${now}
    order by link_id desc limit 1000`);

export const revokeInvitationRow = (tx: Tx, id: InvitationId, at: Date) =>
  tx.query<{ link_id: InvitationId }>(sql`
    update one_time_links set revoked_at = ${at}
    where kind = 'invitation' and link_id = ${id} and used_at is null and revoked_at is null returning link_id`);

/** What was made before the first account is of no use after it. */
export const spendSetupLinks = (tx: Tx, at: Date) =>
  tx.query(sql`update one_time_links set used_at = ${at} where kind = 'setup' and used_at is null`);

/** One first account at a time, on whatever node. Held until commit. */
export const lockSetup = (tx: Tx) =>
  tx.query(sql`select pg_advisory_xact_lock(hashtextextended('usher setup ' || current_schema(), 0))`);
