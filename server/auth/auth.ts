/**
 * Who may do what: spaces, people and API tokens with their roles, the audit log. Whoever asks is a `Principal`
 * (principal.ts): an API token (below) or a person who has signed in (sessions.ts).
 */
import type { SpaceId, TokenId } from '../../contract/ids.ts';
import type { Db, Queryable, Tx } from '../db/port.ts';
import { type Clock, minutes, seconds } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import { audit, listAudit, verifyAudit } from './audit.ts';
import {
  countSpaces,
  countTokens,
  ensureSetting,
  insertSpace,
  insertToken,
  revokeTokenRow,
  type SpaceRow,
  selectSpace,
  selectSpaces,
  selectToken,
  selectTokenByHash,
  selectTokens,
  type TokenRow,
  touchToken,
  updateSpaceRow,
} from './auth.sql.ts';
import {
  acceptInvitation,
  createInvitation,
  createSetupLink,
  createSignInLink,
  getInvitation,
  joinByInvitation,
  listInvitations,
  readInvitation,
  revokeInvitation,
  setUp,
  signInByLink,
} from './links.ts';
import { createPasswords, hashOf } from './passwords.ts';
import { allows, type Principal, type Role, roleIn, roles, sees, spacesOf } from './principal.ts';
import {
  changePassword,
  confirmPassword,
  findSession,
  getSession,
  listSessions,
  sessionLife,
  signIn,
  signOut,
  signOutElsewhere,
} from './sessions.ts';
import { beginTwoStep, confirmTwoStep, endTwoStep } from './two-step.ts';
import {
  changeProfile,
  ensureFirstUser,
  getUser,
  hasUsers,
  listUsers,
  ownersOf,
  removeUser,
  setRoles,
} from './users.ts';

export type { AuditEntry, AuditFilter, ChainCheck, NewAuditEntry } from './audit.ts';
export type { AccountProblem, Invitation, LinkProblem } from './links.ts';
export type { Passwords } from './passwords.ts';
export type { Grant, Principal, Role, Session } from './principal.ts';
export type { Begun, From, PasswordProblem, SignIn, SignInDeps, SignInProblem } from './sessions.ts';
export type { User, UserProblem } from './users.ts';
export {
  acceptInvitation,
  allows,
  audit,
  beginTwoStep,
  changePassword,
  changeProfile,
  confirmPassword,
  confirmTwoStep,
  createInvitation,
  createPasswords,
  createSetupLink,
  createSignInLink,
  endTwoStep,
  ensureFirstUser,
  findSession,
  getInvitation,
  getSession,
  getUser,
  hasUsers,
  joinByInvitation,
  listAudit,
  listInvitations,
  listSessions,
  listUsers,
  ownersOf,
  readInvitation,
  removeUser,
  revokeInvitation,
  roleIn,
  roles,
  sees,
  sessionLife,
  setRoles,
  setUp,
  signIn,
  signInByLink,
  signOut,
  signOutElsewhere,
  spacesOf,
  verifyAudit,
};

export interface Space {
  id: SpaceId;
  slug: string;
  name: string;
  createdAt: Date;
}

export interface ApiToken {
  id: TokenId;
  spaceId: SpaceId | null;
  name: string;
  role: Role;
  createdAt: Date;
  lastUsedAt: Date | null;
  /** Null: until it is revoked. */
  expiresAt: Date | null;
}

/** What comes after the id, at most `limit`. */
export interface Page {
  after: number;
  limit: number;
}

/** Undefined: the slug is taken. */
export async function createSpace(
  tx: Tx,
  clock: Clock,
  input: { slug: string; name: string },
): Promise<Space | undefined> {
  const [row] = await insertSpace(tx, { ...input, at: new Date(clock.now()) });
  return row && rowToSpace(row);
}

export async function getSpace(q: Queryable, id: SpaceId): Promise<Space | undefined> {
  const [row] = await selectSpace(q, id);
  return row && rowToSpace(row);
}

/** The spaces this principal may see. */
export async function listSpaces(
  q: Queryable,
  principal: Pick<Principal, 'grants'>,
  page: Page,
): Promise<{ items: Space[]; total: number }> {
  const seen = spacesOf(principal);
  const rows = await selectSpaces(q, seen, page);
  const [count] = await countSpaces(q, seen);
  return { items: rows.map(rowToSpace), total: count?.count ?? 0 };
}

/** The slug stays: addresses and event sources name it. */
export async function updateSpace(tx: Tx, id: SpaceId, change: { name: string }): Promise<Space | undefined> {
  const [row] = await updateSpaceRow(tx, { id, ...change });
  return row && rowToSpace(row);
}

const tokenPrefix = 'ush_';
/** 256 random bits need no slow hash: sha256 is enough at rest. */
const tokenBytes = 32;

/** A new token; its text is given this once and kept only as a hash. `spaceId` null: every space; without `expiresAt` it lasts. */
export async function createToken(
  tx: Tx,
  deps: { clock: Clock; random: Random },
  input: { spaceId: SpaceId | null; name: string; role: Role; expiresAt?: Date },
): Promise<{ token: ApiToken; text: Secret }> {
  const text = new Secret(tokenPrefix + deps.random.bytes(tokenBytes).toString('base64url'));
  const at = new Date(deps.clock.now());
  const [row] = await insertToken(tx, { expiresAt: null, ...input, hash: hashOf(text.reveal()), at });
  return { token: rowToToken(must(row, '256 random bits do not repeat')), text };
}

/** `USHER_API_TOKEN`: an owner of every space. Gives whether it is new; a revoked one stays revoked. */
export async function ensureToken(tx: Tx, clock: Clock, text: Secret): Promise<boolean> {
  const row = {
    spaceId: null,
    name: 'USHER_API_TOKEN',
    role: 'owner',
    hash: hashOf(text.reveal()),
    at: new Date(clock.now()),
    expiresAt: null,
  };
  return (await insertToken(tx, row)).length > 0;
}

/** The tokens of the spaces that this principal owns. */
export async function listTokens(
  q: Queryable,
  principal: Principal,
  page: Page,
): Promise<{ items: ApiToken[]; total: number }> {
  const owned = spacesOf(principal, 'owner');
  const rows = await selectTokens(q, owned, page);
  const [count] = await countTokens(q, owned);
  return { items: rows.map(rowToToken), total: count?.count ?? 0 };
}

export async function getToken(q: Queryable, id: TokenId): Promise<ApiToken | undefined> {
  const [row] = await selectToken(q, id);
  return row && rowToToken(row);
}

/** Other nodes refuse it within `cacheLife`. Gives whether there was one. */
export async function revokeToken(tx: Tx, clock: Clock, id: TokenId): Promise<boolean> {
  return (await revokeTokenRow(tx, id, new Date(clock.now()))).length > 0;
}

/** T9: what was revoked is refused within five seconds on every node. */
const cacheLife = seconds(5);
const cacheMost = 1_000;
const touchEvery = minutes(1);

export type Authenticate = (authorization: string | undefined) => Promise<Principal | undefined>;

/** Reads `Authorization: Bearer ush_…`; known tokens are remembered for five seconds, unknown ones not at all. */
export function createAuthenticate(deps: { db: Db; clock: Clock }): Authenticate {
  const known = new Map<string, { principal: Principal; until: number }>();
  return async (authorization) => {
    const text = /^Bearer ([!-~]{1,200})$/i.exec(authorization ?? '')?.[1];
    if (text === undefined) return undefined;
    const hash = hashOf(text);
    const key = hash.toString('base64');
    const hit = known.get(key);
    if (hit && hit.until > deps.clock.elapsed()) return hit.principal;
    known.delete(key);
    const now = deps.clock.now();
    const [row] = await selectTokenByHash(deps.db, hash, new Date(now));
    if (!row) return undefined;
    await touchToken(deps.db, row.token_id, new Date(now), new Date(now - touchEvery));
    const grants = [{ spaceId: row.space_id, role: row.role }];
    const principal: Principal = { actor: `token:${row.token_id}`, grants };
    if (known.size >= cacheMost) known.clear();
    known.set(key, { principal, until: deps.clock.elapsed() + cacheLife });
    return principal;
  };
}

/**
 * The database remembers which USHER_SECRET_KEY it was made with. Another key would find no sealed token readable, so
 * the server refuses to start (T20).
 */
export async function checkSecretKey(tx: Tx, keyId: string): Promise<Result<void, 'made with another key'>> {
  const [row] = await ensureSetting(tx, 'key_id', keyId);
  return row?.value === keyId ? ok(undefined) : err('made with another key');
}

const rowToSpace = (row: SpaceRow): Space => ({
  id: row.space_id,
  slug: row.slug,
  name: row.name,
  createdAt: row.created_at,
});

const rowToToken = (row: TokenRow): ApiToken => ({
  id: row.token_id,
  spaceId: row.space_id,
  name: row.name,
  role: row.role,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
});
