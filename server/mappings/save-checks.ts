import type { ActionDefinition, FieldDefinition } from '../../contract/catalog.ts';
import type { Mapping } from '../../contract/mapping-kit.ts';
import type { MappingProblem } from './evaluation.ts';
import { fieldCleaner } from './fields.ts';

/** The field keys of a mapping with what they hold; undefined where one directive makes the whole. */
export type FieldMappings = ReadonlyMap<string, Mapping> | undefined;

export function fieldMappings(mapping: Mapping): FieldMappings {
  if (mapping.kind !== 'object') return undefined;
  return new Map(mapping.entries.map(({ key, value }) => [key, value]));
}

/** What can be told about a mapping before any event comes (design.md 7, "Actions"). */
export function checkFields(action: ActionDefinition, mapped: FieldMappings): MappingProblem[] {
  return [
    ...(mapped === undefined
      ? []
      : [...unknownFields(action, mapped), ...missingFields(action, mapped), ...wrongLiterals(action, mapped)]),
    ...audienceKeyProblems(action, mapped),
    ...allFlagsOff(mapped),
  ];
}

/** A value that does not depend on the event. */
export function literalOf(mapping: Mapping | undefined): { readonly value: unknown } | undefined {
  if (mapping?.kind === 'literal') return { value: mapping.value };
  if (mapping?.kind === '@literal') return literalOf(mapping.value);
  if (mapping?.kind !== 'array') return undefined;
  const items = mapping.items.map(literalOf);
  return items.every((item) => item !== undefined) ? { value: items.map((item) => item.value) } : undefined;
}

export const sendFlags = ['send_email', 'send_phone', 'send_advertising_id'] as const;

/** Segment's own bookkeeping keys (segment-spec.md 4.7). */
const reservedPrefix = '__segment_internal_';

function unknownFields(action: ActionDefinition, mapped: ReadonlyMap<string, Mapping>): MappingProblem[] {
  const known = new Set(action.fields.map((field) => field.key));
  return [...mapped.keys()]
    .filter((key) => !known.has(key) && !key.startsWith(reservedPrefix))
    .map((key) => ({ field: key, message: `is no field of ${action.name}` }));
}

function missingFields(action: ActionDefinition, mapped: ReadonlyMap<string, Mapping>): MappingProblem[] {
  return action.fields
    .filter((field) => isRequired(field, mapped) && !isFilled(mapped.get(field.key)))
    .map((field) => ({ field: field.key, message: 'is required' }));
}

function isRequired({ required }: FieldDefinition, mapped: ReadonlyMap<string, Mapping>): boolean {
  return typeof required === 'boolean' ? required : !isFilled(mapped.get(required.unless));
}

function isFilled(mapping: Mapping | undefined): boolean {
  const literal = literalOf(mapping);
  if (literal === undefined) return mapping !== undefined;
  return literal.value !== null && String(literal.value).trim() !== '';
}

function wrongLiterals(action: ActionDefinition, mapped: ReadonlyMap<string, Mapping>): MappingProblem[] {
  return action.fields.flatMap((field) => {
    const mapping = mapped.get(field.key);
    if (mapping?.kind === 'object' || (mapping?.kind === 'array' && !field.multiple)) {
      return [{ field: field.key, message: `should be a ${field.type}` }];
    }
    const literal = literalOf(mapping);
    const cleaned = literal && fieldCleaner(field)(literal.value);
    return cleaned?.ok === false ? [{ field: field.key, message: cleaned.message }] : [];
  });
}

/** The key is a literal, so that a mapping serves one audience whatever an event says (segment-spec.md 0, step 10). */
function audienceKeyProblems(action: ActionDefinition, mapped: FieldMappings): MappingProblem[] {
  const field = 'personas_audience_key';
  if (!action.fields.some(({ key }) => key === field)) return [];
  const mapping = mapped?.get(field);
  if (mapping === undefined)
    return mapped === undefined
      ? [{ field, message: 'must be typed in, so it cannot come from a directive over all fields' }]
      : [];
  return literalOf(mapping) === undefined
    ? [{ field, message: 'must be typed in: the Audience Key itself, not a place in the event' }]
    : [];
}

function allFlagsOff(mapped: FieldMappings): MappingProblem[] {
  const off = sendFlags.every((flag) => [false, 'false', 0].some((no) => literalOf(mapped?.get(flag))?.value === no));
  if (!off) return [];
  return [
    {
      field: 'send_email',
      message: 'or "Send Phone Number?" or "Send Mobile Advertising ID?" must be on: nothing would be sent',
    },
  ];
}
