import type { SpaceId, UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import type { Secret } from '../kernel/secret.ts';

import type { Passwords } from './passwords.ts';
import { type Grant, roleIn } from './principal.ts';
import { endSessions } from './sessions.sql.ts';
import {
  countConcerned,
  countUsers,
  deleteUserRoles,
  insertUser,
  insertUserRoles,
  lockOwners,
  lockUser,
  markRemoved,
  selectOwners,
  selectUser,
  selectUserRoles,
  selectUsers,
  type UserRow,
  updateProfile,
} from './users.sql.ts';

export interface User {
  id: UserId;
  email: string;
  name: string;
  grants: Grant[];
  /** Whether signing in asks for a code as well. */
  twoStep: boolean;
  preferences: Record<string, unknown>;
  createdAt: Date;
  lastSeenAt: Date | null;
}

export async function hasUsers(q: Queryable): Promise<boolean> {
  const [row] = await countUsers(q);
  return (row?.count ?? 0) > 0;
}

/** Undefined: somebody has this e-mail. */
export async function createUser(
  tx: Tx,
  clock: Clock,
  input: { email: string; name: string; passwordHash: string; grants: readonly Grant[] },
): Promise<User | undefined> {
  const [row] = await insertUser(tx, { ...input, at: new Date(clock.now()) });
  if (!row) return undefined;
  await insertUserRoles(tx, row.user_id, input.grants);
  return rowToUser(row, input.grants);
}

/** `USHER_ADMIN_EMAIL` and `…_PASSWORD`: an owner of everything, where there is nobody yet. Gives whether one was made. */
export async function ensureFirstUser(
  deps: { clock: Clock; passwords: Passwords; transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T> },
  admin: { email: string; password: Secret },
): Promise<boolean> {
  if (await deps.transaction(hasUsers)) return false;
  const passwordHash = await deps.passwords.hash(admin.password);
  const input = { email: admin.email, name: nameFrom(admin.email), passwordHash, grants: [ownerOfAll] };
  return deps.transaction(
    async (tx) => !(await hasUsers(tx)) && (await createUser(tx, deps.clock, input)) !== undefined,
  );
}

export const ownerOfAll: Grant = { spaceId: null, role: 'owner' };
/** What a person is called who did not say: the beginning of the e-mail address. */
export const nameFrom = (email: string): string => email.split('@')[0] ?? email;

export async function getUser(q: Queryable, id: UserId): Promise<User | undefined> {
  const [row] = await selectUser(q, id);
  return row && (await withGrants(q, [row]))[0];
}

/** People with a role in these spaces, or in all; `spaceIds` null: everybody. */
export async function listUsers(
  q: Queryable,
  spaceIds: readonly SpaceId[] | null,
  page: { after: number; limit: number },
): Promise<{ items: User[]; total: number }> {
  const rows = await selectUsers(q, spaceIds, page);
  const [count] = await countConcerned(q, spaceIds);
  return { items: await withGrants(q, rows), total: count?.count ?? 0 };
}

/** Who owns these spaces, for those who may only look. */
export async function ownersOf(q: Queryable, spaceIds: readonly SpaceId[]): Promise<Map<SpaceId, string[]>> {
  const owners = new Map<SpaceId, string[]>();
  for (const { space_id, name } of await selectOwners(q, spaceIds))
    owners.set(space_id, [...(owners.get(space_id) ?? []), name]);
  return owners;
}

/** What nobody may do: an installation without an owner cannot be mended from the inside. */
export type UserProblem = 'no such user' | 'last owner';

/** Replaces what a person may do; counts from the person's next request on. */
export async function setRoles(tx: Tx, id: UserId, grants: readonly Grant[]): Promise<Result<User, UserProblem>> {
  const [row] = await lockUser(tx, id);
  if (!row) return err('no such user');
  if (roleIn(grants, null) !== 'owner' && (await isLastOwner(tx, id))) return err('last owner');
  await deleteUserRoles(tx, id);
  await insertUserRoles(tx, id, grants);
  return ok(rowToUser(row, grants));
}

/** The account is gone and its sessions end; what it did stays in the audit log. */
export async function removeUser(tx: Tx, clock: Clock, id: UserId): Promise<Result<void, UserProblem>> {
  const [row] = await lockUser(tx, id);
  if (!row) return err('no such user');
  if (await isLastOwner(tx, id)) return err('last owner');
  const at = new Date(clock.now());
  await deleteUserRoles(tx, id);
  await endSessions(tx, { userId: id, except: null, at });
  await markRemoved(tx, id, at);
  return ok(undefined);
}

/** Preferences are merged key by key; null takes nothing away. */
export async function changeProfile(
  tx: Tx,
  id: UserId,
  change: { name?: string | undefined; preferences?: Record<string, unknown> | undefined },
): Promise<User | undefined> {
  const [row] = await updateProfile(tx, { id, name: change.name ?? null, preferences: change.preferences ?? null });
  return row && (await withGrants(tx, [row]))[0];
}

async function isLastOwner(tx: Tx, id: UserId): Promise<boolean> {
  const owners = await lockOwners(tx);
  return owners.length === 1 && owners[0]?.user_id === id;
}

async function withGrants(q: Queryable, rows: readonly UserRow[]): Promise<User[]> {
  const given = await selectUserRoles(
    q,
    rows.map(({ user_id }) => user_id),
  );
  return rows.map((row) =>
    rowToUser(
      row,
      given.filter(({ user_id }) => user_id === row.user_id).map(({ space_id, role }) => ({ spaceId: space_id, role })),
    ),
  );
}

export const rowToUser = (row: UserRow, grants: readonly Grant[]): User => ({
  id: row.user_id,
  email: row.email,
  name: row.name,
  grants: [...grants],
  twoStep: row.totp_since !== null,
  preferences: row.preferences,
  createdAt: row.created_at,
  lastSeenAt: row.seen_at,
});
