import { defaultFields } from '../../contract/catalog.ts';
import { err, ok, type Result } from '../kernel/result.ts';
import { type DestinationSettings, destinationSettingsSchema, findAction, tiktokMetadataId } from './catalog.ts';

/** A place in the input and words. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** The settings of a destination of this kind, with the defaults of what is not given. */
export function checkSettings(metadataId: string, settings: unknown): Result<DestinationSettings, FieldProblem[]> {
  if (metadataId !== tiktokMetadataId) {
    return err([{ field: 'metadataId', message: `there is one kind of destination: ${tiktokMetadataId}` }]);
  }
  const parsed = destinationSettingsSchema.safeParse(settings);
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues.map((issue) => ({ field: ['settings', ...issue.path].join('.'), message: issue.message })),
  );
}

/**
 * A new mapping's settings: what is given, and the defaults of the action's other fields. They are copied when the
 * mapping is made and are no run-time fallback (segment-spec.md 4.2). An unknown action has none.
 */
export function withDefaults(actionSlug: string, settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const action = findAction(actionSlug);
  return action ? { ...defaultFields(action), ...settings } : { ...settings };
}
