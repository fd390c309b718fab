import { isObject } from '../kernel/json.ts';

/** A mapping that cannot be worked out for one event. Its message never holds a value of the event (I13). */
export class KitError extends Error {
  override readonly name = 'KitError';
}

export const isUnset = (value: unknown): value is null | undefined => value === null || value === undefined;

/** The text of a value inside a template: nothing for null, lists joined by commas, "[object Object]" (segment-spec.md 5.3). */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isUnset(value)) return '';
  // Not String(value): an event may hold an own `toString` that is no function.
  if (Array.isArray(value)) return value.map(toText).join(',');
  return typeof value === 'object' ? '[object Object]' : String(value);
}

/** Removes undefined members from objects at every level; lists keep their slots (segment-spec.md 5.1). */
export function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined && key !== '__proto__') {
      result[key] = typeof member === 'object' && member !== null ? withoutUnset(member) : member;
    }
  }
  return result;
}

/** null becomes nothing; null members of objects go at every object level; lists stay (segment-spec.md 5.13). */
export function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== null && key !== '__proto__') result[key] = withoutNulls(member);
  }
  return result;
}

/** `{"a.b": 1}` of `{"a": {"b": 1}}`; empty objects vanish, a bare value stands under "" (segment-spec.md 5.10). */
export function flatten(value: unknown, options: { separator: string; omitArrays: boolean }): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const walk = (found: unknown, prefix: string): void => {
    if (isObject(found) || (Array.isArray(found) && !options.omitArrays)) {
      for (const [key, member] of Object.entries(found))
        walk(member, prefix ? `${prefix}${options.separator}${key}` : key);
    } else if (prefix !== '__proto__') result[prefix] = found;
  };
  walk(value, '');
  return result;
}
