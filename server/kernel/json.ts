/** A value that came out of a JSON text. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An own property of JSON, so that `constructor` or `__proto__` in a path reads nothing (reliability.md 4.1, T13). What
 * objects and lists inherit are functions and the prototype itself; asking for those alone is cheaper than asking always.
 */
export function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = (value as Record<string, unknown>)[key];
  const inheritable = typeof found === 'function' || key === '__proto__';
  return inheritable && !Object.hasOwn(value, key) ? undefined : found;
}
