import sql from 'sql-template-tag';
import type { SpaceId, UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Role } from './principal.ts';

export type UserRow = {
  user_id: UserId;
  email: string;
  name: string;
  password_hash: string;
  totp_secret: Buffer | null;
  totp_since: Date | null;
  totp_last_step: number;
  preferences: Record<string, unknown>;
  created_at: Date;
  seen_at: Date | null;
};

const userColumns = sql`user_id, email, name, password_hash, totp_secret, totp_since, totp_last_step, preferences, created_at, seen_at`;

export const insertUser = (tx: Tx, row: { email: string; name: string; passwordHash: string; at: Date }) =>
  tx.query<UserRow>(sql`
    insert into users (email, name, password_hash, created_at)
    values (${row.email}, ${row.name}, ${row.passwordHash}, ${row.at})
    on conflict (lower(email)) where removed_at is null do nothing
    returning ${userColumns}`);

export const selectUser = (q: Queryable, id: UserId) =>
  q.query<UserRow>(sql`select ${userColumns} from users where user_id = ${id} and removed_at is null`);

/** Held until commit: two changes of one user's roles do not cross. */
export const lockUser = (tx: Tx, id: UserId) =>
  tx.query<UserRow>(
    sql`select ${userColumns} from users where user_id = ${id} and removed_at is null for no key update`,
  );

export const selectUserByEmail = (q: Queryable, email: string) =>
  q.query<UserRow>(sql`select ${userColumns} from users where lower(email) = lower(${email}) and removed_at is null`);

export const countUsers = (q: Queryable) =>
  q.query<{ count: number }>(sql`select count(*) as count from users where removed_at is null`);

/** Users with a role in one of these spaces, or in all; `spaceIds` null: everybody. */
export const selectUsers = (
  q: Queryable,
  spaceIds: readonly SpaceId[] | null,
  page: { after: number; limit: number },
) =>
  q.query<UserRow>(sql`
    select ${userColumns} from users u where ${concerned(spaceIds)} and user_id > ${page.after}
    order by user_id limit ${page.limit}`);

export const countConcerned = (q: Queryable, spaceIds: readonly SpaceId[] | null) =>
  q.query<{ count: number }>(sql`select count(*) as count from users u where ${concerned(spaceIds)}`);

const concerned = (spaceIds: readonly SpaceId[] | null) => sql`
  removed_at is null and (${spaceIds}::bigint[] is null or exists (
    select from user_roles r
    where r.user_id = u.user_id and (r.space_id is null or r.space_id = any(${spaceIds}::bigint[]))))`;

export type UserRoleRow = { user_id: UserId; space_id: SpaceId | null; role: Role };

export const selectUserRoles = (q: Queryable, ids: readonly UserId[]) =>
  q.query<UserRoleRow>(sql`
    select user_id, space_id, role from user_roles where user_id = any(${ids}::bigint[])
    order by user_id, space_id nulls first`);

export const deleteUserRoles = (tx: Tx, id: UserId) => tx.query(sql`delete from user_roles where user_id = ${id}`);

/** Sorted by space as the table's key is. */
export const insertUserRoles = (tx: Tx, id: UserId, grants: readonly { spaceId: SpaceId | null; role: Role }[]) =>
  tx.query(sql`
    insert into user_roles (user_id, space_id, role)
    select ${id}, space_id, role
    from unnest(${grants.map(({ spaceId }) => spaceId)}::bigint[], ${grants.map(({ role }) => role)}::text[])
      as given (space_id, role)
    order by space_id
    on conflict (user_id, space_id) do update set role = excluded.role`);

/** Whoever owns the whole installation; locked, so that two of them cannot leave at once. */
export const lockOwners = (tx: Tx) =>
  tx.query<{ user_id: UserId }>(sql`
    select user_id from user_roles where space_id is null and role = 'owner' order by user_id for update`);

/** The people who own a space, by name, for those who may only look. */
export const selectOwners = (q: Queryable, spaceIds: readonly SpaceId[]) =>
  q.query<{ space_id: SpaceId; name: string }>(sql`
    select s.space_id, u.name
    from spaces s
    join user_roles r on r.role = 'owner' and (r.space_id is null or r.space_id = s.space_id)
    join users u on u.user_id = r.user_id and u.removed_at is null
    where s.space_id = any(${spaceIds}::bigint[])
    group by s.space_id, u.user_id, u.name order by s.space_id, u.user_id`);

export const updateProfile = (
  tx: Tx,
  row: { id: UserId; name: string | null; preferences: Record<string, unknown> | null },
) =>
  tx.query<UserRow>(sql`
    update users set name = coalesce(${row.name}::text, name),
      preferences = preferences || coalesce(${row.preferences === null ? null : JSON.stringify(row.preferences)}::jsonb, '{}')
    where user_id = ${row.id} returning ${userColumns}`);

export const updatePassword = (tx: Tx, id: UserId, passwordHash: string) =>
  tx.query(sql`update users set password_hash = ${passwordHash} where user_id = ${id}`);

export const touchUser = (q: Queryable, id: UserId, at: Date) =>
  q.query(sql`update users set seen_at = ${at} where user_id = ${id}`);

export const markRemoved = (tx: Tx, id: UserId, at: Date) =>
  tx.query(sql`update users set removed_at = ${at} where user_id = ${id}`);

/** `since` null: begun, not yet confirmed with a first code. */
export const updateTotp = (tx: Tx, id: UserId, totp: { secret: Buffer | null; since: Date | null }) =>
  tx.query(sql`update users set totp_secret = ${totp.secret}, totp_since = ${totp.since} where user_id = ${id}`);

/** T8: a code works once; gives the row only if this time step is later than the last one used. */
export const takeTotpStep = (q: Queryable, id: UserId, step: number) =>
  q.query<{ user_id: UserId }>(sql`
    update users set totp_last_step = ${step} where user_id = ${id} and totp_last_step < ${step} returning user_id`);

export const replaceRecoveryCodes = (tx: Tx, id: UserId, hashes: readonly Buffer[]) =>
  tx.query(sql`
    with gone as (delete from recovery_codes where user_id = ${id})
    insert into recovery_codes (user_id, code_hash)
    select ${id}, code_hash from unnest(${hashes}::bytea[]) as made (code_hash) order by code_hash`);

export const takeRecoveryCode = (q: Queryable, id: UserId, hash: Buffer, at: Date) =>
  q.query<{ user_id: UserId }>(sql`
    update recovery_codes set used_at = ${at}
    where user_id = ${id} and code_hash = ${hash} and used_at is null returning user_id`);
