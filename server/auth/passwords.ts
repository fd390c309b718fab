import { createHash } from 'node:crypto';
import type { Random } from '../kernel/random.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import type { Secret } from '../kernel/secret.ts';
import { isCommonPassword } from './common-passwords.ts';

/** Hashes and checks passwords with argon2id, a few at a time. */
export interface Passwords {
  hash(password: Secret): Promise<string>;
  /** `hash` undefined: there is no such account; takes as long as if there were one (T7). */
  verify(hash: string | undefined, password: Secret): Promise<boolean>;
}

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane; about 50 ms on one core. `2` is argon2id. */
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** T7: guessing must not take the cores that events are taken in with. */
const atOnce = 2;

export function createPasswords({ random }: { random: Random }): Passwords {
  const gate = limitConcurrency(atOnce);
  // The native library is loaded by the first sign-in, not by every start.
  const argon2 = () => import('@node-rs/argon2');
  const hash = (password: string) => gate(async () => (await argon2()).hash(password, cost));
  let decoy: Promise<string> | undefined;
  return {
    hash: (password) => hash(password.reveal()),
    async verify(known, password) {
      decoy ??= hash(random.bytes(32).toString('base64url'));
      const against = known ?? (await decoy);
      const same = await gate(async () => (await argon2()).verify(against, password.reveal()));
      return same && known !== undefined;
    },
  };
}

const passwordLengths = { least: 8, most: 128 } as const;

/** Why a password must not be chosen, as the rest of a sentence that begins with "The password" (NIST 800-63B: length and blocklist, no composition). */
export function checkNewPassword(password: Secret, email: string): Result<void, string> {
  const text = password.reveal();
  const length = [...text].length;
  if (length < passwordLengths.least) return err(`needs at least ${passwordLengths.least} characters`);
  if (length > passwordLengths.most) return err(`may have at most ${passwordLengths.most} characters`);
  if (isCommonPassword(text)) return err('is known from data breaches: choose another one');
  const name = email.split('@')[0] ?? '';
  if (text.toLowerCase() === email.toLowerCase() || text.toLowerCase() === name.toLowerCase())
    return err('is your e-mail address: choose another one');
  return ok(undefined);
}

/** 256 random bits need no slow hash: sha256 is enough at rest. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function limitConcurrency(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
