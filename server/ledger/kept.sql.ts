import sql from 'sql-template-tag';
import type { DestinationId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row } from '../db/port.ts';
import type { OriginId } from './rows.ts';

/** People who are at TikTok although nothing produces them, because somebody said so or no Remove mapping takes them out. */
export interface KeptPeople extends Row {
  target_id: TargetId;
  origin_id: OriginId;
  people: number;
}

export const selectKept = (q: Queryable, spaceId: SpaceId, destinationId: DestinationId) =>
  q.query<KeptPeople>(sql`
    select m.target_id, m.origin_id, count(distinct m.person_id) as people
    from targets t join memberships m on m.space_id = t.space_id and m.target_id = t.target_id
    where t.space_id = ${spaceId} and t.destination_id = ${destinationId} and t.state <> 'gone' and m.level = 2
    group by m.target_id, m.origin_id order by m.target_id, m.origin_id`);
