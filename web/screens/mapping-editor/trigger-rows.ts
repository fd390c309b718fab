import type { FqlExpression, FqlOperator, FqlPath } from '../../../contract/fql.ts';
import { printFql } from '../../../contract/fql-print.ts';

/**
 * The condition builder on top of FQL's syntax tree: rows joined by one word. What is not such a list (brackets, both words,
 * functions) has no rows and is edited as code.
 */
export interface BuiltTrigger {
  readonly join: 'and' | 'or';
  readonly rows: readonly ConditionRow[];
}

export interface ConditionRow {
  readonly field: RowField;
  /** Of a property, a trait, a part of the context: `address.city`. */
  readonly name: string;
  readonly operator: RowOperator;
  readonly value: string;
}

export const rowFields = {
  type: { label: 'Event Type', path: 'type', named: false },
  event: { label: 'Event Name', path: 'event', named: false },
  property: { label: 'Event Property', path: 'properties', named: true },
  trait: { label: 'Event Trait', path: 'traits', named: true },
  context: { label: 'Event Context', path: 'context', named: true },
  userId: { label: 'User ID', path: 'userId', named: false },
} as const;
export type RowField = keyof typeof rowFields;

export const rowOperators = {
  is: 'is',
  isNot: 'is not',
  contains: 'contains',
  containsNot: 'does not contain',
  starts: 'starts with',
  ends: 'ends with',
  '=': '=',
  '!=': '≠',
  '<': '<',
  '<=': '≤',
  '>': '>',
  '>=': '≥',
  exists: 'exists',
  existsNot: 'does not exist',
  isTrue: 'is true',
  isFalse: 'is false',
} as const;
export type RowOperator = keyof typeof rowOperators;

const withoutValue = { exists: null, existsNot: null, isTrue: true, isFalse: false } as const;
export const takesValue = (operator: RowOperator): boolean => !(operator in withoutValue);
const compares: readonly RowOperator[] = ['=', '!=', '<', '<=', '>', '>='];
export const takesNumber = (operator: RowOperator): boolean => compares.includes(operator);

export const firstRow: ConditionRow = { field: 'event', name: '', operator: 'is', value: '' };

/** The operators that make sense for a field. */
export function operatorsOf(field: RowField): readonly RowOperator[] {
  if (field === 'type') return ['is', 'isNot'];
  const text: RowOperator[] = ['is', 'isNot', 'contains', 'containsNot', 'starts', 'ends'];
  const there: RowOperator[] = ['exists', 'existsNot'];
  if (field === 'event' || field === 'userId') return [...text, ...there];
  return [...text, ...compares, ...there, 'isTrue', 'isFalse'];
}

/** What a row still lacks; undefined: it is a condition. */
export function missingIn({ field, name, operator, value }: ConditionRow): 'name' | 'number' | undefined {
  if (rowFields[field].named && name.split('.').some((key) => key === '')) return 'name';
  if (takesNumber(operator) && (value.trim() === '' || !Number.isFinite(Number(value)))) return 'number';
  return undefined;
}

// Rows → tree ------------------------------------------------------------------------------------------------------------

/** Undefined while a row is not finished. */
export function expressionOf({ join, rows }: BuiltTrigger): FqlExpression | undefined {
  if (rows.length === 0 || rows.some((row) => missingIn(row) !== undefined)) return undefined;
  const parts = rows.map(conditionOf);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: join, parts };
}

function conditionOf({ field, name, operator, value }: ConditionRow): FqlExpression {
  const { path, named } = rowFields[field];
  const left: FqlPath = { kind: 'path', keys: named ? [path, ...name.split('.')] : [path] };
  const compare = (sign: FqlOperator, right: string | number | boolean | null): FqlExpression => ({
    kind: 'compare',
    operator: sign,
    left,
    right: { kind: 'literal', value: right },
  });
  switch (operator) {
    case 'is':
      return compare('=', value);
    case 'isNot':
      return compare('!=', value);
    case 'contains':
    case 'containsNot':
      return {
        kind: 'contains',
        text: left,
        part: { kind: 'literal', value },
        negated: operator === 'containsNot',
      };
    case 'starts':
      return { kind: 'match', text: left, glob: `${escapeGlob(value)}*`, negated: false };
    case 'ends':
      return { kind: 'match', text: left, glob: `*${escapeGlob(value)}`, negated: false };
    case 'exists':
      return compare('!=', null);
    case 'existsNot':
      return compare('=', null);
    case 'isTrue':
      return compare('=', true);
    case 'isFalse':
      return compare('=', false);
    case '=':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator, Number(value));
  }
}

// Tree → rows ------------------------------------------------------------------------------------------------------------

/** Undefined: this trigger is edited as code. */
export function rowsOf(expression: FqlExpression): BuiltTrigger | undefined {
  const [join, parts] =
    expression.kind === 'and' || expression.kind === 'or'
      ? [expression.kind, expression.parts]
      : (['and', [expression]] as const);
  const rows = parts.map(rowOf);
  const built = { join, rows: rows.filter((row) => row !== undefined) };
  return built.rows.length === parts.length ? built : undefined;
}

function rowOf(condition: FqlExpression): ConditionRow | undefined {
  if (condition.kind === 'contains') {
    const { text, part, negated } = condition;
    const place = placeOf(text);
    if (place === undefined || part.kind !== 'literal' || typeof part.value !== 'string') return undefined;
    return { ...place, operator: negated ? 'containsNot' : 'contains', value: part.value };
  }
  if (condition.kind === 'match') return globRow(condition);
  if (condition.kind !== 'compare' || condition.right.kind !== 'literal') return undefined;
  const place = placeOf(condition.left);
  const compared = comparedAs(condition.operator, condition.right.value);
  return place && compared && operatorsOf(place.field).includes(compared.operator)
    ? { ...place, ...compared }
    : undefined;
}

type Compared = Pick<ConditionRow, 'operator' | 'value'>;

function comparedAs(operator: FqlOperator, value: string | number | boolean | null): Compared | undefined {
  if (typeof value === 'number') return { operator, value: String(value) };
  if (operator !== '=' && operator !== '!=') return undefined;
  const equal = operator === '=';
  if (typeof value === 'string') return { operator: equal ? 'is' : 'isNot', value };
  if (value === null) return { operator: equal ? 'existsNot' : 'exists', value: '' };
  return equal ? { operator: value ? 'isTrue' : 'isFalse', value: '' } : undefined;
}

function globRow({ text, glob, negated }: FqlExpression & { kind: 'match' }): ConditionRow | undefined {
  const place = placeOf(text);
  if (place === undefined || negated) return undefined;
  for (const operator of ['starts', 'ends'] as const) {
    const inner = operator === 'starts' ? glob.slice(0, -1) : glob.slice(1);
    const value = inner.replaceAll(/\\(.)/gs, '$1');
    if (glob === (operator === 'starts' ? `${escapeGlob(value)}*` : `*${escapeGlob(value)}`))
      return { ...place, operator, value };
  }
  return undefined;
}

function placeOf(operand: {
  kind: string;
  keys?: readonly string[];
}): Pick<ConditionRow, 'field' | 'name'> | undefined {
  const [first, ...rest] = operand.kind === 'path' ? (operand.keys ?? []) : [];
  const field = rowFieldNames.find((one) => rowFields[one].path === first);
  if (field === undefined || rowFields[field].named !== rest.length > 0) return undefined;
  return rest.some((key) => key === '' || key.includes('.')) ? undefined : { field, name: rest.join('.') };
}

const rowFieldNames: readonly RowField[] = ['type', 'event', 'property', 'trait', 'context', 'userId'];

const escapeGlob = (text: string): string => text.replaceAll(/[*?\\[\]]/g, '\\$&');

// Reading aloud ----------------------------------------------------------------------------------------------------------

/** How a trigger with both words is read: `A or (B and C)`. Undefined where nothing can be misread. */
export function readAs(expression: FqlExpression): string | undefined {
  if (expression.kind !== 'or' || !expression.parts.some(({ kind }) => kind === 'and')) return undefined;
  return expression.parts.map((part) => (part.kind === 'and' ? `(${printFql(part)})` : printFql(part))).join(' or ');
}
