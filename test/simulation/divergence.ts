/** Something that is not as the model says. */
export interface Divergence {
  readonly what: string;
  /** The same for two histories in which the same goes wrong: what a shorter history has to keep. */
  readonly kind: string;
}

/** By itself a kind is the sentence without its numbers. */
export const differs = (what: string, kind = what.replace(/\d+/g, 'n')): Divergence => ({ what, kind });
