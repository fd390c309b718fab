import { isSupportedCountry } from 'libphonenumber-js';
import { isHashOfNothing, preHashed, sha256 } from './hash.ts';
import { phoneNormaliser } from './phone.ts';

/** Hash types in order: 0 email, 1 phone, 2 idfa, 3 aaid; 32 bytes each. */
export type Hashes = readonly [Buffer | null, Buffer | null, Buffer | null, Buffer | null];

/** One row towards TikTok: one combination of a person's identifiers. */
export interface Variant {
  /** 8 bytes that tell it from the person's other variants. */
  readonly key: Buffer;
  readonly hashes: Hashes;
  /** The version of the rules that made the hashes (I10). */
  readonly normaliser: number;
}

export type SkipReason =
  | 'blank'
  | 'not an e-mail address'
  | 'not possible'
  | 'all zero'
  | 'unknown device type'
  | 'not a device id'
  | 'hash of nothing';

/** An identifier that was there or asked for and cannot be used. Never holds the value (I13). */
export interface SkippedIdentifier {
  readonly type: 'email' | 'phone' | 'advertising_id';
  readonly reason: SkipReason;
}

/** How identifiers are normalised; part of a destination's settings. */
export interface IdentifierProfile {
  readonly emailProfile: 'api_doc' | 'plain' | 'both';
  readonly phoneDefaultRegion: string | null;
  readonly phoneAlsoWithoutPlus: boolean;
}

/** What a mapping gives; undefined: not mapped, not there, or not to be sent. */
export interface RawIdentifiers {
  readonly email: string | undefined;
  readonly phone: string | undefined;
  readonly advertisingId: string | undefined;
  readonly deviceType: string | undefined;
}

export interface Identified {
  readonly variants: Variant[];
  readonly left: SkippedIdentifier[];
}

/** Raised when a rule below changes what a profile makes of a value; goes into every version that is stored. */
const rulesVersion = 1;

/** The small number stored with each hash: the rules, and the profile they ran with (I10). */
export function normaliserVersion(profile: IdentifierProfile): number {
  const email = { api_doc: 0, plain: 1, both: 2 }[profile.emailProfile];
  return rulesVersion * 16 + email * 2 + (profile.phoneAlsoWithoutPlus ? 1 : 0);
}

/**
 * Normalises and hashes a person's identifiers; nothing behind it sees plain text (I13). The first variant holds every
 * identifier; where a profile sends a second form, a second variant holds the forms that differ and nothing else.
 */
export function identifierHasher(profile: IdentifierProfile): (raw: RawIdentifiers) => Identified {
  const normaliser = normaliserVersion(profile);
  const emails = emailHasher(profile.emailProfile);
  const phones = phoneHasher(profile);
  return (raw) => {
    const left: SkippedIdentifier[] = [];
    const email = kept('email', emails(raw.email), left);
    const phone = kept('phone', phones(raw.phone), left);
    const device = kept('advertising_id', hashDevice(raw.advertisingId, raw.deviceType), left);
    const variants: Variant[] = [];
    const first = hashesOf(email?.[0], phone?.[0], device?.idfa, device?.aaid);
    if (first !== undefined) variants.push({ key: variantKey(first), hashes: first, normaliser });
    const second = hashesOf(email?.[1], phone?.[1], undefined, undefined);
    if (second !== undefined) variants.push({ key: variantKey(second), hashes: second, normaliser });
    return { variants, left };
  };
}

/** One or two hashes of one identifier. */
type Forms = readonly [Buffer] | readonly [Buffer, Buffer];
type Device = { readonly idfa?: Buffer; readonly aaid?: Buffer };

function kept<Found extends object>(
  type: SkippedIdentifier['type'],
  found: Found | SkipReason | undefined,
  left: SkippedIdentifier[],
): Found | undefined {
  if (typeof found !== 'string') return found;
  left.push({ type, reason: found });
  return undefined;
}

type MaybeHash = Buffer | undefined;

function hashesOf(email: MaybeHash, phone: MaybeHash, idfa: MaybeHash, aaid: MaybeHash): Hashes | undefined {
  if (!email && !phone && !idfa && !aaid) return undefined;
  return [email ?? null, phone ?? null, idfa ?? null, aaid ?? null];
}

const keyBytes = 8;

/**
 * Other bytes of each hash, laid over one another: hashes are as good as chance, so no hash of the four needs to be made
 * for it, which took as long as three identifiers. A missing hash changes nothing.
 */
export function variantKey(hashes: Hashes): Buffer {
  const key = Buffer.alloc(keyBytes);
  hashes.forEach((found, type) => {
    if (found === null) return;
    for (let byte = 0; byte < keyBytes; byte += 1) key[byte] = (key[byte] ?? 0) ^ (found[type * keyBytes + byte] ?? 0);
  });
  return key;
}

/** What every profile leaves as it is, the usual case: nothing to lower, trim, cut or look for. */
const settledEmail = /^[a-z0-9_-]{1,64}@[a-z0-9.-]{1,255}$/;

function emailHasher(
  profile: IdentifierProfile['emailProfile'],
): (email: string | undefined) => Forms | SkipReason | undefined {
  return (email) => {
    if (email === undefined) return undefined;
    if (settledEmail.test(email)) return [sha256(email)];
    const trimmed = email.trim().toLowerCase();
    if (trimmed === '') return 'blank';
    const given = preHashed(trimmed);
    if (given !== undefined) return isHashOfNothing(given) ? 'hash of nothing' : [given];
    const api = profile === 'plain' ? undefined : emailByApiDoc(trimmed);
    const plain = profile === 'api_doc' ? undefined : trimmed.replace(/\s+/g, '');
    const forms = [api, plain].filter((form) => form !== undefined && isEmail(form));
    const [first, second] = forms;
    if (first === undefined) return 'not an e-mail address';
    return second === undefined || second === first ? [sha256(first)] : [sha256(first), sha256(second)];
  };
}

/** TikTok's API page: drop `+…` up to the @ and every dot before it, at any domain (tiktok-api.md 8.1). */
function emailByApiDoc(trimmed: string): string {
  const at = trimmed.lastIndexOf('@');
  if (at < 0) return trimmed;
  const plus = trimmed.indexOf('+');
  const name = plus >= 0 && plus < at ? trimmed.slice(0, plus) : trimmed.slice(0, at);
  return name.replaceAll('.', '') + trimmed.slice(at);
}

/** Characters; RFC 3696 erratum 1690 allows 254, a few more do no harm. */
const emailMax = 320;

/** Only what certainly is none: no name, no domain, two @, white space, too long. A wrong address matches nobody and harms nobody. */
function isEmail(text: string): boolean {
  const at = text.indexOf('@');
  return at > 0 && at < text.length - 1 && text.indexOf('@', at + 1) < 0 && text.length <= emailMax && !/\s/.test(text);
}

function phoneHasher(profile: IdentifierProfile): (phone: string | undefined) => Forms | SkipReason | undefined {
  const region = profile.phoneDefaultRegion;
  const normalise = phoneNormaliser(region !== null && isSupportedCountry(region) ? region : null);
  return (phone) => {
    if (phone === undefined) return undefined;
    const trimmed = phone.trim();
    if (trimmed === '') return 'blank';
    const given = trimmed.length === 64 ? preHashed(trimmed.toLowerCase()) : undefined;
    if (given !== undefined) return isHashOfNothing(given) ? 'hash of nothing' : [given];
    const e164 = normalise(trimmed);
    if (e164 === undefined) return 'not possible';
    return profile.phoneAlsoWithoutPlus ? [sha256(e164), sha256(e164.slice(1))] : [sha256(e164)];
  };
}

const deviceId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const allZero = /^[0-]+$/;

/** Trimmed and lower-cased, hyphens kept (tiktok-api.md 8.1). The device's type says which id it is; it is never guessed. */
function hashDevice(id: string | undefined, type: string | undefined): Device | SkipReason | undefined {
  if (id === undefined) return undefined;
  const trimmed = id.trim().toLowerCase();
  if (trimmed === '') return 'blank';
  if (allZero.test(trimmed)) return 'all zero';
  const given = preHashed(trimmed);
  if (given === undefined && !deviceId.test(trimmed)) return 'not a device id';
  if (given !== undefined && isHashOfNothing(given)) return 'hash of nothing';
  const kind = type?.trim().toLowerCase();
  if (kind !== 'ios' && kind !== 'android') return 'unknown device type';
  const found = given ?? sha256(trimmed);
  return kind === 'ios' ? { idfa: found } : { aaid: found };
}
