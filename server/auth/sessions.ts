import type { SessionId, UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Clock, days, hours, minutes } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import { audit } from './audit.ts';
import {
  checkPassword,
  type From,
  forgiveTries,
  type SignInDeps,
  type SignInProblem,
  takeTryBack,
} from './check-password.ts';
import { checkNewPassword, hashOf } from './passwords.ts';
import type { Principal, Session } from './principal.ts';
import {
  deleteOldSessions,
  deleteOldTries,
  endSession,
  endSessions,
  insertSession,
  renewSession,
  type SessionRow,
  selectSession,
  selectSessions,
  touchSession,
} from './sessions.sql.ts';
import { takesSecondStep } from './two-step.ts';
import { selectUser, selectUserByEmail, selectUserRoles, touchUser, updatePassword } from './users.sql.ts';

/** T6: a cookie that is not used for a week, or is a month old, signs nobody in any more. */
export const sessionLife = days(30);
const idleLife = days(7);
/** T8: sensitive actions ask for the password again when it was typed longer ago than this (web.md 7). */
const confirmationLife = minutes(15);
const touchEvery = minutes(1);
const cookieBytes = 32;

/** A session as its owner sees it. */
export interface SignIn {
  id: SessionId;
  userId: UserId;
  createdAt: Date;
  lastSeenAt: Date;
  confirmedAt: Date;
  expiresAt: Date;
  address: string;
  userAgent: string;
}

/** A session that has just begun, or whose cookie has just changed. */
export interface Begun {
  session: SignIn;
  /** The cookie's value, known to the browser only. */
  cookie: Secret;
}

/** E-mail and password, and a code where the account asks for one. Unknown accounts are answered like wrong passwords, as slowly. */
export async function signIn(
  deps: SignInDeps,
  given: { email: string; password: Secret; code?: string | undefined },
  from: From,
): Promise<Result<Begun, SignInProblem>> {
  const [user] = await selectUserByEmail(deps.db, given.email);
  const checked = await checkPassword(deps, { email: given.email, user, password: given.password }, from);
  if (!checked.ok) return checked;
  if (checked.value.totp_since !== null) {
    if (given.code === undefined || given.code.trim() === '') {
      await takeTryBack(deps, given.email, from);
      return err({ kind: 'code needed' });
    }
    if (!(await takesSecondStep(deps.db, deps, checked.value, given.code))) return err({ kind: 'wrong' });
  }
  await forgiveTries(deps, given.email, from);
  return ok(
    await deps.db.transaction((tx) => beginSession(tx, deps, { userId: checked.value.user_id, via: 'password' }, from)),
  );
}

/** A new session with its line in the audit log. */
export async function beginSession(
  tx: Tx,
  deps: Pick<SignInDeps, 'clock' | 'random'>,
  who: { userId: UserId; via: 'password' | 'link' },
  from: From,
): Promise<Begun> {
  const now = deps.clock.now();
  const cookie = newCookie(deps.random);
  const row = { ...who, ...shortened(from), hash: hashOf(cookie.reveal()), at: new Date(now) };
  const [made] = await insertSession(tx, { ...row, expiresAt: new Date(now + sessionLife) });
  await touchUser(tx, who.userId, new Date(now));
  await deleteOldSessions(tx, new Date(now - sessionLife));
  await deleteOldTries(tx, new Date(now - hours(1)));
  const details = { via: who.via };
  const actor = `user:${who.userId}`;
  await audit(tx, deps.clock, {
    spaceId: null,
    actor,
    action: 'session.begin',
    subject: `usr_${who.userId}`,
    details,
    address: from.address,
  });
  return { session: rowToSignIn(must(made, '256 random bits do not repeat')), cookie };
}

/** Who stands behind a cookie; read anew each time, so that whatever is taken away is gone with the next request. */
export async function findSession(
  deps: { db: Queryable; clock: Clock },
  cookie: string,
): Promise<Principal | undefined> {
  const now = deps.clock.now();
  const [row] = await selectSession(deps.db, hashOf(cookie), new Date(now), new Date(now - idleLife));
  if (!row) return undefined;
  const [user] = await selectUser(deps.db, row.user_id);
  if (!user) return undefined;
  if (row.seen_at.getTime() <= now - touchEvery) {
    await touchSession(deps.db, row.session_id, new Date(now));
    await touchUser(deps.db, row.user_id, new Date(now));
  }
  const given = await selectUserRoles(deps.db, [row.user_id]);
  return {
    actor: `user:${row.user_id}`,
    grants: given.map(({ space_id, role }) => ({ spaceId: space_id, role })),
    session: {
      id: row.session_id,
      userId: row.user_id,
      confirmed: now - row.confirmed_at.getTime() < confirmationLife,
    },
  };
}

/** The password once more (T8); the cookie changes with it (T6). */
export async function confirmPassword(
  deps: SignInDeps,
  session: Session,
  password: Secret,
  from: From,
): Promise<Result<Begun, SignInProblem>> {
  const [user] = await selectUser(deps.db, session.userId);
  const known = must(user, 'a session belongs to somebody');
  const checked = await checkPassword(deps, { email: known.email, user, password }, from);
  if (!checked.ok) return checked;
  await forgiveTries(deps, known.email, from);
  const begun = await deps.db.transaction(async (tx) => {
    const renewed = await renew(tx, deps, session.id);
    await auditSelf(tx, deps.clock, { userId: session.userId, action: 'session.confirm', address: from.address });
    return renewed;
  });
  return begun === undefined ? err({ kind: 'wrong' }) : ok(begun);
}

export type PasswordProblem = SignInProblem | { kind: 'refused'; reason: string };

/**
 * A new password ends every other session and changes this one's cookie (T6). Whoever came by a sign-in link within the
 * last minutes need not know the old one: that is what such a link is for.
 */
export async function changePassword(
  deps: SignInDeps,
  session: Session,
  given: { current: Secret | undefined; next: Secret },
  from: From,
): Promise<Result<Begun, PasswordProblem>> {
  const [user] = await selectUser(deps.db, session.userId);
  const known = must(user, 'a session belongs to somebody');
  const good = checkNewPassword(given.next, known.email);
  if (!good.ok) return err({ kind: 'refused', reason: good.error });
  if (given.current !== undefined) {
    const checked = await checkPassword(deps, { email: known.email, user, password: given.current }, from);
    if (!checked.ok) return checked;
    await forgiveTries(deps, known.email, from);
  } else if (!(await cameByLink(deps, session))) return err({ kind: 'wrong' });
  const passwordHash = await deps.passwords.hash(given.next);
  const begun = await deps.db.transaction(async (tx) => {
    await updatePassword(tx, session.userId, passwordHash);
    await endSessions(tx, { userId: session.userId, except: session.id, at: new Date(deps.clock.now()) });
    await auditSelf(tx, deps.clock, { userId: session.userId, action: 'user.password', address: from.address });
    return renew(tx, deps, session.id);
  });
  return begun === undefined ? err({ kind: 'wrong' }) : ok(begun);
}

/** The person's own sessions, the last used first. */
export async function listSessions(q: Queryable, clock: Clock, userId: UserId): Promise<SignIn[]> {
  const now = clock.now();
  return (await selectSessions(q, userId, new Date(now), new Date(now - idleLife))).map(rowToSignIn);
}

export const getSession = async (q: Queryable, clock: Clock, session: Session): Promise<SignIn | undefined> =>
  (await listSessions(q, clock, session.userId)).find(({ id }) => id === session.id);

/** Gives whether there was one. */
export async function signOut(tx: Tx, clock: Clock, session: { id: SessionId; userId: UserId }): Promise<boolean> {
  return (await endSession(tx, { ...session, at: new Date(clock.now()) })).length > 0;
}

/** Everywhere but here; gives how many ended. */
export async function signOutElsewhere(tx: Tx, clock: Clock, session: Session): Promise<number> {
  return (await endSessions(tx, { userId: session.userId, except: session.id, at: new Date(clock.now()) })).length;
}

async function renew(tx: Tx, deps: Pick<SignInDeps, 'clock' | 'random'>, id: SessionId): Promise<Begun | undefined> {
  const cookie = newCookie(deps.random);
  const [row] = await renewSession(tx, { id, hash: hashOf(cookie.reveal()), at: new Date(deps.clock.now()) });
  return row && { session: rowToSignIn(row), cookie };
}

async function cameByLink(deps: Pick<SignInDeps, 'db' | 'clock'>, session: Session): Promise<boolean> {
  const now = deps.clock.now();
  const rows = await selectSessions(deps.db, session.userId, new Date(now), new Date(now - idleLife));
  return rows.some(
    (row) => row.session_id === session.id && row.via === 'link' && row.created_at.getTime() > now - confirmationLife,
  );
}

/** What a person does to their own account. */
const auditSelf = (tx: Tx, clock: Clock, what: { userId: UserId; action: string; address: string }): Promise<void> =>
  audit(tx, clock, {
    spaceId: null,
    actor: `user:${what.userId}`,
    action: what.action,
    subject: `usr_${what.userId}`,
    address: what.address,
  });

const newCookie = (random: Random): Secret => new Secret(random.bytes(cookieBytes).toString('base64url'));

const shortened = ({ address, userAgent }: From): From => ({
  address: address.slice(0, 100),
  userAgent: userAgent.slice(0, 300),
});

const rowToSignIn = (row: SessionRow): SignIn => ({
  id: row.session_id,
  userId: row.user_id,
  createdAt: row.created_at,
  lastSeenAt: row.seen_at,
  confirmedAt: row.confirmed_at,
  expiresAt: row.expires_at,
  address: row.address,
  userAgent: row.user_agent,
});

export type { From, SignInDeps, SignInProblem };
