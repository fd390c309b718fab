import { createHmac, timingSafeEqual } from 'node:crypto';
import type { UserId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import { must } from '../kernel/result.ts';
import { Secret, type Vault } from '../kernel/secret.ts';
import { hashOf } from './passwords.ts';
import {
  replaceRecoveryCodes,
  selectUser,
  takeRecoveryCode,
  takeTotpStep,
  type UserRow,
  updateTotp,
} from './users.sql.ts';

export interface TwoStepDeps {
  clock: Clock;
  random: Random;
  vault: Vault;
}

/** What an authenticator app takes: RFC 6238 with its usual values, which the URI need not name. */
const stepSeconds = 30;
const digits = 6;
/** A clock may be half a minute off (RFC 6238, 5.2). */
const drift = 1;
const secretBytes = 20;
const recoveryCodes = 10;
/** 80 bits: a code is typed once in a life. */
const recoveryBytes = 10;

/** A new secret, not asked for until `confirmTwoStep` has seen a code made from it. */
export async function beginTwoStep(
  tx: Tx,
  deps: TwoStepDeps,
  user: { id: UserId; email: string },
): Promise<{ secret: Secret; uri: Secret }> {
  const secret = base32(deps.random.bytes(secretBytes));
  await updateTotp(tx, user.id, { secret: deps.vault.seal(placeOf(user.id), new Secret(secret)), since: null });
  const uri = `otpauth://totp/Usher:${encodeURIComponent(user.email)}?secret=${secret}&issuer=Usher`;
  return { secret: new Secret(secret), uri: new Secret(uri) };
}

/** From here on signing in asks for a code. Gives the recovery codes, shown this once; undefined: the code is not right. */
export async function confirmTwoStep(
  tx: Tx,
  deps: TwoStepDeps,
  asked: { userId: UserId; code: string },
): Promise<Secret[] | undefined> {
  const [user] = await selectUser(tx, asked.userId);
  if (!user?.totp_secret || user.totp_since) return undefined;
  if (!(await takesTotp(tx, deps, user, asked.code))) return undefined;
  await updateTotp(tx, user.user_id, { secret: user.totp_secret, since: new Date(deps.clock.now()) });
  const codes = Array.from({ length: recoveryCodes }, () =>
    grouped(base32(deps.random.bytes(recoveryBytes)).toLowerCase()),
  );
  await replaceRecoveryCodes(tx, user.user_id, codes.map((code) => hashOf(normalised(code))).sort(Buffer.compare));
  return codes.map((code) => new Secret(code));
}

export async function endTwoStep(tx: Tx, id: UserId): Promise<void> {
  await updateTotp(tx, id, { secret: null, since: null });
  await replaceRecoveryCodes(tx, id, []);
}

/** Whether the code is the one of now, or a recovery code; either is used up by this. */
export async function takesSecondStep(q: Queryable, deps: TwoStepDeps, user: UserRow, code: string): Promise<boolean> {
  if (/^[0-9]{6}$/.test(code.trim())) return takesTotp(q, deps, user, code.trim());
  const used = await takeRecoveryCode(q, user.user_id, hashOf(normalised(code)), new Date(deps.clock.now()));
  return used.length > 0;
}

async function takesTotp(q: Queryable, deps: TwoStepDeps, user: UserRow, code: string): Promise<boolean> {
  const sealed = must(user.totp_secret, 'a user with two steps has a secret');
  const secret = deps.vault.open(placeOf(user.user_id), sealed);
  if (!secret.ok) return false;
  const now = Math.floor(deps.clock.now() / 1_000 / stepSeconds);
  for (let step = now - drift; step <= now + drift; step += 1) {
    if (!sameText(totp(secret.value.reveal(), step), code)) continue;
    return (await takeTotpStep(q, user.user_id, step)).length > 0;
  }
  return false;
}

/** RFC 6238 over RFC 4226: six digits of an HMAC of the time step. */
export function totp(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = (mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
}

const placeOf = (id: UserId): string => `users|${id}|totp_secret`;

const sameText = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

const normalised = (code: string): string => code.toLowerCase().replaceAll(/[^a-z2-7]/g, '');
const grouped = (code: string): string => (code.match(/.{1,4}/g) ?? []).join('-');

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648, without padding: what authenticator apps read. */
export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((char) => alphabet.indexOf(char).toString(2).padStart(5, '0')).join('');
  const bytes = bits.match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
