import type { FqlExpression, FqlFunction, FqlLiteral, FqlOperand, FqlOperator, FqlPath } from '../../contract/fql.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { own } from '../kernel/json.ts';
import { compileGlob } from './glob.ts';

export type Trigger = (event: SegmentEvent) => boolean;
type Test = (event: unknown) => boolean;
type Read = (event: unknown) => unknown;

/**
 * Turns a trigger into a closure. Semantics are the "Correct" column of segment-spec.md 6.4: types are strict, `!=` is true
 * on a missing field, every other test on a missing field is false. Only own properties are read (T11, T13).
 */
export function compileFql(expression: FqlExpression): Trigger {
  return test(expression);
}

function test(expression: FqlExpression): Test {
  switch (expression.kind) {
    case 'or':
      return anyOf(expression.parts.map(test));
    case 'and':
      return allOf(expression.parts.map(test));
    case 'not': {
      const part = test(expression.part);
      return (event) => !part(event);
    }
    case 'compare':
      return comparison(expression.operator, expression.left, expression.right);
    case 'in':
      return inList(read(expression.item), expression.list);
    case 'contains':
      return contains(read(expression.text), read(expression.part), expression.negated);
    case 'match': {
      const text = read(expression.text);
      const matches = compileGlob(expression.glob);
      const wanted = !expression.negated;
      return (event) => {
        const value = text(event);
        return typeof value === 'string' && matches(value) === wanted;
      };
    }
    case 'truth': {
      const value = read(expression.operand);
      return (event) => value(event) === true;
    }
  }
}

function anyOf(parts: readonly Test[]): Test {
  return (event) => {
    for (const part of parts) if (part(event)) return true;
    return false;
  };
}

function allOf(parts: readonly Test[]): Test {
  return (event) => {
    for (const part of parts) if (!part(event)) return false;
    return true;
  };
}

/** `negated` is false too when there is no text to look in, as in Segment's triggers (segment-spec.md 6.2). */
function contains(text: Read, part: Read, negated: boolean): Test {
  return (event) => {
    const value = text(event);
    const wanted = part(event);
    return typeof value === 'string' && typeof wanted === 'string' && value.includes(wanted) !== negated;
  };
}

function inList(item: Read, list: readonly FqlLiteral[] | FqlPath): Test {
  if (!('kind' in list)) {
    const values = new Set(list.map((literal) => literal.value));
    return (event) => {
      const value = item(event) ?? null;
      return isScalar(value) && values.has(value);
    };
  }
  const values = read(list);
  return (event) => {
    const value = item(event) ?? null;
    const found = values(event);
    return isScalar(value) && Array.isArray(found) && found.includes(value);
  };
}

function comparison(operator: FqlOperator, left: FqlOperand, right: FqlOperand): Test {
  switch (operator) {
    case '=':
      return equality(left, right);
    case '!=':
      return inequality(left, right);
    case '<':
      return order(left, right, (a, b) => a < b);
    case '<=':
      return order(left, right, (a, b) => a <= b);
    case '>':
      return order(left, right, (a, b) => a > b);
    case '>=':
      return order(left, right, (a, b) => a >= b);
  }
}

function equality(left: FqlOperand, right: FqlOperand): Test {
  const a = read(left);
  if (right.kind === 'literal' && right.value !== null) {
    const wanted = right.value;
    return (event) => a(event) === wanted;
  }
  const b = read(right);
  return (event) => equal(a(event), b(event));
}

function inequality(left: FqlOperand, right: FqlOperand): Test {
  const a = read(left);
  const b = read(right);
  // Against a number only numbers count: `x != 5` is false for "5" and for missing (segment-spec.md 6.3).
  const numbersOnly = isNumber(left) || isNumber(right);
  return (event) => {
    const one = a(event);
    const other = b(event);
    if (numbersOnly && (typeof one !== 'number' || typeof other !== 'number')) return false;
    return !equal(one, other);
  };
}

const isNumber = (operand: FqlOperand): boolean => operand.kind === 'literal' && typeof operand.value === 'number';

/** Missing equals null; lists and objects equal nothing. */
function equal(one: unknown, other: unknown): boolean {
  const a = one ?? null;
  return isScalar(a) && a === (other ?? null);
}

type Scalar = string | number | boolean | null;
const isScalar = (value: unknown): value is Scalar => value === null || typeof value !== 'object';

/** Numbers only; a literal in quotes counts as its number (segment-spec.md 6.3, "expected coerced"). */
function order(left: FqlOperand, right: FqlOperand, holds: (a: number, b: number) => boolean): Test {
  const a = read(literalToNumber(left));
  const b = read(literalToNumber(right));
  return (event) => {
    const one = a(event);
    const other = b(event);
    return typeof one === 'number' && typeof other === 'number' && holds(one, other);
  };
}

const literalToNumber = (operand: FqlOperand): FqlOperand =>
  operand.kind === 'literal' && typeof operand.value === 'string' && operand.value.trim() !== ''
    ? { kind: 'literal', value: Number(operand.value) }
    : operand;

function read(operand: FqlOperand): Read {
  switch (operand.kind) {
    case 'literal': {
      const { value } = operand;
      return () => value;
    }
    case 'path':
      return readPath(operand.keys);
    case 'call': {
      const argument = read(operand.argument);
      const convert = conversions[operand.name];
      return (event) => convert(argument(event) ?? null);
    }
  }
}

/** The usual depths are written out: no loop, no array on the hot path. */
function readPath(keys: readonly string[]): Read {
  const [first = '', second = '', third = ''] = keys;
  if (keys.length === 1) return (event) => own(event, first);
  if (keys.length === 2) return (event) => own(own(event, first), second);
  if (keys.length === 3) return (event) => own(own(own(event, first), second), third);
  return (event) => {
    let value = event;
    for (const key of keys) value = own(value, key);
    return value;
  };
}

const conversions: Readonly<Record<FqlFunction, (value: unknown) => unknown>> = {
  /** Of a text: its bytes in UTF-8, as Segment documents (segment-spec.md 6.2). */
  length: (value) => (Array.isArray(value) ? value.length : typeof value === 'string' ? Buffer.byteLength(value) : 0),
  lowercase: onText((text) => text.toLowerCase()),
  uppercase: onText((text) => text.toUpperCase()),
  snakecase: onText((text) => text.replaceAll(' ', '_')),
  kebabcase: onText((text) => text.replaceAll(' ', '-')),
  titlecase: onText((text) => text.replace(/(^|\s)(\S)/gu, (_, before, letter) => `${before}${letter.toUpperCase()}`)),
  typeof: typeName,
  string: (value) => (isScalar(value) && value !== null ? String(value) : null),
  number: toNumber,
  bool: toBool,
};

function onText(convert: (text: string) => string): (value: unknown) => unknown {
  return (value) => (typeof value === 'string' ? convert(value) : null);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Conversions that Segment does not document (segment-spec.md 6.2 [?]): what cannot be read as the type gives null. */
function toNumber(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function toBool(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (value === 'true' || value === 'false') return value === 'true';
  return null;
}
