/**
 * Who may do what: spaces, API tokens with their roles, the audit log. People sign in later; everything here takes a
 * `Principal`, which a signed-in person will be as well.
 */
import { createHash } from 'node:crypto';
import type { SpaceId, TokenId } from '../../contract/ids.ts';
import type { Db, Queryable, Tx } from '../db/port.ts';
import { type Clock, minutes, seconds } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import {
  type AuditRow,
  countAudit,
  countSpaces,
  countTokens,
  ensureSetting,
  insertAudit,
  insertSpace,
  insertToken,
  revokeTokenRow,
  type SpaceRow,
  selectAudit,
  selectSpace,
  selectSpaces,
  selectToken,
  selectTokenByHash,
  selectTokens,
  type TokenRow,
  touchToken,
  updateSpaceRow,
} from './auth.sql.ts';

export interface Space {
  id: SpaceId;
  slug: string;
  name: string;
  createdAt: Date;
}

/** A viewer reads, an editor changes, an owner also has tokens, the connection to TikTok and deletions. */
export const roles = ['viewer', 'editor', 'owner'] as const;
export type Role = (typeof roles)[number];

/** Who asks. `actor` is what the audit log names: 'token:12'. */
export interface Principal {
  actor: string;
  /** Null: every space, and what belongs to none. */
  spaceId: SpaceId | null;
  role: Role;
}

export interface ApiToken {
  id: TokenId;
  spaceId: SpaceId | null;
  name: string;
  role: Role;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface AuditEntry {
  id: number;
  spaceId: SpaceId | null;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
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
  principal: Principal,
  page: Page,
): Promise<{ items: Space[]; total: number }> {
  const rows = await selectSpaces(q, principal.spaceId, page);
  const [count] = await countSpaces(q, principal.spaceId);
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

/** A new token; its text is given this once and kept only as a hash. `spaceId` null: every space. */
export async function createToken(
  tx: Tx,
  deps: { clock: Clock; random: Random },
  input: { spaceId: SpaceId | null; name: string; role: Role },
): Promise<{ token: ApiToken; text: Secret }> {
  const text = new Secret(tokenPrefix + deps.random.bytes(tokenBytes).toString('base64url'));
  const [row] = await insertToken(tx, { ...input, hash: hashOf(text.reveal()), at: new Date(deps.clock.now()) });
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
  };
  return (await insertToken(tx, row)).length > 0;
}

export async function listTokens(
  q: Queryable,
  principal: Principal,
  page: Page,
): Promise<{ items: ApiToken[]; total: number }> {
  const rows = await selectTokens(q, principal.spaceId, page);
  const [count] = await countTokens(q, principal.spaceId);
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
    const [row] = await selectTokenByHash(deps.db, hash);
    if (!row) return undefined;
    const now = deps.clock.now();
    await touchToken(deps.db, row.token_id, new Date(now), new Date(now - touchEvery));
    const principal: Principal = { actor: `token:${row.token_id}`, spaceId: row.space_id, role: row.role };
    if (known.size >= cacheMost) known.clear();
    known.set(key, { principal, until: deps.clock.elapsed() + cacheLife });
    return principal;
  };
}

/** I11: whether this principal may do what needs `role` in this space; `spaceId` null: for the whole installation. */
export function allows(principal: Principal, spaceId: SpaceId | null, role: Role): boolean {
  return sees(principal, spaceId) && roles.indexOf(principal.role) >= roles.indexOf(role);
}

/** Whether this space exists for the principal at all; what it does not see is answered like what there is not. */
export function sees(principal: Principal, spaceId: SpaceId | null): boolean {
  return principal.spaceId === null || principal.spaceId === spaceId;
}

/**
 * Writes what was done, in the transaction that does it (T19). `subject` is the thing's id ('dst_12'); `details` names
 * changed fields, never values of secrets or of people.
 */
export async function audit(
  tx: Tx,
  clock: Clock,
  entry: { spaceId: SpaceId | null; actor: string; action: string; subject: string; details?: Record<string, unknown> },
): Promise<void> {
  await insertAudit(tx, { ...entry, details: entry.details ?? {}, at: new Date(clock.now()) });
}

/** Newest first; `before` is the id of the last entry seen. */
export async function listAudit(
  q: Queryable,
  spaceId: SpaceId,
  page: { before: number; limit: number },
): Promise<{ items: AuditEntry[]; total: number }> {
  const rows = await selectAudit(q, spaceId, page);
  const [count] = await countAudit(q, spaceId);
  return { items: rows.map(rowToAuditEntry), total: count?.count ?? 0 };
}

/**
 * The database remembers which USHER_SECRET_KEY it was made with. Another key would find no sealed token readable, so
 * the server refuses to start (T20).
 */
export async function checkSecretKey(tx: Tx, keyId: string): Promise<Result<void, 'made with another key'>> {
  const [row] = await ensureSetting(tx, 'key_id', keyId);
  return row?.value === keyId ? ok(undefined) : err('made with another key');
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

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
});

const rowToAuditEntry = (row: AuditRow): AuditEntry => ({
  id: row.entry_id,
  spaceId: row.space_id,
  at: row.at,
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  details: row.details,
});
