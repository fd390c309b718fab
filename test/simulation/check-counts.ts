/** The product's counting against a count by hand of the same snapshot (design.md 4.1, Counting). */
import sql from 'sql-template-tag';
import type { Db } from '../../server/db/port.ts';
import { counts } from '../../server/ledger/ledger.ts';
import type { World } from './world.ts';

export async function checkCounts(db: Db, world: World): Promise<string[]> {
  const { spaceId, destinationId, audiences } = world.stored;
  const differences: string[] = [];
  for (const [key, audienceId] of audiences) {
    const { counted, byHand } = await db.transaction(async (tx) => {
      await tx.query(sql`set transaction isolation level repeatable read`);
      const place = { spaceId, audienceId, destinationId };
      return { counted: await counts.countAudience(tx, place), byHand: await countByHand(tx, place) };
    });
    if (!byHand) continue;
    const { members, onTikTok, owed, parked, skipped } = counted;
    const theirs = JSON.stringify({ members, onTikTok, owed, parked, skipped });
    if (theirs !== JSON.stringify(byHand))
      differences.push(`counting of ${key}: ${theirs}, by hand ${JSON.stringify(byHand)}`);
  }
  return differences;
}

type Place = Parameters<typeof counts.countAudience>[1];

/** Undefined where the audience is not connected. Each member is the first that applies. */
async function countByHand(q: Pick<Db, 'query'>, { spaceId, audienceId, destinationId }: Place) {
  const [connection] = await q.query<{ enabled: boolean }>(sql`
    select enabled from audience_connections
    where audience_id = ${audienceId} and destination_id = ${destinationId} and deleted_at is null`);
  if (!connection?.enabled) return undefined;
  const [walk] = await q.query<{ cursor: number }>(sql`
    select cursor_person as cursor from walks
    where audience_id = ${audienceId} and destination_id = ${destinationId} and finished_at is null`);
  const members = await q.query<{ person: number }>(sql`
    select person_id as person from audience_members where space_id = ${spaceId} and audience_id = ${audienceId} and present`);
  const rows = await q.query<{ person: number; owed: boolean; parked: boolean }>(sql`
    select m.person_id as person,
      exists (select 1 from changes c where c.target_id = m.target_id and c.seq = m.seq and c.origin_id = m.origin_id
        and c.person_id = m.person_id) as owed,
      exists (select 1 from parked p where p.target_id = m.target_id and p.origin_id = m.origin_id and p.person_id = m.person_id
        and p.variant = m.variant and p.seq = m.seq) as parked
    from memberships m join targets t on t.target_id = m.target_id
    where t.destination_id = ${destinationId} and t.state <> 'gone' and m.origin_id = ${audienceId} and m.level = 1`);
  const count = { members: members.length, onTikTok: 0, owed: 0, parked: 0, skipped: 0 };
  for (const { person } of members) {
    const own = rows.filter((row) => row.person === person);
    if ((walk && person > walk.cursor) || own.some((row) => row.owed)) count.owed += 1;
    else if (own.some((row) => row.parked)) count.parked += 1;
    else if (own.length === 0) count.skipped += 1;
    else count.onTikTok += 1;
  }
  return count;
}
