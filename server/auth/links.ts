import type { InvitationId, UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import { type Clock, days, hours } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import { Secret } from '../kernel/secret.ts';
import { audit } from './audit.ts';
import {
  insertLink,
  type LinkKind,
  type LinkRow,
  lockLink,
  lockSetup,
  markLinkUsed,
  revokeInvitationRow,
  selectInvitation,
  selectInvitations,
  selectLink,
  spendSetupLinks,
} from './links.sql.ts';
import { checkNewPassword, hashOf } from './passwords.ts';
import type { Grant } from './principal.ts';
import { type Begun, beginSession, type From, type SignInDeps } from './sessions.ts';
import { createUser, getUser, hasUsers, nameFrom, ownerOfAll, setRoles } from './users.ts';

/** Links that do one thing once: make the first account, sign somebody in, invite. The text is given once and kept as a hash. */
const lives = { setup: hours(24), 'sign-in': hours(24), invitation: days(7) } as const;
const linkBytes = 32;

export interface Invitation {
  id: InvitationId;
  grants: Grant[];
  note: string;
  madeBy: string;
  createdAt: Date;
  expiresAt: Date;
}

export type LinkProblem = 'unknown' | 'used' | 'old' | 'revoked';
export type AccountProblem = LinkProblem | { kind: 'password'; reason: string } | 'e-mail taken';

interface NewAccount {
  token: string;
  email: string;
  name?: string | undefined;
  password: Secret;
}

type LinkDeps = { clock: Clock; random: Random };

/** For the console, at the start; undefined: there are people already. */
export async function createSetupLink(tx: Tx, deps: LinkDeps): Promise<Secret | undefined> {
  if (await hasUsers(tx)) return undefined;
  return (await createLink(tx, deps, { kind: 'setup', userId: null, grants: [], note: '', madeBy: 'system' })).text;
}

/** Makes the first account, an owner of everything, and signs it in. */
export async function setUp(deps: SignInDeps, given: NewAccount, from: From): Promise<Result<Begun, AccountProblem>> {
  const usable = linkState(deps.clock, (await selectLink(deps.db, 'setup', hashOf(given.token)))[0]);
  if (!usable.ok) return usable;
  const account = await newAccount(deps, given);
  if (!account.ok) return account;
  return deps.db.transaction(async (tx) => {
    await lockSetup(tx);
    if (await hasUsers(tx)) return err('used');
    const user = must(await createUser(tx, deps.clock, { ...account.value, grants: [ownerOfAll] }), 'the first one');
    await spendSetupLinks(tx, new Date(deps.clock.now()));
    return ok(await beginSession(tx, deps, { userId: user.id, via: 'password' }, from));
  });
}

/** For somebody who forgot the password, and for the demonstration; an owner hands it over. */
export async function createSignInLink(
  tx: Tx,
  deps: LinkDeps,
  wanted: { userId: UserId; madeBy: string },
): Promise<{ text: Secret; expiresAt: Date }> {
  const made = await createLink(tx, deps, { kind: 'sign-in', grants: [], note: '', ...wanted });
  return { text: made.text, expiresAt: made.row.expires_at };
}

export async function signInByLink(deps: SignInDeps, token: string, from: From): Promise<Result<Begun, LinkProblem>> {
  return deps.db.transaction(async (tx) => {
    const used = await spendLink(tx, deps.clock, 'sign-in', token);
    if (!used.ok) return used;
    const userId = must(used.value.user_id, 'a sign-in link is for somebody');
    if (!(await getUser(tx, userId))) return err('unknown');
    return ok(await beginSession(tx, deps, { userId, via: 'link' }, from));
  });
}

export async function createInvitation(
  tx: Tx,
  deps: LinkDeps,
  wanted: { grants: readonly Grant[]; note: string; madeBy: string },
): Promise<{ invitation: Invitation; text: Secret }> {
  const made = await createLink(tx, deps, { kind: 'invitation', userId: null, ...wanted });
  return { invitation: rowToInvitation(made.row), text: made.text };
}

/** Those that can still be accepted, the newest first. */
export const listInvitations = async (q: Queryable, clock: Clock): Promise<Invitation[]> =>
  (await selectInvitations(q, new Date(clock.now()))).map(rowToInvitation);

export async function getInvitation(q: Queryable, id: InvitationId): Promise<Invitation | undefined> {
  const [row] = await selectInvitation(q, id);
  return row && rowToInvitation(row);
}

/** Gives whether there was one. */
export const revokeInvitation = async (tx: Tx, clock: Clock, id: InvitationId): Promise<boolean> =>
  (await revokeInvitationRow(tx, id, new Date(clock.now()))).length > 0;

/** What the holder of the link is invited to. */
export async function readInvitation(
  q: Queryable,
  clock: Clock,
  token: string,
): Promise<Result<Invitation, LinkProblem>> {
  const found = linkState(clock, (await selectLink(q, 'invitation', hashOf(token)))[0]);
  return found.ok ? ok(rowToInvitation(found.value)) : found;
}

/** Makes an account with the roles of the invitation and signs it in. */
export async function acceptInvitation(
  deps: SignInDeps,
  given: NewAccount,
  from: From,
): Promise<Result<Begun, AccountProblem>> {
  const readable = await readInvitation(deps.db, deps.clock, given.token);
  if (!readable.ok) return readable;
  const account = await newAccount(deps, given);
  if (!account.ok) return account;
  return inTransaction<Begun, AccountProblem>(deps, async (tx) => {
    const used = await spendLink(tx, deps.clock, 'invitation', given.token);
    if (!used.ok) return used;
    const user = await createUser(tx, deps.clock, { ...account.value, grants: used.value.roles });
    if (!user) return err('e-mail taken');
    return ok(await beginSession(tx, deps, { userId: user.id, via: 'password' }, from));
  });
}

/** Adds the roles of the invitation to an account that is signed in; a role it has already is replaced. */
export async function joinByInvitation(
  deps: SignInDeps,
  given: { token: string; userId: UserId },
  from: From,
): Promise<Result<void, LinkProblem>> {
  return inTransaction(deps, async (tx) => {
    const used = await spendLink(tx, deps.clock, 'invitation', given.token);
    if (!used.ok) return used;
    const user = must(await getUser(tx, given.userId), 'a session belongs to somebody');
    const invited = used.value.roles;
    const kept = user.grants.filter(({ spaceId }) => !invited.some((grant) => grant.spaceId === spaceId));
    const joined = await setRoles(tx, user.id, [...kept, ...invited]);
    if (!joined.ok) return err('unknown'); // the last owner would have become less: nothing changes
    const subject = `usr_${user.id}`;
    const actor = `user:${user.id}`;
    await audit(tx, deps.clock, { spaceId: null, actor, action: 'invitation.accept', subject, address: from.address });
    return ok(undefined);
  });
}

async function createLink(
  tx: Tx,
  { clock, random }: LinkDeps,
  wanted: { kind: LinkKind; userId: UserId | null; grants: readonly Grant[]; note: string; madeBy: string },
): Promise<{ row: LinkRow; text: Secret }> {
  const text = new Secret(random.bytes(linkBytes).toString('base64url'));
  const now = clock.now();
  const times = { at: new Date(now), expiresAt: new Date(now + lives[wanted.kind]) };
  const [row] = await insertLink(tx, { ...wanted, ...times, hash: hashOf(text.reveal()) });
  return { row: must(row, '256 random bits do not repeat'), text };
}

async function spendLink(tx: Tx, clock: Clock, kind: LinkKind, token: string): Promise<Result<LinkRow, LinkProblem>> {
  const found = linkState(clock, (await lockLink(tx, kind, hashOf(token)))[0]);
  if (found.ok) await markLinkUsed(tx, found.value.link_id, new Date(clock.now()));
  return found;
}

function linkState(clock: Clock, row: LinkRow | undefined): Result<LinkRow, LinkProblem> {
  if (row === undefined) return err('unknown');
  if (row.used_at !== null) return err('used');
  if (row.revoked_at !== null) return err('revoked');
  return row.expires_at.getTime() <= clock.now() ? err('old') : ok(row);
}

async function newAccount(
  deps: SignInDeps,
  { email, name, password }: NewAccount,
): Promise<Result<{ email: string; name: string; passwordHash: string }, AccountProblem>> {
  const good = checkNewPassword(password, email);
  if (!good.ok) return err({ kind: 'password', reason: good.error });
  return ok({ email, name: name ?? nameFrom(email), passwordHash: await deps.passwords.hash(password) });
}

/** A refusal undoes what came before it: the link stays usable. */
class Undo<Problem> extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super('undone');
    this.problem = problem;
  }
}

async function inTransaction<Value, Problem>(
  { db }: SignInDeps,
  work: (tx: Tx) => Promise<Result<Value, Problem>>,
): Promise<Result<Value, Problem>> {
  try {
    return await db.transaction(async (tx) => {
      const done = await work(tx);
      if (!done.ok) throw new Undo(done.error);
      return done;
    });
  } catch (error) {
    if (error instanceof Undo) return err(error.problem);
    throw error;
  }
}

const rowToInvitation = (row: LinkRow): Invitation => ({
  id: row.link_id,
  grants: row.roles,
  note: row.note,
  madeBy: row.made_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});
