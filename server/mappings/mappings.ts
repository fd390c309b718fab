import type { MappingId } from '../../contract/ids.ts';
import type { SegmentEvent } from '../../contract/segment-event.ts';
import type { DestinationSettings } from '../destinations/catalog.ts';
import type { Result } from '../kernel/result.ts';
import type { SkippedIdentifier, Variant } from './identifiers.ts';

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

/** A place (`trigger`, `/email/@replace/pattern`) and words. */
export interface MappingProblem {
  readonly field: string;
  readonly message: string;
}

export interface CompiledMapping {
  readonly id: MappingId;
  readonly enabled: boolean;
  readonly action: 'add' | 'remove' | 'membership' | 'none';
  /** The trigger. The caller asks it first. */
  matches(event: SegmentEvent): boolean;
  evaluate(event: SegmentEvent): Evaluation;
}

export type Direction = 'add' | 'remove';

export type Evaluation =
  | {
      readonly kind: 'people';
      readonly direction: Direction;
      readonly target: TargetRef;
      readonly variants: Variant[];
      readonly left: SkippedIdentifier[];
    }
  | {
      readonly kind: 'nobody';
      readonly direction: Direction;
      readonly target: TargetRef | null;
      readonly reason: string;
      readonly left: SkippedIdentifier[];
    }
  | { readonly kind: 'filtered'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string; readonly problems: MappingProblem[] };

export interface TargetRef {
  readonly advertiserId: string;
  readonly audience: { readonly by: 'id'; readonly id: string } | { readonly by: 'name'; readonly name: string };
}

/** Checks a mapping as it is saved and compiles it; nothing is interpreted per event (design.md 2, stage 4). */
export function compileMapping(
  definition: MappingDefinition,
  destination: DestinationSettings,
): Result<CompiledMapping, MappingProblem[]> {
  throw new Error(`not written yet: ${definition.id} ${destination.emailProfile}`);
}
