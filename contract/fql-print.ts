import type { FqlExpression, FqlLiteral, FqlOperand, FqlPath } from './fql.ts';

/** Writes a trigger so that reading it gives the same tree, and Segment's own library reads the simple ones alike. */
export function printFql(expression: FqlExpression): string {
  switch (expression.kind) {
    case 'or':
      return expression.parts.map(printFql).join(' or ');
    case 'and':
      return expression.parts
        .map((part) => (part.kind === 'or' ? `(${printFql(part)})` : printFql(part)))
        .join(' and ');
    case 'not':
      return `!(${printFql(expression.part)})`;
    case 'compare':
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`;
    case 'in':
      return `${printOperand(expression.item)} in ${printList(expression.list)}`;
    case 'contains':
      return `${bang(expression)}contains(${printOperand(expression.text)}, ${printOperand(expression.part)})`;
    case 'match':
      return `${bang(expression)}match(${printOperand(expression.text)}, ${printText(expression.glob)})`;
    case 'truth':
      return printOperand(expression.operand);
  }
}

const bang = (test: { negated: boolean }): string => (test.negated ? '!' : '');

const printList = (list: readonly FqlLiteral[] | FqlPath): string =>
  'kind' in list ? printOperand(list) : `[${list.map(printOperand).join(', ')}]`;

function printOperand(operand: FqlOperand): string {
  switch (operand.kind) {
    case 'literal':
      return typeof operand.value === 'string' ? printText(operand.value) : String(operand.value);
    case 'path':
      return operand.keys.map(printKey).join('.');
    case 'call':
      return `${operand.name}(${printOperand(operand.argument)})`;
  }
}

const printText = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

const words = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'not']);

/** Escapes what a key may not hold bare, its first character too where the key would read as a number or a word. */
function printKey(key: string, place: number): string {
  const escaped = key.replace(/[^a-zA-Z0-9_-]/g, '\\$&');
  const bareFirst = place > 0 || (/^[a-zA-Z_\\]/.test(escaped) && !words.has(key.toLowerCase()));
  return bareFirst ? escaped : `\\${escaped}`;
}
