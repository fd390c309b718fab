/**
 * FQL, the language of triggers (segment-spec.md 6): its shapes and limits. `fql-parse.ts` reads the text,
 * `fql-print.ts` writes it back, `server/mappings/fql-compile.ts` turns it into a closure.
 */
export type FqlExpression =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly FqlExpression[] }
  /** `!( … )` negates plainly; a `!` right before `contains` or `match` is their own (below). */
  | { readonly kind: 'not'; readonly part: FqlExpression }
  | { readonly kind: 'compare'; readonly operator: FqlOperator; readonly left: FqlOperand; readonly right: FqlOperand }
  | { readonly kind: 'in'; readonly item: FqlOperand; readonly list: readonly FqlLiteral[] | FqlPath }
  /** `negated`: also false when the field is missing or no text, as in Segment's triggers (segment-spec.md 6.2). */
  | { readonly kind: 'contains'; readonly text: FqlOperand; readonly part: FqlOperand; readonly negated: boolean }
  | { readonly kind: 'match'; readonly text: FqlOperand; readonly glob: string; readonly negated: boolean }
  /** A bare path or `bool(x)`. */
  | { readonly kind: 'truth'; readonly operand: FqlOperand };

export type FqlOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type FqlLiteral = { readonly kind: 'literal'; readonly value: string | number | boolean | null };
export type FqlPath = { readonly kind: 'path'; readonly keys: readonly string[] };
export type FqlOperand =
  | FqlLiteral
  | FqlPath
  | { readonly kind: 'call'; readonly name: FqlFunction; readonly argument: FqlOperand };

export const fqlFunctions = [
  'length',
  'lowercase',
  'uppercase',
  'snakecase',
  'kebabcase',
  'titlecase',
  'typeof',
  'string',
  'number',
  'bool',
] as const;
export type FqlFunction = (typeof fqlFunctions)[number];

export interface FqlProblem {
  /** Place in the text, counted from 0. */
  readonly at: number;
  readonly message: string;
}

export type ParsedFql =
  | { readonly ok: true; readonly value: FqlExpression }
  | { readonly ok: false; readonly error: FqlProblem };

/** Characters. Ours: fifty conditions with long names are about 4,000. */
export const fqlTextMax = 5000;
/** Brackets and functions within each other. Ours: keeps the parser far from the stack's end. */
export const fqlDepthMax = 50;
/** Characters of one pattern. Ours: matching costs at most text × pattern steps, 32 KB × 200 = some ten milliseconds. */
export const fqlGlobMax = 200;
