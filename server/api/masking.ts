/** I13: what pages show of an identifier: enough to tell two apart by eye, too little to write to anybody. */
export interface MaskedIdentifier {
  type: string;
  /** The first character of the value, as in Test Mapping. */
  masked: string;
}

export const maskIdentifiers = (identifiers: readonly { type: string; value: string }[]): MaskedIdentifier[] =>
  identifiers.map(({ type, value }) => ({ type, masked: `${[...value][0] ?? ''}***` }));

/** The first bytes of a hash: they name it in a support case without giving it away. */
export const hashPrefix = (hash: Buffer): string => hash.subarray(0, 4).toString('hex');
