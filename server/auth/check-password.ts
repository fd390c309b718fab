import type { Db } from '../db/port.ts';
import { type Clock, type Millis, millis, minutes } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import type { Secret, Vault } from '../kernel/secret.ts';
import { hashOf, type Passwords } from './passwords.ts';
import { countTry, forgetTries, takeBackTry } from './sessions.sql.ts';
import type { UserRow } from './users.sql.ts';

export interface SignInDeps {
  db: Db;
  clock: Clock;
  random: Random;
  vault: Vault;
  passwords: Passwords;
}

/** Where a request came from, as the list of sessions and the audit log show it. */
export interface From {
  address: string;
  userAgent: string;
}

export type SignInProblem = { kind: 'wrong' } | { kind: 'code needed' } | { kind: 'too many'; wait: Millis };

/** T7, web.md 7: "After 5: Too many tries. Wait 5 minutes." */
const triesPerAccount = 5;
/** An office shares one address; only wrong passwords count. */
const triesPerAddress = 50;
const triesWindow = minutes(5);

/** Each try is counted before the password is looked at, so that a thousand at once are not more than five. */
export async function checkPassword(
  deps: SignInDeps,
  given: { email: string; user: UserRow | undefined; password: Secret },
  from: From,
): Promise<Result<UserRow, SignInProblem>> {
  const wait = Math.max(
    await countedWait(deps, accountBucket(given.email), triesPerAccount),
    from.address === '' ? 0 : await countedWait(deps, addressBucket(from.address), triesPerAddress),
  );
  if (wait > 0) return err({ kind: 'too many', wait: millis(wait) });
  const right = await deps.passwords.verify(given.user?.password_hash, given.password);
  return right && given.user !== undefined ? ok(given.user) : err({ kind: 'wrong' });
}

/** The password was right: the account's count ends, and the address is not blamed. */
export async function forgiveTries(deps: SignInDeps, email: string, { address }: From): Promise<void> {
  await forgetTries(deps.db, accountBucket(email));
  if (address !== '') await takeBackTry(deps.db, addressBucket(address));
}

/** The password was right, but more is needed before the count may end. */
export async function takeTryBack(deps: SignInDeps, email: string, { address }: From): Promise<void> {
  await takeBackTry(deps.db, accountBucket(email));
  if (address !== '') await takeBackTry(deps.db, addressBucket(address));
}

/** 0: this try may be made; else milliseconds to wait. */
async function countedWait(deps: Pick<SignInDeps, 'db' | 'clock'>, bucket: Buffer, most: number): Promise<number> {
  const now = deps.clock.now();
  const [row] = await countTry(deps.db, { bucket, most, now: new Date(now), endsAt: new Date(now + triesWindow) });
  const { tries, ends_at } = must(row, 'an upsert gives its row');
  return tries > most ? ends_at.getTime() - now : 0;
}

/** Neither e-mail nor address stands in the table of tries (I13). */
const accountBucket = (email: string): Buffer => hashOf(`account ${email.trim().toLowerCase()}`);
const addressBucket = (address: string): Buffer => hashOf(`address ${address}`);
