/**
 * Mappings: what a destination makes of an event. A mapping is checked and compiled when it is saved; per event a closure
 * says whether the trigger matches, whom to add to or remove from which TikTok audience, and by which hashes. Behind this
 * page nothing has ever seen a plain identifier (I13).
 */
import type { ActionDefinition, FieldDefinition } from '../../contract/catalog.ts';
import { parseFql } from '../../contract/fql-parse.ts';
import type { MappingId } from '../../contract/ids.ts';
import type { Mapping, MappingKitProblem } from '../../contract/mapping-kit.ts';
import { parseMapping } from '../../contract/mapping-kit-parse.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import { type DestinationSettings, findAction } from '../destinations/destinations.ts';
import { own } from '../kernel/json.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import {
  type AudienceSource,
  audienceSource,
  type ConnectedAudience,
  mayName,
  type NamedAudience,
} from './audience-source.ts';
import { evaluate, type MappingPlan } from './evaluate.ts';
import type { Evaluation, MappingProblem } from './evaluation.ts';
import { type Explanation, explain } from './explain.ts';
import { type FieldPlan, fieldCleaner } from './fields.ts';
import { compileFql, type Trigger } from './fql-compile.ts';
import { identifierHasher } from './identifiers.ts';
import { compileKit, type Resolve } from './kit-compile.ts';
import { checkFields, fieldMappings, literalOf, sendFlags } from './save-checks.ts';

export type { ConnectedAudience, NamedAudience } from './audience-source.ts';
export type { Direction, Evaluation, MappingProblem, TargetRef } from './evaluation.ts';
export type { Explanation } from './explain.ts';
export type { Hashes, SkippedIdentifier, SkipReason, Variant } from './identifiers.ts';

export interface MappingDefinition {
  readonly id: MappingId;
  readonly name: string;
  readonly actionSlug: string;
  readonly trigger: string;
  /** A mapping-kit object, field key to value. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
}

export interface CompiledMapping {
  readonly id: MappingId;
  readonly enabled: boolean;
  readonly action: 'add' | 'remove' | 'membership' | 'none';
  /** Belongs to one audience by a typed audience key: the seed's Add Users and Remove Users. */
  readonly keyed: boolean;
  /** Whether events of what is connected, or direct events, can make it name this TikTok audience. Doubt is a yes. */
  mayName(connected: readonly ConnectedAudience[], audience: NamedAudience): boolean;
  /** The trigger. The caller asks it first. */
  matches(event: SegmentEvent): boolean;
  evaluate(event: SegmentEvent): Evaluation;
  /** For Test Mapping: the same, told with masked identifiers and hashes. */
  explain(event: SegmentEvent): Explanation;
}

/** Checks a mapping as it is saved and compiles it; nothing is interpreted per event (design.md 2, stage 4). */
export function compileMapping(
  definition: MappingDefinition,
  destination: DestinationSettings,
): Result<CompiledMapping, MappingProblem[]> {
  const problems: MappingProblem[] = [];
  const action = findAction(definition.actionSlug);
  if (action === undefined)
    problems.push({ field: 'actionSlug', message: `there is no action "${definition.actionSlug.slice(0, 60)}"` });
  const trigger = compileTrigger(definition.trigger, problems);
  const mapping = parseSettings(definition.settings, problems);
  if (action !== undefined && mapping !== undefined) problems.push(...checkFields(action, fieldMappings(mapping)));
  if (action === undefined || mapping === undefined || trigger === undefined) return err(problems);
  const plan = planMapping({ action, mapping, destination, problems });
  if (problems.length > 0) return err(problems);
  const names: AudienceSource = audienceSource(fieldMappings(mapping), plan.audienceKey);
  return ok({
    id: definition.id,
    enabled: definition.enabled,
    action: plan.effect,
    keyed: plan.audienceKey !== undefined,
    mayName: (connected, audience) => mayName(names, connected, audience),
    matches: trigger,
    evaluate: (event) => evaluate(plan, event),
    explain: (event) => explain(plan, { event, matched: trigger(event) }),
  });
}

/** What Test Mapping shows before anything is sent. Holds no plain identifier. */
export const explainMapping = (compiled: CompiledMapping, event: SegmentEvent): Explanation => compiled.explain(event);

/** Also alone, for whoever writes one. Undefined: the problems say why. */
export function compileTrigger(text: string, problems: MappingProblem[]): Trigger | undefined {
  const parsed = parseFql(text);
  if (parsed.ok) return compileFql(parsed.value);
  problems.push({ field: 'trigger', message: `${parsed.error.message} (at character ${parsed.error.at + 1})` });
  return undefined;
}

function parseSettings(settings: unknown, problems: MappingProblem[]): Mapping | undefined {
  const parsed = parseMapping(settings);
  if (!parsed.ok) {
    problems.push(...parsed.error.map(toMappingProblem));
    return undefined;
  }
  if (parsed.value.kind !== 'literal' && parsed.value.kind !== 'array') return parsed.value;
  problems.push({ field: 'settings', message: 'should be an object of fields' });
  return undefined;
}

const toMappingProblem = ({ path, message }: MappingKitProblem): MappingProblem => ({ field: path, message });

/** Kept for mappings made for Segment; their values are never asked for. */
const unusedFields = new Set(['event_name', 'enable_batching', 'batch_keys']);

interface PlanParts {
  readonly action: ActionDefinition;
  readonly mapping: Mapping;
  readonly destination: DestinationSettings;
  readonly problems: MappingProblem[];
}

function planMapping(parts: PlanParts): MappingPlan {
  const { action, mapping, destination } = parts;
  const mapped = fieldMappings(mapping);
  const key = literalOf(mapped?.get('personas_audience_key'))?.value;
  return {
    action,
    effect: effectOf(action.slug),
    ...planFields(parts),
    flagsOn: new Set(mapped === undefined ? [] : sendFlags.filter((flag) => !mapped.has(flag))),
    audienceKey: key === undefined || key === null ? undefined : String(key).trim(),
    identify: identifierHasher(destination),
  };
}

/** Only the fields that are used are worked out per event, each by a closure of its own, unless one directive makes them all. */
function planFields({ action, mapping, problems }: PlanParts): Pick<MappingPlan, 'source' | 'fields'> {
  const used = action.fields.filter((field) => !unusedFields.has(field.key));
  if (mapping.kind !== 'object') {
    const source = compileOrTell(mapping, { path: '', problems });
    return {
      source,
      fields: used.map((field) => {
        const clean = fieldCleaner(field);
        return { key: field.key, read: (made) => clean(own(made, field.key)) };
      }),
    };
  }
  const fields = mapping.entries.flatMap(({ key, value }) => {
    const resolve = compileOrTell(value, { path: `/${key}`, problems });
    const field = used.find((one) => one.key === key);
    return field === undefined ? [] : [{ key, read: fieldReader(resolve, field, literalOf(value)) }];
  });
  return { source: (event) => event, fields };
}

/** A value that was typed in is cleaned once. */
function fieldReader(
  resolve: Resolve,
  field: FieldDefinition,
  literal: { readonly value: unknown } | undefined,
): FieldPlan['read'] {
  const clean = fieldCleaner(field);
  if (literal === undefined) return (event) => clean(resolve(event));
  const cleaned = clean(resolve({}));
  return () => cleaned;
}

function compileOrTell(mapping: Mapping, { path, problems }: { path: string; problems: MappingProblem[] }): Resolve {
  const compiled = compileKit(mapping, path);
  if (compiled.ok) return compiled.value;
  problems.push(...compiled.error.map(toMappingProblem));
  return () => undefined;
}

function effectOf(slug: string): MappingPlan['effect'] {
  if (slug === 'addUser' || slug === 'addToAudience') return 'add';
  if (slug === 'removeUser' || slug === 'removeFromAudience') return 'remove';
  return slug === 'syncAudience' ? 'membership' : 'none';
}
