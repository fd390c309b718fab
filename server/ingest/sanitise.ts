/**
 * What a database cannot hold, or a program trips over, is taken out of a parsed JSON value before anybody sees it
 * (reliability.md F8, T12, T13): NUL and lone surrogates in values and keys, keys that reach a prototype, numbers beyond
 * a double. Works in place: the value was parsed a moment ago and is nobody else's.
 */
export type Sanitised =
  | { readonly ok: true; readonly bytesMost: number }
  | { readonly ok: false; readonly problem: Excess };
export type Excess = 'nested too deep' | 'too many keys';

export interface SanitiseLimits {
  readonly depth: number;
  readonly keys: number;
}

/** As JSON, a character takes at most six bytes, a value beside its text a number's length, quotes and a comma. */
const escapedBytes = 6;
const pieceBytes = 32;

/**
 * `escapes`: whether the JSON text had any `\u`; without one no string can hold a NUL or a lone surrogate.
 * `bytesMost` bounds the length of the value as JSON: enough to tell nearly every event from one that is too large.
 */
export function sanitise(value: unknown, limits: SanitiseLimits, escapes: boolean): Sanitised {
  const walk: Walk = { ...limits, keysSeen: 0, chars: 0, escapes };
  const problem = cleanInside(value, walk, 1);
  return problem === undefined
    ? { ok: true, bytesMost: walk.chars * escapedBytes + (walk.keysSeen + 1) * pieceBytes }
    : { ok: false, problem };
}

/** The same text with U+FFFD where a lone surrogate stood, and without NUL: PostgreSQL takes neither (22P02, 22P05). */
export const cleanText = (text: string): string =>
  unstorable.test(text) ? text.replace(/\0/g, '').replace(/\p{Surrogate}/gu, '\ufffd') : text;

/** With the u flag a pair is one character, so this finds lone surrogates only. */
const unstorable = /[\0\p{Surrogate}]/u;

interface Walk extends SanitiseLimits {
  readonly escapes: boolean;
  keysSeen: number;
  chars: number;
}

function cleanInside(value: unknown, walk: Walk, depth: number): Excess | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > walk.depth) return 'nested too deep';
  return Array.isArray(value)
    ? cleanArray(value, walk, depth)
    : cleanObject(value as Record<string, unknown>, walk, depth);
}

function cleanArray(list: unknown[], walk: Walk, depth: number): Excess | undefined {
  walk.keysSeen += list.length;
  if (walk.keysSeen > walk.keys) return 'too many keys';
  for (let i = 0; i < list.length; i += 1) {
    const problem = cleanInside(list[i], walk, depth + 1);
    if (problem !== undefined) return problem;
    if (typeof list[i] !== 'object') list[i] = cleanScalar(list[i], walk);
  }
  return undefined;
}

function cleanObject(object: Record<string, unknown>, walk: Walk, depth: number): Excess | undefined {
  for (const key of Object.keys(object)) {
    walk.keysSeen += 1;
    if (walk.keysSeen > walk.keys) return 'too many keys';
    const value = object[key];
    walk.chars += key.length;
    const name = walk.escapes ? cleanText(key) : key;
    if (name !== key || reachesPrototype(name, value)) delete object[key];
    if (reachesPrototype(name, value)) continue;
    const problem = cleanInside(value, walk, depth + 1);
    if (problem !== undefined) return problem;
    const clean = typeof value === 'object' ? value : cleanScalar(value, walk);
    if (clean !== value || name !== key) object[name] = clean;
  }
  return undefined;
}

/** `constructor` alone is an ordinary word (a racing team's property); with a `prototype` inside it is an attack. */
const reachesPrototype = (key: string, value: unknown): boolean =>
  key === '__proto__' ||
  (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype'));

function cleanScalar(value: unknown, walk: Walk): unknown {
  if (typeof value === 'string') {
    walk.chars += value.length;
    return walk.escapes ? cleanText(value) : value;
  }
  // JSON.parse reads 1e999 as Infinity, which JSON.stringify would write as null: say so now.
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  return value;
}
