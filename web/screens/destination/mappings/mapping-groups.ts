import type { StoredMapping } from '../../../api/mappings.ts';

/** The mappings of one audience, or of all (the native actions), with what is wrong with them. */
export interface MappingGroup {
  /** The Audience Key; null: one pair for all audiences. */
  readonly key: string | null;
  readonly mappings: readonly StoredMapping[];
  /** An add without a remove: people enter and never leave. */
  readonly lone: StoredMapping | undefined;
}

const adds = ['addUser', 'addToAudience'];
const removes = ['removeUser', 'removeFromAudience'];
const order = ['addUser', 'addToAudience', 'removeUser', 'removeFromAudience', 'syncAudience', 'createAudience'];

export const isAdd = ({ actionSlug }: Pick<StoredMapping, 'actionSlug'>): boolean => adds.includes(actionSlug);

/** By audience in alphabetical order, those for all audiences last; adds before removes. */
export function groupsOf(mappings: readonly StoredMapping[]): MappingGroup[] {
  const keys = [...new Set(mappings.map(audienceKeyOf))].sort((a, b) =>
    a === null ? 1 : b === null ? -1 : a.localeCompare(b),
  );
  return keys.map((key) => {
    const ofKey = mappings.filter((mapping) => audienceKeyOf(mapping) === key);
    const inOrder = ofKey.sort((a, b) => order.indexOf(a.actionSlug) - order.indexOf(b.actionSlug));
    return { key, mappings: inOrder, lone: loneIn(inOrder) };
  });
}

export function audienceKeyOf({ settings }: Pick<StoredMapping, 'settings'>): string | null {
  const key = settings['personas_audience_key'];
  return typeof key === 'string' && key !== '' ? key : null;
}

function loneIn(mappings: readonly StoredMapping[]): StoredMapping | undefined {
  const removed = mappings.some(({ actionSlug }) => removes.includes(actionSlug) || actionSlug === 'syncAudience');
  return removed ? undefined : mappings.find(isAdd);
}

/** From which part of the limit on it is worth saying. */
export const mappingsMany = (max: number): number => Math.floor(max * 0.8);
