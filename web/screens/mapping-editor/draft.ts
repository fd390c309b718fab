import { type ActionDefinition, defaultFields, type FieldDefinition } from '../../../contract/catalog.ts';
import { parseFql } from '../../../contract/fql-parse.ts';
import type { CatalogEntry } from '../../api/destinations.ts';
import type { Fields, MappingDraft, StoredMapping } from '../../api/mappings.ts';
import type { FieldProblems } from '../../ui/form.tsx';

export type Action = CatalogEntry['actions'][number];
export type Field = Action['fields'][number];

/** What a new mapping starts with: the action's defaults, the only ad account, the audience one comes from. */
export function newDraft(action: Action, { key, advertiserId }: { key: string; advertiserId: string }): MappingDraft {
  const fields: Fields = defaultFields(definitionOf(action));
  const known = Object.fromEntries(
    [
      ['selected_advertiser_id', advertiserId],
      ['personas_audience_key', key],
    ].filter(([name, value]) => value !== '' && action.fields.some((field) => field.key === name)),
  ) as Fields;
  return {
    name: nameOf(action, key),
    actionSlug: action.slug,
    trigger: action.defaultTrigger,
    settings: { ...fields, ...known },
    enabled: false,
  };
}

export const nameOf = (action: Action, key: string): string =>
  key !== '' && hasField(action, 'personas_audience_key') ? `${action.name}: ${key}` : action.name;

export const hasField = (action: Action, key: string): boolean => action.fields.some((field) => field.key === key);

export const draftOf = ({ name, actionSlug, trigger, settings, enabled }: StoredMapping): MappingDraft => ({
  name,
  actionSlug,
  trigger,
  // What is stored is JSON (server/destinations/stored-mappings.ts).
  settings: settings as Fields,
  enabled,
});

/** The catalog says `null` where it has no default. */
function definitionOf(action: Action): ActionDefinition {
  const fields = action.fields.map(
    ({ default: first, ...field }) =>
      ({ ...field, ...(first === null ? {} : { default: first }) }) as unknown as FieldDefinition,
  );
  return { ...action, fields };
}

const flags = ['send_email', 'send_phone', 'send_advertising_id'];

/** What keeps a mapping from being saved, by the name of its field; the server looks again. */
export function problemsOf(draft: MappingDraft, action: Action): FieldProblems {
  const { settings } = draft;
  const text = (key: string): string => (typeof settings[key] === 'string' ? settings[key].trim() : '');
  const problems: Partial<Record<string, string>> = {};
  if (draft.name.trim() === '') problems['name'] = 'Give the mapping a name.';
  if (!parseFql(draft.trigger).ok) problems['trigger'] = 'The trigger cannot be read.';
  if (hasField(action, 'selected_advertiser_id') && isEmpty(settings['selected_advertiser_id']))
    problems['selected_advertiser_id'] = 'Choose the ad account.';
  if (hasField(action, 'personas_audience_key') && text('personas_audience_key') === '')
    problems['personas_audience_key'] = 'Choose the audience. Without a key nobody passes.';
  const sends = flags.filter((flag) => hasField(action, flag));
  if (sends.length > 0 && sends.every((flag) => settings[flag] === false))
    problems['send_email'] = 'Turn on at least one; otherwise nobody can be sent.';
  const [name, key] = [text('custom_audience_name'), text('personas_audience_key')];
  if (name !== '' && key !== '' && name !== key && isEmpty(settings['audience_id']))
    problems['custom_audience_name'] =
      'Name and key must be the same, or no event passes. To send to another TikTok audience choose it by ID.';
  return problems;
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';
