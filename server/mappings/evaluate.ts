import type { ActionDefinition } from '../../contract/catalog.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import type { Direction, Evaluation, MappingProblem, TargetRef } from './evaluation.ts';
import { cleanFields, type FieldPlan } from './fields.ts';
import type { Identified, RawIdentifiers, SkippedIdentifier } from './identifiers.ts';
import { KitError } from './kit-values.ts';
import { computationKeyOf, membershipOf } from './membership.ts';

/** A mapping ready to be worked out; everything that does not depend on the event is decided. */
export interface MappingPlan {
  readonly action: ActionDefinition;
  readonly effect: 'add' | 'remove' | 'membership' | 'none';
  /** What the fields are read from: the event itself, or what one directive over all fields makes of it. */
  readonly source: (event: SegmentEvent) => unknown;
  readonly fields: readonly FieldPlan[];
  /** Send flags that the mapping does not hold: saved before the field existed, so they are on. */
  readonly flagsOn: ReadonlySet<string>;
  /** The literal `personas_audience_key`; undefined where the action has none. */
  readonly audienceKey: string | undefined;
  readonly identify: (raw: RawIdentifiers) => Identified;
}

type Values = Readonly<Record<string, unknown>>;

/** Trigger asked already: fields → audience key → target → direction → identifiers (design.md 2, stage 4). */
export function evaluate(plan: MappingPlan, event: SegmentEvent): Evaluation {
  if (plan.effect === 'none') return { kind: 'filtered', reason: `${plan.action.slug} changes no membership` };
  const key = computationKeyOf(event);
  // Before anything else: an event of another audience is nobody's mistake, whatever its fields hold (design.md 7).
  if (plan.audienceKey !== undefined && key !== undefined && key !== plan.audienceKey) return keyDiffers;
  const fields = workOutFields(plan, event);
  if (!fields.ok) return invalid(fields.problems);
  const { values } = fields;
  if (
    plan.audienceKey !== undefined &&
    key === undefined &&
    textOf(values, 'custom_audience_name')?.trim() !== plan.audienceKey
  ) {
    return keyDiffers;
  }
  const target = targetOf(values);
  if ('message' in target) return invalid([target]);
  const direction = directionOf(plan, event);
  if (direction === undefined) {
    return invalid([
      { field: 'event', message: 'does not say whether its person is in the audience (no membership boolean)' },
    ]);
  }
  return people({ plan, values, target, direction });
}

const keyDiffers: Evaluation = { kind: 'filtered', reason: 'audience key differs' };

const invalid = (problems: MappingProblem[]): Evaluation => ({
  kind: 'invalid',
  reason: problems.map(({ field, message }) => `${field} ${message}`).join('; '),
  problems,
});

type Fields =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly problems: MappingProblem[] };

/** A field's value that an event makes impossible is that event's fault alone: it never throws further (I12). */
export function workOutFields(plan: Pick<MappingPlan, 'source' | 'fields'>, event: SegmentEvent): Fields {
  try {
    const { values, problems } = cleanFields(plan.fields, plan.source(event));
    return problems.length > 0 ? { ok: false, problems } : { ok: true, values };
  } catch (error) {
    if (error instanceof KitError) return { ok: false, problems: [{ field: 'settings', message: error.message }] };
    // Nested so deeply that the stack ended: JSON of 32 KB can be (reliability.md 4.1, T12).
    if (error instanceof RangeError)
      return { ok: false, problems: [{ field: 'event', message: 'is nested too deeply' }] };
    throw error;
  }
}

const textOf = (values: Values, key: string): string | undefined => {
  const value = values[key];
  return typeof value === 'string' ? value : undefined;
};

/** Characters; TikTok cuts longer names to 67 and "…" (segment-spec.md 11), so that they would never be found again. */
const audienceNameMax = 70;

function targetOf(values: Values): TargetRef | MappingProblem {
  const advertiserId = (textOf(values, 'selected_advertiser_id') ?? textOf(values, 'advertiser_id') ?? '').trim();
  if (advertiserId === '') return { field: 'advertiser', message: 'is missing: no ad account is chosen' };
  const id = (textOf(values, 'audience_id') ?? textOf(values, 'external_audience_id') ?? '').trim();
  if (id !== '') return { advertiserId, audience: { by: 'id', id } };
  const name = (textOf(values, 'custom_audience_name') ?? '').trim();
  if (name === '') return { field: 'audience', message: 'is missing: neither an audience name nor an audience ID' };
  const length = name.length > audienceNameMax ? [...name].length : name.length;
  if (length > audienceNameMax) {
    return { field: 'custom_audience_name', message: `has ${length} characters; TikTok takes 1 to ${audienceNameMax}` };
  }
  return { advertiserId, audience: { by: 'name', name } };
}

function directionOf(plan: MappingPlan, event: SegmentEvent): Direction | undefined {
  if (plan.effect === 'add' || plan.effect === 'remove') return plan.effect;
  const member = membershipOf(event);
  if (member === undefined) return undefined;
  return member ? 'add' : 'remove';
}

function people(found: { plan: MappingPlan; values: Values; target: TargetRef; direction: Direction }): Evaluation {
  const { plan, values, target, direction } = found;
  const raw = rawIdentifiers(plan, values);
  const { variants, left } = plan.identify(raw);
  if (variants.length > 0) return { kind: 'people', direction, target, variants, left };
  return { kind: 'nobody', direction, target, reason: whyNobody(plan, values, left), left };
}

/** Only what its flag lets out is ever looked at. */
export function rawIdentifiers(plan: MappingPlan, values: Values): RawIdentifiers {
  return {
    email: isSent(plan, values, 'send_email') ? textOf(values, 'email') : undefined,
    phone: isSent(plan, values, 'send_phone') ? textOf(values, 'phone') : undefined,
    advertisingId: isSent(plan, values, 'send_advertising_id') ? textOf(values, 'advertising_id') : undefined,
    deviceType: textOf(values, 'device_type'),
  };
}

/** A flag that the mapping holds but that comes to nothing is off: it may stand for a consent that was never given. */
const isSent = (plan: MappingPlan, values: Values, flag: string): boolean =>
  values[flag] === true || plan.flagsOn.has(flag);

const identifierNames = [
  { type: 'email', flag: 'send_email', name: 'e-mail' },
  { type: 'phone', flag: 'send_phone', name: 'phone' },
  { type: 'advertising_id', flag: 'send_advertising_id', name: 'device id' },
] as const;

function whyNobody(plan: MappingPlan, values: Values, left: readonly SkippedIdentifier[]): string {
  const parts = identifierNames.map(({ type, flag, name }) => {
    if (!isSent(plan, values, flag)) return `${name} switched off`;
    const skipped = left.find((one) => one.type === type);
    return skipped === undefined ? `no ${name}` : `${name} ${skipped.reason}`;
  });
  return `no usable identifier: ${parts.join(', ')}`;
}
