import type { MappingJson } from './mapping-kit.ts';

/** Shapes of the catalog that the pages, the REST API and the mapping compiler share (segment-spec.md 4.2). */
export type FieldType = 'string' | 'number' | 'integer' | 'boolean';

export interface FieldDefinition {
  readonly key: string;
  readonly label: string;
  readonly description: string;
  readonly type: FieldType;
  /** `unless` names a field that, when mapped, makes this one dispensable. */
  readonly required: boolean | { readonly unless: string };
  /** An array of that type. */
  readonly multiple?: boolean;
  /** Copied into a mapping when it is created; never a fallback at run time (segment-spec.md 4.2). */
  readonly default?: MappingJson;
  /** Choices are fetched from TikTok while editing. */
  readonly dynamic?: boolean;
  /** Not shown outside "Advanced" and "Where the identifiers are"; its default still runs. */
  readonly hidden?: boolean;
  /** Personal data: masked wherever it is shown (I13). */
  readonly category?: 'hashedPII';
}

export interface ActionDefinition {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly defaultTrigger: string;
  readonly fields: readonly FieldDefinition[];
}

/** A ready-made mapping that the pages offer (segment-spec.md 4.6, 7.5). */
export interface Preset {
  readonly name: string;
  readonly actionSlug: string;
  readonly trigger: string;
  /** Segment's name of the event that the preset is for. */
  readonly eventSlug?: string;
}

/** A setting of a destination, or of one audience's connection to it. */
export interface SettingDefinition {
  readonly key: string;
  readonly label: string;
  readonly description: string;
  readonly type: FieldType;
  /** Absent: nothing. */
  readonly default?: string | number | boolean;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
}

export interface CatalogDestination {
  readonly metadataId: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly settings: readonly SettingDefinition[];
  /** Of each connection of an audience. */
  readonly audienceSettings: readonly SettingDefinition[];
  readonly actions: readonly ActionDefinition[];
  readonly presets: readonly Preset[];
}

/** What a new mapping of an action starts with: the defaults of its fields. */
export function defaultFields(action: ActionDefinition): Record<string, MappingJson> {
  const fields: Record<string, MappingJson> = {};
  for (const field of action.fields) if (field.default !== undefined) fields[field.key] = field.default;
  return fields;
}

/** A default as the mapping editor would say it: "context.traits.email, else properties.email". */
export function defaultWords(value: MappingJson | undefined): string {
  if (value === undefined || value === null) return '—';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.map(defaultWords).join(', ');
  const { '@path': path, '@if': choice } = value as Readonly<Record<string, MappingJson | undefined>>;
  if (typeof path === 'string') return path.replace(/^\$\./, '');
  if (typeof choice === 'object' && choice !== null && !Array.isArray(choice)) {
    const { then, else: otherwise } = choice as Readonly<Record<string, MappingJson | undefined>>;
    return `${defaultWords(then)}, else ${defaultWords(otherwise)}`;
  }
  return JSON.stringify(value);
}

/** Actions that have the very same fields side by side, so that a reference lists those once. */
export function groupByFields<A extends { readonly fields: readonly unknown[] }>(actions: readonly A[]): A[][] {
  const groups = new Map<string, A[]>();
  for (const action of actions) {
    const key = JSON.stringify(action.fields);
    groups.set(key, [...(groups.get(key) ?? []), action]);
  }
  return [...groups.values()];
}
