/**
 * Segment's mapping kit (segment-spec.md 5): a mapping is any JSON; an object with one key that starts with `@` is a
 * directive. Here stand its shapes and limits; `mapping-kit-parse.ts` reads the JSON, `mapping-kit-print.ts` writes it
 * back, `server/mappings/kit-compile.ts` turns it into closures.
 */
export type MappingJson =
  | string
  | number
  | boolean
  | null
  | readonly MappingJson[]
  | { readonly [key: string]: MappingJson };

/** What a parsed mapping may be. `_metadata` beside a directive is the editor's own note and is kept for printing. */
export type Mapping =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'array'; readonly items: readonly Mapping[] }
  | { readonly kind: 'object'; readonly entries: readonly MappingEntry[] }
  | (Directive & { readonly metadata?: MappingJson });

export interface MappingEntry {
  readonly key: string;
  readonly value: Mapping;
}

export type Directive =
  | { readonly kind: '@path'; readonly path: Mapping }
  | { readonly kind: '@template'; readonly template: Mapping }
  | { readonly kind: '@literal'; readonly value: Mapping }
  | { readonly kind: '@excludeWhenNull'; readonly value: Mapping }
  | { readonly kind: '@liquid'; readonly template: string }
  | {
      readonly kind: '@if';
      readonly test: 'exists' | 'blank';
      readonly value: Mapping;
      /** `then`, which TypeScript would let `await` call. */
      readonly met?: Mapping;
      readonly unmet?: Mapping;
    }
  | { readonly kind: '@case'; readonly operator: 'lower' | 'upper'; readonly value?: Mapping }
  | {
      readonly kind: '@replace';
      readonly replacements: readonly { readonly pattern: string; readonly replacement: string }[];
      readonly ignoreCase: boolean;
      readonly global: boolean;
      readonly value: Mapping;
    }
  | { readonly kind: '@arrayPath'; readonly path: Mapping; readonly shape?: Mapping }
  | { readonly kind: '@json'; readonly mode: string; readonly value: Mapping }
  | { readonly kind: '@flatten'; readonly separator: string; readonly omitArrays: boolean; readonly value: Mapping }
  | { readonly kind: '@merge'; readonly direction: string; readonly objects: readonly Mapping[] }
  | { readonly kind: '@transform'; readonly apply: Mapping; readonly mapping: Mapping };

/** Where in the mapping, as Segment writes it (`/email/@replace/pattern`), and what is wrong there. */
export interface MappingKitProblem {
  readonly path: string;
  readonly message: string;
}

export type ParsedMapping =
  | { readonly ok: true; readonly value: Mapping }
  | { readonly ok: false; readonly error: readonly MappingKitProblem[] };

/** Wraps the other keys of a mapping as the `mapping` of one root directive (segment-spec.md 5.1). */
export const rootDirectiveKey = '__segment_internal_directive';

/** Characters; segment-spec.md 5.6 and 5.14. */
export const replacePatternMax = 10;
export const liquidTemplateMax = 1000;
/** Ours: deeper than any mapping seen, and far from the stack's end. */
export const mappingDepthMax = 64;
/** Ours, in values and keys: a whole mapping of the largest action has about 60. */
export const mappingNodesMax = 5000;
