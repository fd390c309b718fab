import type { Json } from '../kernel/json.ts';

/** Enough to see what is wrong with an event, never more than a page of it. */
const depthMax = 8;
const keysMax = 50;
const itemsMax = 5;
const keyLengthMax = 60;

/**
 * The shape of a value: keys and types stay, values go (I13). `{"email":"[string 17]"}`. A key that could itself be an
 * identifier (an e-mail address, a number, a long code) is masked as well.
 */
export function mask(value: unknown, depth = 0): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return `[string ${value.length}]`;
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depth >= depthMax) return '[deeper]';
  if (Array.isArray(value)) return maskArray(value, depth);
  const shown = Object.entries(value).slice(0, keysMax);
  const masked: Record<string, Json> = Object.fromEntries(shown.map(([key, v]) => [maskKey(key), mask(v, depth + 1)]));
  const left = Object.keys(value).length - shown.length;
  if (left > 0) masked['…'] = `[${left} more]`;
  return masked;
}

function maskArray(list: unknown[], depth: number): Json {
  const shown = list.slice(0, itemsMax).map((item) => mask(item, depth + 1));
  return list.length > itemsMax ? [...shown, `[${list.length - itemsMax} more]`] : shown;
}

const plainKey = /^[\p{L}_$][\p{L}\p{N}_$ .:-]*$/u;
const maskKey = (key: string): string =>
  key.length <= keyLengthMax && plainKey.test(key) && !/\d{5}/.test(key) ? key : `[key ${key.length}]`;
