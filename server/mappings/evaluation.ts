import type { SkippedIdentifier, Variant } from './identifiers.ts';

/** A place (`trigger`, `/email/@replace/pattern`) and words. */
export interface MappingProblem {
  readonly field: string;
  readonly message: string;
}

export type Direction = 'add' | 'remove';

export interface TargetRef {
  readonly advertiserId: string;
  readonly audience: { readonly by: 'id'; readonly id: string } | { readonly by: 'name'; readonly name: string };
}

/** What a mapping makes of one event. Reasons are readable and hold no identifier (I13). */
export type Evaluation =
  | {
      readonly kind: 'people';
      readonly direction: Direction;
      readonly target: TargetRef;
      readonly variants: Variant[];
      readonly left: SkippedIdentifier[];
    }
  /** Nothing usable. */
  | {
      readonly kind: 'nobody';
      readonly direction: Direction;
      readonly target: TargetRef | null;
      readonly reason: string;
      readonly left: SkippedIdentifier[];
    }
  | { readonly kind: 'filtered'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string; readonly problems: MappingProblem[] };
