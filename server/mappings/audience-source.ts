/**
 * Which TikTok audiences a mapping can name, as far as the mapping itself and what is connected say, before any event.
 * It decides whether anything still feeds a target (rule 12): a field that comes from elsewhere may name any audience, so
 * doubt is a yes.
 */
import type { Mapping } from '../../contract/mapping-kit.ts';
import { type FieldMappings, literalOf } from './save-checks.ts';

type Source =
  | { readonly from: 'mapping'; readonly value: string }
  /** The key of the audience, or a setting of its connection: the same for all its events (segment-spec.md 2.4). */
  | { readonly from: 'key' | 'advertiserId' | 'audienceId' }
  | { readonly from: 'nowhere' | 'anywhere' };

export interface AudienceSource {
  readonly advertiser: Source;
  readonly id: Source;
  readonly name: Source;
  /** The audience key that the mapping is for; undefined where it is for all. */
  readonly audienceKey: string | undefined;
}

/** An audience that is connected to the destination. */
export interface ConnectedAudience {
  readonly key: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A TikTok audience; `null` where only the other one of name and id is known. */
export interface NamedAudience {
  readonly advertiserId: string;
  readonly name: string | null;
  readonly id: string | null;
}

const knownPaths: ReadonlyMap<string, Source> = new Map([
  ['properties.audience_key', { from: 'key' }],
  ['context.personas.computation_key', { from: 'key' }],
  ['context.personas.audience_settings.advertiserId', { from: 'advertiserId' }],
  ['context.personas.external_audience_id', { from: 'audienceId' }],
]);

export function audienceSource(mapped: FieldMappings, audienceKey: string | undefined): AudienceSource {
  const either = (...keys: readonly string[]): Source => {
    if (mapped === undefined) return { from: 'anywhere' };
    const sources = keys.map((key) => sourceOf(mapped.get(key))).filter((source) => source.from !== 'nowhere');
    const [only = { from: 'nowhere' } as const] = sources;
    return sources.length > 1 ? { from: 'anywhere' } : only;
  };
  return {
    advertiser: either('selected_advertiser_id', 'advertiser_id'),
    id: either('audience_id', 'external_audience_id'),
    name: either('custom_audience_name'),
    audienceKey,
  };
}

function sourceOf(mapping: Mapping | undefined): Source {
  if (mapping === undefined) return { from: 'nowhere' };
  const literal = literalOf(mapping);
  if (literal) {
    const value = String(literal.value ?? '').trim();
    return value === '' ? { from: 'nowhere' } : { from: 'mapping', value };
  }
  const path = mapping.kind === '@path' ? literalOf(mapping.path)?.value : undefined;
  return (typeof path === 'string' && knownPaths.get(path.replace(/^\$\./, ''))) || { from: 'anywhere' };
}

/** Whether events of what is connected, or direct events, can make the mapping name this audience. */
export function mayName(
  source: AudienceSource,
  connected: readonly ConnectedAudience[],
  audience: NamedAudience,
): boolean {
  const mine = connected.filter(({ key }) => source.audienceKey === undefined || key === source.audienceKey);
  return [...mine, undefined].some((one) => namesIt(source, one, audience));
}

/** `from` undefined: a direct event, which knows neither key nor connection. */
function namesIt(source: AudienceSource, from: ConnectedAudience | undefined, audience: NamedAudience): boolean {
  if (!fits(valueFrom(source.advertiser, from), audience.advertiserId)) return false;
  const id = valueFrom(source.id, from);
  if (id === anything) return true;
  return id === undefined ? fits(valueFrom(source.name, from), audience.name) : id === audience.id;
}

const anything = Symbol('anything');
type Value = string | typeof anything | undefined;

const fits = (value: Value, wanted: string | null): boolean =>
  value === anything || (value !== undefined && value === wanted);

function valueFrom(source: Source, connected: ConnectedAudience | undefined): Value {
  switch (source.from) {
    case 'anywhere':
      return anything;
    case 'nowhere':
      return undefined;
    case 'mapping':
      return source.value;
    case 'key':
      return connected?.key;
    case 'advertiserId':
    case 'audienceId':
      return textOf(connected?.settings[source.from]);
  }
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return text === '' ? undefined : text;
}
