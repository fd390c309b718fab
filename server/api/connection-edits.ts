/** What an edit of a connection means for whom it sends, and whether it may leave a TikTok audience (rule 12). */
import { isDeepStrictEqual } from 'node:util';
import { z } from '@hono/zod-openapi';
import { type ConnectionFields, type ManagedConnection, manage } from '../audiences/audiences.ts';
import type { Planned } from './consequences.ts';
import { definedOf } from './shapes.ts';

export const eventName = z.string().trim().min(1).max(200);
const tiktokId = z.string().regex(/^[0-9]{1,30}$/, 'digits only, as TikTok shows it');
/** The destination's audience settings: stamped into each event, for mappings that read them (segment-spec.md 2.3). */
export const settings = z.strictObject({ advertiserId: tiktokId.optional(), audienceId: tiktokId.optional() });

export const editSchema = z.strictObject({
  enabled: z.boolean().optional(),
  sendTrack: z.boolean().optional(),
  sendIdentify: z.boolean().optional(),
  enteredEvent: eventName.optional(),
  exitedEvent: eventName.optional(),
  settings: settings.optional().openapi({ description: 'replaced as a whole' }),
});

export interface ConnectionEdit {
  readonly before: ManagedConnection;
  readonly fields: Partial<ConnectionFields>;
  readonly after: ManagedConnection;
  readonly walked: boolean;
  /** Whether its events may name other TikTok audiences than before (rule 12). */
  readonly leaves: boolean;
}

export function editOf(before: ManagedConnection, body: z.infer<typeof editSchema>): ConnectionEdit {
  const { settings: given, ...rest } = definedOf(body);
  const fields = { ...definedOf(rest), ...(given ? { settings: definedOf(given) } : {}) };
  const after = { ...before, ...fields };
  const leaves = !isDeepStrictEqual(before.settings, after.settings);
  return { before, fields, after, walked: manage.changesEvents(before, after), leaves };
}

/** A connection that is off is asked about too: what is said counts when it is switched on. */
export function plannedEdit({ after, walked, leaves }: ConnectionEdit): Pick<Planned, 'connections' | 'leaves'> {
  if (!walked && !leaves) return { connections: [] };
  const connections = [{ ...after, enabled: true }];
  return leaves ? { connections, leaves: { originId: after.audienceId } } : { connections };
}

export const editableOf = (c: ConnectionFields) => [
  c.enabled,
  c.sendTrack,
  c.sendIdentify,
  c.enteredEvent,
  c.exitedEvent,
  Object.entries(c.settings).sort(),
];
