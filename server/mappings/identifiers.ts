/** Hash types in order: 0 email, 1 phone, 2 idfa, 3 aaid; 32 bytes each. */
export type Hashes = readonly [Buffer | null, Buffer | null, Buffer | null, Buffer | null];

/** One row towards TikTok: one combination of a person's identifiers. */
export interface Variant {
  /** The first 8 bytes of SHA-256 over the four hashes. */
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
