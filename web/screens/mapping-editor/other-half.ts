import type { Fields, MappingDraft, StoredMapping } from '../../api/mappings.ts';

/** Which action undoes which (server/api/counterpart.ts). */
const halves: Readonly<Record<string, string>> = {
  addUser: 'removeUser',
  removeUser: 'addUser',
  addToAudience: 'removeFromAudience',
  removeFromAudience: 'addToAudience',
};
/** What makes two mappings a pair: which people go where. */
const telling = ['selected_advertiser_id', 'personas_audience_key', 'audience_id', 'custom_audience_name'];

/** The other half of a pair, as long as it still is one before the change. */
export function otherHalf(
  mapping: StoredMapping,
  before: Pick<MappingDraft, 'settings'>,
  all: readonly StoredMapping[],
): StoredMapping | undefined {
  const slug = halves[mapping.actionSlug];
  const alike = (one: StoredMapping): boolean =>
    telling.every((key) => JSON.stringify(one.settings[key]) === JSON.stringify(before.settings[key]));
  return all.find((one) => one.actionSlug === slug && alike(one));
}

/** The other half with the same fields changed; those that differ anyway stay as they are. */
export function changedAlike(half: StoredMapping, before: Fields, after: Fields): Fields {
  const settings: Record<string, Fields[string]> = { ...(half.settings as Fields) };
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[key], after[key]];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    if (is === undefined) delete settings[key];
    else settings[key] = is;
  }
  return settings;
}

export const fieldsDiffer = (before: Fields, after: Fields): boolean =>
  Object.keys({ ...before, ...after }).some((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
