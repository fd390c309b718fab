import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

/**
 * Until the transaction ends, nobody else changes what this destination is fed (rule 6): a new connection and a changed
 * mapping that did not see each other would leave the audience walked by the old mapping. Micro-batches never take it.
 */
export const lockFeeding = (tx: Tx, destinationId: DestinationId) =>
  tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`fed/${destinationId}`}::text, 6)) is null as locked`);

export interface MembershipRow extends Row {
  person_id: PersonId;
  audience_id: AudienceId;
  key: string;
  name: string;
  present: boolean;
  entered_us: number | null;
  exited_us: number | null;
  late: number;
  records: number;
  records_lost: number;
}

/** The audiences in which these people were ever seen, deleted ones left out. */
export const selectMemberships = (q: Queryable, spaceId: SpaceId, people: readonly PersonId[]) =>
  q.query<MembershipRow>(sql`
    select m.person_id, m.audience_id, a.key, a.name, m.present, m.entered_us, m.exited_us, m.late,
      jsonb_array_length(m.records) as records, m.records_lost
    from audience_members m
    join audiences a on a.audience_id = m.audience_id and a.space_id = m.space_id and a.deleted_at is null
    where m.space_id = ${spaceId} and m.person_id = any(${people}::bigint[])
    order by m.person_id, m.audience_id`);
