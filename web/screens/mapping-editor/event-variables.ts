import { maskValue } from '../../ui/mask.ts';

/** A path that a mapping can read, with what stands there in the test event. */
export interface EventVariable {
  readonly path: string;
  readonly sample: string;
  readonly group: 'Event' | 'Properties' | 'Traits' | 'Context';
}

const depthMax = 6;
const groups = { properties: 'Properties', traits: 'Traits', context: 'Context' } as const;
const isGroup = (key: string): key is keyof typeof groups => Object.hasOwn(groups, key);

/** Every leaf of an event that a path can reach: a key with a dot in it cannot be. */
export function variablesOf(event: unknown): EventVariable[] {
  if (!isObject(event)) return [];
  return Object.entries(event).flatMap(([key, value]) => {
    const group = isGroup(key) ? groups[key] : 'Event';
    return leaves(value, [key]).map(({ path, value: leaf }) => ({ path, sample: shown(leaf), group }));
  });
}

function leaves(value: unknown, keys: readonly string[]): { path: string; value: unknown }[] {
  if (keys.at(-1)?.includes('.')) return [];
  if (!isObject(value) || keys.length >= depthMax) return [{ path: keys.join('.'), value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...keys, key]));
}

/** I13: what looks like an identifier is masked; other texts help to choose. */
export function shown(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'nothing';
  const masked = maskValue(value);
  return masked.endsWith('•••') && !value.includes('@') ? value : masked;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
