import { createHash } from 'node:crypto';
import type { DestinationId, SpaceId } from '../../contract/ids.ts';
import type { Db, Queryable, Tx } from '../db/port.ts';
import { type Clock, days, minutes } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import type { Secret, Vault } from '../kernel/secret.ts';
import type { TikTok } from '../tiktok/tiktok.ts';
import {
  clearConnection,
  clearPaused,
  deleteOldStates,
  insertState,
  type StateRow,
  selectSealedToken,
  selectStateUsed,
  setStateUsed,
  updateConnection,
  updatePaused,
} from './connection.sql.ts';
import { lookAgain } from './target-looks.ts';
import { blockLackingAdvertisers } from './targets.ts';

/** T1: TikTok's flow knows no PKCE, so the state carries all the weight: 256 random bits, once, for ten minutes. */
const stateBytes = 32;
const stateLife = minutes(10);

/** Where a token is sealed for; a sealed value moved to another row does not open (T2). */
const tokenPlace = (id: DestinationId): string => `destinations|${id}|access_token`;

export interface OAuthDeps {
  db: Db;
  clock: Clock;
  random: Random;
  vault: Vault;
  tiktok: TikTok;
  /** TikTok as this destination asks it: each call leaves its row. */
  tiktokOf: (place: { spaceId: SpaceId; destinationId: DestinationId }) => Pick<TikTok, 'exchange'>;
  /** `USHER_PUBLIC_URL` + `/oauth/tiktok/callback`, registered at TikTok. */
  redirectUri: string;
}

/** A permission of TikTok that was not granted (tiktok-api.md 2.5). */
export interface MissingScope {
  id: number;
  name: string;
  why: string;
}

export interface Connected {
  destinationId: DestinationId;
  spaceId: SpaceId;
  owner: string;
  /** A path of this server, or '' where none was asked for. */
  returnTo: string;
  missingScopes: MissingScope[];
  advertiserIds: string[];
  /** Ad accounts that this destination feeds and the new connection lacks: their targets are blocked, what they owe is kept. */
  lackingAdvertiserIds: string[];
}

export type AuthorizationProblem =
  /** No state, or none that we gave: nothing is known about who asks. */
  | { kind: 'unknown state' }
  | { kind: 'used state' }
  | { kind: 'expired state'; returnTo: string }
  /** Somebody else is signed in than the one who asked. */
  | { kind: 'other person' }
  /** TikTok sent no code: the user declined. */
  | { kind: 'declined'; returnTo: string }
  /** TikTok did not give a token for the code; its message. */
  | { kind: 'not exchanged'; returnTo: string; message: string; code: number | null }
  /** The destination was deleted meanwhile. */
  | { kind: 'no destination'; returnTo: string };

/**
 * The address at TikTok where the user consents. `owner` ('token:12', 'user:3') is remembered with space and destination;
 * `returnTo` must be a path of this server (no open redirect).
 */
export async function beginAuthorization(
  tx: Tx,
  deps: Pick<OAuthDeps, 'clock' | 'random' | 'tiktok' | 'redirectUri'>,
  ask: { spaceId: SpaceId; destinationId: DestinationId; owner: string; returnTo: string | undefined },
): Promise<Result<string, 'not configured' | 'bad return address'>> {
  if (!deps.tiktok.configured) return err('not configured');
  if (ask.returnTo !== undefined && !isOwnPath(ask.returnTo)) return err('bad return address');
  const state = deps.random.bytes(stateBytes).toString('base64url');
  const now = deps.clock.now();
  await deleteOldStates(tx, new Date(now - days(1)));
  await insertState(tx, {
    ...ask,
    returnTo: ask.returnTo ?? '',
    hash: hashOf(state),
    expiresAt: new Date(now + stateLife),
  });
  return ok(deps.tiktok.authorizeUrl(state, deps.redirectUri));
}

/**
 * The browser came back from TikTok. The state is used up by any presentation, whatever comes out. `owner` is the
 * signed-in user where there is one and must be who asked; with API tokens only, the state itself is the proof.
 * `record` runs in the transaction that stores the token (audit).
 */
export async function finishAuthorization(
  deps: OAuthDeps,
  answer: { state: string | undefined; authCode: string | undefined; owner: string | undefined },
  record: (tx: Tx, connected: Connected) => Promise<void>,
): Promise<Result<Connected, AuthorizationProblem>> {
  const taken = await deps.db.transaction((tx) => takeState(tx, deps.clock, answer.state));
  if (!taken.ok) return taken;
  const { space_id: spaceId, destination_id: destinationId, owner, return_to: returnTo, expires_at } = taken.value;
  // T1: a person comes back in a browser that they are signed in with; for a token the state itself is the proof.
  const mustMatch = owner.startsWith('user:') || answer.owner !== undefined;
  if (mustMatch && answer.owner !== owner) return err({ kind: 'other person' });
  if (expires_at.getTime() <= deps.clock.now()) return err({ kind: 'expired state', returnTo });
  if (!answer.authCode) return err({ kind: 'declined', returnTo });
  const exchanged = await deps.tiktokOf({ spaceId, destinationId }).exchange(answer.authCode);
  const { data } = exchanged;
  if (exchanged.outcome.kind !== 'ok' || data === undefined) {
    return err({ kind: 'not exchanged', returnTo, message: exchanged.message, code: exchanged.code });
  }
  const missing = missingScopes(data.scopes);
  const connected = {
    destinationId,
    spaceId,
    owner,
    returnTo,
    missingScopes: missing,
    advertiserIds: data.advertiserIds,
  };
  return deps.db.transaction(async (tx) => {
    const rows = await updateConnection(tx, {
      destinationId,
      spaceId,
      sealed: deps.vault.seal(tokenPlace(destinationId), data.token),
      advertiserIds: data.advertiserIds,
      scopes: data.scopes,
      at: new Date(deps.clock.now()),
      pausedReason: pauseFor(missing),
    });
    if (rows.length === 0) return err({ kind: 'no destination', returnTo });
    // What the former account was not allowed may be allowed now (I8: resumes by itself), and the other way round.
    await lookAgain(tx, deps.clock, destinationId);
    const lackingAdvertiserIds = await blockLackingAdvertisers(tx, deps.clock, destinationId, data.advertiserIds);
    await record(tx, { ...connected, lackingAdvertiserIds });
    return ok({ ...connected, lackingAdvertiserIds });
  });
}

/**
 * Forgets the token here in any case, after telling TikTok. `atTikTok` false: TikTok did not confirm (its message is
 * given), and the user should remove the app in TikTok's own settings.
 */
export async function revokeAuthorization(
  deps: Pick<OAuthDeps, 'db' | 'clock' | 'vault' | 'tiktok'>,
  destinationId: DestinationId,
  record: (tx: Tx) => Promise<void>,
): Promise<Result<{ atTikTok: boolean; message: string }, 'not connected'>> {
  const token = await accessToken(deps, destinationId);
  if (token === undefined) return err('not connected');
  const answer = await deps.tiktok.revoke({ token });
  await deps.db.transaction(async (tx) => {
    await clearConnection(tx, destinationId, new Date(deps.clock.now()));
    await record(tx);
  });
  // A token that TikTok calls invalid is as dead as a revoked one.
  const atTikTok = answer.outcome.kind === 'ok' || answer.outcome.kind === 'unauthorized';
  return ok({ atTikTok, message: answer.message });
}

/** The token to call TikTok with; undefined where TikTok is not connected. */
export async function accessToken(
  deps: { db: Queryable; vault: Vault },
  destinationId: DestinationId,
): Promise<Secret | undefined> {
  const sealed = (await selectSealedToken(deps.db, destinationId))[0]?.access_token;
  if (!sealed) return undefined;
  const opened = deps.vault.open(tokenPlace(destinationId), sealed);
  return must(opened.ok ? opened.value : undefined, `the access token of destination ${destinationId} does not open`);
}

/** A deleted destination owes nothing any more. */
export async function forgetToken(tx: Tx, clock: Clock, destinationId: DestinationId): Promise<void> {
  await clearConnection(tx, destinationId, new Date(clock.now()));
}

/**
 * I8: stops calls, keeps everything owed. Only while the destination still has the connection it was loaded with:
 * TikTok's answer to a token that was replaced meanwhile stops nothing. Gives whether it paused.
 */
export async function pause(
  tx: Tx,
  clock: Clock,
  destination: { id: DestinationId; connectedAt: Date | null },
  why: { reason: string; code: number | null },
): Promise<boolean> {
  const rows = await updatePaused(tx, {
    destinationId: destination.id,
    connectedAt: destination.connectedAt,
    ...why,
    at: new Date(clock.now()),
  });
  return rows.length > 0;
}

/** The cause was mended at TikTok: calls go on, and what was blocked is looked at again. Gives whether it was paused. */
export async function resume(tx: Tx, clock: Clock, destinationId: DestinationId): Promise<boolean> {
  const cleared = await clearPaused(tx, destinationId, new Date(clock.now()));
  await lookAgain(tx, clock, destinationId);
  return cleared.length > 0;
}

/** What we need and was not granted: 3 (or 30 and 31), and one of 1, 10, 100 (tiktok-api.md 2.5). */
export function missingScopes(granted: readonly number[]): MissingScope[] {
  const has = (...ids: number[]): boolean => ids.some((id) => granted.includes(id));
  return [
    ...(has(3, 30) ? [] : [{ id: 30, name: 'Read Custom Audiences', why: 'to find the audiences of an ad account' }]),
    ...(has(3, 31)
      ? []
      : [{ id: 31, name: 'Create and Update Custom Audiences', why: 'to add people to audiences and to remove them' }]),
    ...(has(1, 10, 100)
      ? []
      : [{ id: 100, name: 'Read Ad Account Information', why: 'to show the names of ad accounts' }]),
  ];
}

/** Names of ad accounts are a comfort; without the audience permissions no call can succeed. */
function pauseFor(missing: readonly MissingScope[]): string | null {
  const needed = missing.filter((scope) => scope.id !== 100);
  if (needed.length === 0) return null;
  return `TikTok did not grant ${needed.map((scope) => `"${scope.name}"`).join(' and ')}: connect again and allow it`;
}

async function takeState(
  tx: Tx,
  clock: Clock,
  state: string | undefined,
): Promise<Result<StateRow, AuthorizationProblem>> {
  if (!state) return err({ kind: 'unknown state' });
  const hash = hashOf(state);
  const [row] = await setStateUsed(tx, hash, new Date(clock.now()));
  if (row) return ok(row);
  const [known] = await selectStateUsed(tx, hash);
  return err({ kind: known ? 'used state' : 'unknown state' });
}

const hashOf = (state: string): Buffer => createHash('sha256').update(state).digest();

/** Resolved as a browser does, because browsers drop tabs and line feeds and read `\` as `/`. */
function isOwnPath(path: string): boolean {
  const base = 'http://usher.invalid';
  return path.startsWith('/') && URL.canParse(path, base) && new URL(path, base).origin === base;
}
