import type { FieldDefinition, FieldType } from '../../contract/catalog.ts';

/** Why a field's value cannot be used, or the value (undefined: absent). */
export type Cleaned = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

export type FieldCleaner = (value: unknown) => Cleaned;

const absent: Cleaned = { ok: true, value: undefined };

/**
 * What Segment does to a field between mapping and action, the same for single events and batches (segment-spec.md 4.3,
 * defect 24 of 7.8): empty values are removed, then types are coerced as AJV does with `coerceTypes: 'array'`.
 */
export function fieldCleaner(field: FieldDefinition): FieldCleaner {
  const coerce = coercions[field.type];
  const failure: Cleaned = {
    ok: false,
    message: field.multiple ? `should be a list of type ${field.type}` : `should be a ${field.type}`,
  };
  if (field.multiple) return listCleaner(field.type, failure);
  return (value) => {
    // The usual case first: a text that stays as it is.
    if (typeof value === 'string' && field.type === 'string') return value === '' ? absent : { ok: true, value };
    if (value === undefined || value === null || value === '') return absent;
    const coerced = coerceOne(value, coerce);
    return coerced === undefined ? failure : { ok: true, value: coerced };
  };
}

/** One field of a mapping: its cleaned value in the source (the event, or what a root directive made of it). */
export interface FieldPlan {
  readonly key: string;
  readonly read: (source: unknown) => Cleaned;
}

/** Works out all fields; every problem is told, not just the first. */
export function cleanFields(
  fields: readonly FieldPlan[],
  source: unknown,
): { readonly values: Record<string, unknown>; readonly problems: { field: string; message: string }[] } {
  const values: Record<string, unknown> = {};
  const problems: { field: string; message: string }[] = [];
  for (const { key, read } of fields) {
    const cleaned = read(source);
    if (!cleaned.ok) problems.push({ field: key, message: cleaned.message });
    else if (cleaned.value !== undefined) values[key] = cleaned.value;
  }
  return { values, problems };
}

function listCleaner(type: FieldType, failure: Cleaned): FieldCleaner {
  const coerce = coercions[type];
  return (value) => {
    if (value === undefined || value === null || value === '') return absent;
    const items = Array.isArray(value) ? value : [value];
    const result: unknown[] = [];
    for (const item of items) {
      if (item === null || item === undefined || (item === '' && type !== 'string')) continue;
      const coerced = coerceOne(item, coerce);
      if (coerced === undefined) return failure;
      result.push(coerced);
    }
    return { ok: true, value: result };
  };
}

type Coerce = (value: unknown) => unknown;

/** AJV looks into a list of one item. */
function coerceOne(value: unknown, coerce: Coerce): unknown {
  return coerce(Array.isArray(value) && value.length === 1 ? value[0] : value);
}

/** AJV's own table (ajv.js.org, "Type coercion rules"); undefined: cannot be coerced. */
const coercions: Readonly<Record<FieldType, Coerce>> = {
  string(value) {
    if (typeof value === 'string') return value;
    if (value === null) return '';
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  },
  number: toNumber,
  integer(value) {
    const number = toNumber(value);
    return number !== undefined && number % 1 === 0 ? number : undefined;
  },
  boolean(value) {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 1) return true;
    return value === 'false' || value === 0 || value === null ? false : undefined;
  },
};

function toNumber(value: unknown): number | undefined {
  if (value === null) return 0;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number' && (typeof value !== 'string' || value === '')) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
