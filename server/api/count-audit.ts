import { z } from '@hono/zod-openapi';
import type { AudienceId, DestinationId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import { audits } from '../ledger/ledger.ts';
import { timeSchema } from './shapes.ts';

/** The last full count of an audience at a destination (ledger/audit.ts). */
export const countAuditSchema = z
  .object({
    at: timeSchema,
    members: z.int(),
    skipped: z.int(),
    kept: z.int(),
    unexplained: z.int().openapi({ description: 'members with neither a row nor a reason, or with both' }),
  })
  .nullable()
  .openapi({
    description:
      'the last full count, made every night: how much more it found than the maintained numbers said (0: they agree); mended. null: none yet',
  });
type CountAudit = z.infer<typeof countAuditSchema>;

export async function countAuditsOf(q: Queryable, destinationId: DestinationId): Promise<Map<AudienceId, CountAudit>> {
  const rows = await audits.selectAudits(q, destinationId);
  return new Map(
    rows.map(({ audience_id: audienceId, at, members, skipped, kept, unexplained }) => [
      audienceId,
      { at: at.toISOString(), members, skipped, kept, unexplained },
    ]),
  );
}
