import type { MappingJson } from '../../../contract/mapping-kit.ts';
import { parseMapping } from '../../../contract/mapping-kit-parse.ts';
import { printMapping } from '../../../contract/mapping-kit-print.ts';

/**
 * How a field of a mapping is edited: as an event variable, a value or a function; whatever else the mapping kit can say is
 * edited as JSON. A form is only shown for JSON that it writes back the same.
 */
export type FieldInput =
  | { readonly kind: 'variable'; readonly text: string }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'function'; readonly of: FunctionInput }
  | { readonly kind: 'json'; readonly text: string };

/** `value` and its like are variables as they are typed: a path, or a text with {{paths}} in it. */
export type FunctionInput =
  | { readonly name: 'coalesce'; readonly value: string; readonly otherwise: string }
  | { readonly name: 'case'; readonly operator: 'lower' | 'upper'; readonly value: string }
  | { readonly name: 'replace'; readonly find: string; readonly replacement: string; readonly value: string }
  | { readonly name: 'flatten'; readonly separator: string; readonly value: string }
  | { readonly name: 'json'; readonly mode: string; readonly value: string }
  | { readonly name: 'liquid'; readonly template: string };

export const functionNames = {
  coalesce: 'Coalesce',
  case: 'Case',
  replace: 'Replace',
  flatten: 'Flatten',
  json: 'JSON',
  liquid: 'Liquid',
} as const;
export type FunctionName = keyof typeof functionNames;

export const emptyFunction: { readonly [Name in FunctionName]: FunctionInput & { name: Name } } = {
  coalesce: { name: 'coalesce', value: '', otherwise: '' },
  case: { name: 'case', operator: 'lower', value: '' },
  replace: { name: 'replace', find: '', replacement: '', value: '' },
  flatten: { name: 'flatten', separator: '.', value: '' },
  json: { name: 'json', mode: 'encode', value: '' },
  liquid: { name: 'liquid', template: '' },
};

export function inputOf(json: MappingJson | undefined): FieldInput {
  if (json === undefined) return { kind: 'value', value: null };
  const guess = guessOf(json);
  if (guess !== undefined && same(jsonOf(guess), json)) return guess;
  return { kind: 'json', text: JSON.stringify(json, null, 2) };
}

/** Undefined where the JSON cannot be read; then nothing of it is kept but its text. */
export function jsonOf(input: FieldInput): MappingJson | undefined {
  switch (input.kind) {
    case 'variable':
      return variableJson(input.text);
    case 'value':
      return input.value;
    case 'function':
      return functionJson(input.of);
    case 'json':
      return parsed(input.text);
  }
}

/** "context.traits.email, else properties.email": a function as a sentence. */
export function sentenceOf(of: FunctionInput): string {
  switch (of.name) {
    case 'coalesce':
      return `${of.value || '…'}, else ${of.otherwise || '…'}`;
    case 'case':
      return `${of.value || '…'} in ${of.operator} case`;
    case 'replace':
      return `${of.value || '…'} with “${of.find}” replaced by “${of.replacement}”`;
    case 'flatten':
      return `${of.value || '…'} flattened by “${of.separator}”`;
    case 'json':
      return `${of.value || '…'} as JSON (${of.mode})`;
    case 'liquid':
      return 'a Liquid template';
  }
}

/** A path alone, or a text with paths in it: `+1{{context.traits.phone}}`. */
export function variableJson(text: string): MappingJson {
  if (text.includes('{{')) return { '@template': text };
  return { '@path': `$.${text.trim().replace(/^\$\.?/, '')}` };
}

function variableText(json: MappingJson | undefined): string | undefined {
  if (!isObject(json)) return undefined;
  const { '@path': path, '@template': template } = json;
  if (typeof path === 'string') return path.replace(/^\$\./, '');
  return typeof template === 'string' ? template : undefined;
}

function guessOf(json: MappingJson): FieldInput | undefined {
  if (json === null || typeof json !== 'object') return { kind: 'value', value: json };
  const text = variableText(json);
  if (text !== undefined) return { kind: 'variable', text };
  const of = functionOf(json);
  return of && { kind: 'function', of };
}

function functionOf(json: MappingJson): FunctionInput | undefined {
  if (!isObject(json)) return undefined;
  const [name, ...others] = Object.keys(json);
  const body = name === undefined || others.length > 0 ? undefined : json[name];
  if (name === '@liquid' && typeof body === 'string') return { name: 'liquid', template: body };
  if (!isObject(body)) return undefined;
  const value = variableText(body['value']) ?? '';
  switch (name) {
    case '@if':
      return {
        name: 'coalesce',
        value: variableText(body['exists']) ?? '',
        otherwise: variableText(body['else']) ?? '',
      };
    case '@case':
      return { name: 'case', operator: body['operator'] === 'upper' ? 'upper' : 'lower', value };
    case '@replace':
      return { name: 'replace', find: text(body['pattern']), replacement: text(body['replacement']), value };
    case '@flatten':
      return { name: 'flatten', separator: text(body['separator']), value };
    case '@json':
      return { name: 'json', mode: text(body['mode']), value };
    case undefined:
      return undefined;
    default:
      return undefined;
  }
}

function functionJson(of: FunctionInput): MappingJson {
  switch (of.name) {
    case 'coalesce': {
      const first = variableJson(of.value);
      return { '@if': { exists: first, then: first, else: variableJson(of.otherwise) } };
    }
    case 'case':
      return { '@case': { operator: of.operator, value: variableJson(of.value) } };
    case 'replace':
      return { '@replace': { pattern: of.find, replacement: of.replacement, value: variableJson(of.value) } };
    case 'flatten':
      return { '@flatten': { separator: of.separator, value: variableJson(of.value) } };
    case 'json':
      return { '@json': { mode: of.mode, value: variableJson(of.value) } };
    case 'liquid':
      return { '@liquid': of.template };
  }
}

function parsed(json: string): MappingJson | undefined {
  try {
    return JSON.parse(json) as MappingJson;
  } catch {
    return undefined;
  }
}

/** The same to the mapping kit, whatever the order of keys and the defaults that are written out. */
function same(a: MappingJson | undefined, b: MappingJson): boolean {
  const [one, other] = [parseMapping(a), parseMapping(b)];
  return one.ok && other.ok && sorted(printMapping(one.value)) === sorted(printMapping(other.value));
}

const sorted = (json: MappingJson): string =>
  JSON.stringify(json, (_, value: MappingJson) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );

type JsonObject = { readonly [key: string]: MappingJson };
const isObject = (json: MappingJson | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
const text = (json: MappingJson | undefined): string => (typeof json === 'string' ? json : '');
