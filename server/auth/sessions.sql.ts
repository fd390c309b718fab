import sql from 'sql-template-tag';
import type { SessionId, UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';

export type SessionRow = {
  session_id: SessionId;
  user_id: UserId;
  via: 'password' | 'link';
  created_at: Date;
  seen_at: Date;
  confirmed_at: Date;
  expires_at: Date;
  address: string;
  user_agent: string;
};

const sessionColumns = sql`session_id, user_id, via, created_at, seen_at, confirmed_at, expires_at, address, user_agent`;

export const insertSession = (
  tx: Tx,
  row: {
    userId: UserId;
    hash: Buffer;
    via: string;
    at: Date;
    expiresAt: Date;
    address: string;
    userAgent: string;
  },
) =>
  tx.query<SessionRow>(sql`
    insert into sessions
      (user_id, token_hash, via, created_at, seen_at, confirmed_at, expires_at, address, user_agent)
    values (${row.userId}, ${row.hash}, ${row.via}, ${row.at}, ${row.at}, ${row.at}, ${row.expiresAt},
            ${row.address}, ${row.userAgent})
    returning ${sessionColumns}`);

/** What is over is not there: ended, too old, or unused for too long. */
const alive = (now: Date, idleSince: Date) => sql`ended_at is null and expires_at > ${now} and seen_at > ${idleSince}`;

export const selectSession = (q: Queryable, hash: Buffer, now: Date, idleSince: Date) =>
  q.query<SessionRow>(sql`
    select ${sessionColumns} from sessions where token_hash = ${hash} and ${alive(now, idleSince)}`);

export const selectSessions = (q: Queryable, userId: UserId, now: Date, idleSince: Date) =>
  q.query<SessionRow>(sql`
    select ${sessionColumns} from sessions where user_id = ${userId} and ${alive(now, idleSince)}
    order by seen_at desc, session_id desc`);

export const touchSession = (q: Queryable, id: SessionId, at: Date) =>
  q.query(sql`update sessions set seen_at = ${at} where session_id = ${id}`);

/** T6: the password was typed again, and the cookie changes with it. */
export const renewSession = (tx: Tx, row: { id: SessionId; hash: Buffer; at: Date }) =>
  tx.query<SessionRow>(sql`
    update sessions set token_hash = ${row.hash}, confirmed_at = ${row.at}, seen_at = ${row.at}
    where session_id = ${row.id} and ended_at is null returning ${sessionColumns}`);

export const endSession = (tx: Queryable, row: { id: SessionId; userId: UserId; at: Date }) =>
  tx.query<{ session_id: SessionId }>(sql`
    update sessions set ended_at = ${row.at}
    where session_id = ${row.id} and user_id = ${row.userId} and ended_at is null returning session_id`);

/** `except` null: all of them. */
export const endSessions = (tx: Tx, row: { userId: UserId; except: SessionId | null; at: Date }) =>
  tx.query<{ session_id: SessionId }>(sql`
    update sessions set ended_at = ${row.at}
    where user_id = ${row.userId} and ended_at is null and session_id is distinct from ${row.except}::bigint
    returning session_id`);

/** Sessions and counts of tries that mean nothing any more. */
export const deleteOldSessions = (tx: Tx, before: Date) =>
  tx.query(sql`delete from sessions where expires_at < ${before}`);
export const deleteOldTries = (tx: Tx, before: Date) =>
  tx.query(sql`delete from sign_in_tries where ends_at < ${before}`);

/**
 * Counts one more try, from one again once the window is over; the first one beyond `most` begins a whole window of waiting.
 * Gives the tries in the window.
 */
export const countTry = (q: Queryable, row: { bucket: Buffer; most: number; now: Date; endsAt: Date }) =>
  q.query<{ tries: number; ends_at: Date }>(sql`
    insert into sign_in_tries as known (bucket, tries, ends_at) values (${row.bucket}, 1, ${row.endsAt})
    on conflict (bucket) do update set
      tries = case when known.ends_at <= ${row.now} then 1 else known.tries + 1 end,
      ends_at = case when known.ends_at <= ${row.now} or known.tries = ${row.most} then excluded.ends_at else known.ends_at end
    returning tries, ends_at`);

/** A right password ends the count of its account and takes its own try off the address's. */
export const forgetTries = (q: Queryable, bucket: Buffer) =>
  q.query(sql`delete from sign_in_tries where bucket = ${bucket}`);
export const takeBackTry = (q: Queryable, bucket: Buffer) =>
  q.query(sql`update sign_in_tries set tries = greatest(tries - 1, 0) where bucket = ${bucket}`);
