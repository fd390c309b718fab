import { z } from '@hono/zod-openapi';
import type { AudienceId } from '../../contract/ids.ts';
import type { ManagedConnection } from '../audiences/audiences.ts';
import type { Queryable } from '../db/port.ts';
import { counts, selectWalks, type WalkRow } from '../ledger/ledger.ts';
import { timeSchema } from './shapes.ts';

/** How far one audience is at one destination; members = onTikTok + owed + parked + skipped (design.md 4.1, Counting). */
export const countsSchema = z.object({
  members: z.int(),
  onTikTok: z.int(),
  owed: z.int(),
  parked: z.int(),
  skipped: z.int(),
  leaving: z.int().openapi({ description: 'left the audience; TikTok has not been told of it yet' }),
  kept: z.int().openapi({ description: 'no members any more, left at TikTok on purpose' }),
});
export const walkSchema = z
  .object({
    reason: z.string(),
    walked: z.int(),
    total: z.int(),
    startedAt: timeSchema,
    finishedAt: timeSchema.nullable(),
  })
  .nullable()
  .openapi({ description: 'the initial sync, or the last one after a change; null: none yet' });
export const syncSchema = z.object({ walk: walkSchema, counts: countsSchema });

export type Sync = z.infer<typeof syncSchema>;
export type Counts = z.infer<typeof countsSchema>;

/** The sync state of connections of one destination, by audience. Walks are read first: what they wrote is then seen. */
export async function syncOf(
  q: Queryable,
  connections: readonly Pick<ManagedConnection, 'spaceId' | 'audienceId' | 'destinationId'>[],
): Promise<Map<AudienceId, Sync>> {
  const [first] = connections;
  if (!first) return new Map();
  const { spaceId, destinationId } = first;
  const walks = new Map((await selectWalks(q, destinationId)).map((walk) => [walk.audience_id, walk]));
  const audienceIds = connections.map(({ audienceId }) => audienceId);
  const found = new Map<AudienceId, Sync>();
  for (const { audienceId, ...numbers } of await counts.countAudiences(q, { spaceId, destinationId, audienceIds })) {
    const walk = walks.get(audienceId);
    found.set(audienceId, { walk: walk ? walkToJson(walk) : null, counts: numbers });
  }
  return found;
}

const walkToJson = (walk: WalkRow): NonNullable<Sync['walk']> => ({
  reason: walk.reason,
  walked: walk.walked,
  total: walk.total,
  startedAt: walk.started_at.toISOString(),
  finishedAt: walk.finished_at?.toISOString() ?? null,
});
