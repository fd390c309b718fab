import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import type { Random } from './random.ts';
import { err, ok, type Result } from './result.ts';

/** Text that must not be printed: logs, errors and JSON show `[secret]` (reliability.md 4.1, T3). */
export class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Seals texts with AES-256-GCM. The place (table, row, field) is bound in, so a sealed value moved elsewhere does not open. */
export interface Vault {
  seal(place: string, secret: Secret): Buffer;
  open(place: string, sealed: Buffer): Result<Secret, 'wrong key or damaged'>;
  /** A keyed fingerprint of a key, to notice at start that another key is in use. */
  readonly keyId: string;
}

const ivBytes = 12;
const tagBytes = 16;
const version = 1;

/** `key` is the 32 bytes of USHER_SECRET_KEY. Record: version, IV (96 random bits), tag, ciphertext. */
export function vault(key: Buffer, random: Random): Vault {
  const sealing = Buffer.from(hkdfSync('sha256', key, '', 'usher vault v1', 32));
  return {
    keyId: createHash('sha256').update('usher key id').update(key).digest('hex').slice(0, 16),
    seal(place, secret) {
      const iv = random.bytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing, iv).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(version), iv, cipher.getAuthTag(), text]);
    },
    open(place, sealed) {
      try {
        if (sealed[0] !== version) return err('wrong key or damaged');
        const iv = sealed.subarray(1, 1 + ivBytes);
        const tag = sealed.subarray(1 + ivBytes, 1 + ivBytes + tagBytes);
        const decipher = createDecipheriv('aes-256-gcm', sealing, iv).setAAD(Buffer.from(place)).setAuthTag(tag);
        const text = Buffer.concat([decipher.update(sealed.subarray(1 + ivBytes + tagBytes)), decipher.final()]);
        return ok(new Secret(text.toString('utf8')));
      } catch {
        return err('wrong key or damaged');
      }
    },
  };
}
