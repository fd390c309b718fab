import type { SegmentEvent } from '../../contract/segment-event.ts';
import { evaluate, type MappingPlan, rawIdentifiers, workOutFields } from './evaluate.ts';
import type { Evaluation, MappingProblem, TargetRef } from './evaluation.ts';
import type { SkippedIdentifier, Variant } from './identifiers.ts';

/** What a mapping would do with an event, without a plain identifier in it (I13). */
export interface Explanation {
  readonly matched: boolean;
  readonly fields: readonly ExplainedField[];
  readonly result:
    | {
        readonly kind: 'people' | 'nobody';
        readonly direction: 'add' | 'remove';
        readonly target: TargetRef | null;
        readonly reason: string | null;
        readonly left: readonly SkippedIdentifier[];
      }
    | { readonly kind: 'filtered' | 'invalid'; readonly reason: string; readonly problems: readonly MappingProblem[] };
  /** The body of the call that it alone would make, or null. An audience not yet looked up stands as `<its name>`. */
  readonly request: ExplainedRequest | null;
}

export interface ExplainedField {
  readonly key: string;
  readonly label: string;
  /** Masked where it is personal data. */
  readonly value: unknown;
  /** Lower-case hex; of the identifiers only. */
  readonly hashes: readonly string[];
}

export interface ExplainedRequest {
  readonly advertiser_ids: readonly string[];
  readonly action: 'add' | 'delete';
  readonly id_schema: readonly string[];
  readonly batch_data: readonly (readonly (
    | { readonly id: string; readonly audience_ids: readonly string[] }
    | Record<string, never>
  )[])[];
}

/** TikTok's names of the hash types, in our order (tiktok-api.md 4.2). */
const schemaNames = ['EMAIL_SHA256', 'PHONE_SHA256', 'IDFA_SHA256', 'AAID_SHA256'] as const;

export function explain(plan: MappingPlan, asked: { event: SegmentEvent; matched: boolean }): Explanation {
  const evaluation = evaluate(plan, asked.event);
  return {
    matched: asked.matched,
    fields: explainFields(plan, asked.event),
    result: withoutHashes(evaluation),
    request: evaluation.kind === 'people' ? requestOf(evaluation) : null,
  };
}

function explainFields(plan: MappingPlan, event: SegmentEvent): ExplainedField[] {
  const found = workOutFields(plan, event);
  if (!found.ok) return [];
  const { values } = found;
  const raw = rawIdentifiers(plan, values);
  const { variants } = plan.identify(raw);
  const hashesOf = (types: readonly number[]): string[] =>
    types.flatMap((type) => variants.flatMap((variant) => variant.hashes[type]?.toString('hex') ?? []));
  const secrets = ['email', 'phone', 'advertising_id'].map((key) => values[key]).filter(isText);
  return plan.action.fields
    .filter((field) => values[field.key] !== undefined)
    .map((field) => ({
      key: field.key,
      label: field.label,
      value: mask(values[field.key], { personal: field.category === 'hashedPII', secrets }),
      hashes: hashesOf(typesOf.get(field.key) ?? []),
    }));
}

const typesOf: ReadonlyMap<string, readonly number[]> = new Map([
  ['email', [0]],
  ['phone', [1]],
  ['advertising_id', [2, 3]],
]);

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Bounded, so that a long text without an @ costs no square (T14). */
const emailLike = /[^\s@]{1,64}@[^\s@]{1,255}/g;

/** Personal data keeps its first character; elsewhere the same values, and whatever looks like an address, go too. */
function mask(value: unknown, { personal, secrets }: { personal: boolean; secrets: readonly string[] }): unknown {
  if (typeof value !== 'string') return personal ? '***' : value;
  if (personal) return value.trim() === '' ? value : `${[...value.trim()][0]}***`;
  if (secrets.some((secret) => value.includes(secret))) return '***';
  return value.replace(emailLike, '***@***');
}

function withoutHashes(evaluation: Evaluation): Explanation['result'] {
  switch (evaluation.kind) {
    case 'people':
    case 'nobody': {
      const { kind, direction, target, left } = evaluation;
      return { kind, direction, target, left, reason: evaluation.kind === 'nobody' ? evaluation.reason : null };
    }
    case 'filtered':
      return { kind: 'filtered', reason: evaluation.reason, problems: [] };
    case 'invalid':
      return { kind: 'invalid', reason: evaluation.reason, problems: evaluation.problems };
  }
}

function requestOf(evaluation: Evaluation & { kind: 'people' }): ExplainedRequest {
  const { target, variants } = evaluation;
  const types = schemaNames.map((_, type) => type).filter((type) => variants.some((variant) => variant.hashes[type]));
  const audience = target.audience.by === 'id' ? target.audience.id : `<${target.audience.name}>`;
  return {
    advertiser_ids: [target.advertiserId],
    action: evaluation.direction === 'add' ? 'add' : 'delete',
    id_schema: types.map((type) => schemaNames[type] ?? ''),
    batch_data: variants.map((variant) => row(variant, types, audience)),
  };
}

function row(variant: Variant, types: readonly number[], audience: string): ExplainedRequest['batch_data'][number] {
  return types.map((type) => {
    const hash = variant.hashes[type];
    return hash ? { id: hash.toString('hex'), audience_ids: [audience] } : {};
  });
}
