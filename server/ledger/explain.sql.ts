import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, MappingId, PersonId, SpaceId, TargetId } from '../../contract/ids.ts';
import type { Queryable, Row } from '../db/port.ts';
import type { Hashes, Level, OriginId } from './rows.ts';

/** One row of a person at a target, with what has become of it. */
export interface HeldRow {
  readonly destinationId: DestinationId;
  readonly targetId: TargetId;
  readonly originId: OriginId;
  readonly level: Level;
  readonly normaliser: number;
  readonly mappingId: MappingId;
  readonly enteredUs: number;
  /** When TikTok was told of an absent row. */
  readonly settledAt: Date | null;
  readonly hashes: Hashes;
  readonly owed: boolean;
  readonly parked: { readonly code: number; readonly message: string; readonly at: Date } | null;
}

interface HeldRowOfSql extends Row {
  destination_id: DestinationId;
  target_id: TargetId;
  origin_id: OriginId;
  level: Level;
  normaliser: number;
  mapping_id: MappingId;
  entered_us: number;
  settled_at: Date | null;
  email: Buffer | null;
  phone: Buffer | null;
  idfa: Buffer | null;
  aaid: Buffer | null;
  owed: boolean;
  parked_code: number | null;
  parked_message: string | null;
  parked_at: Date | null;
}

/** Why somebody is, or is not, in a TikTok audience: every row there is of the person. */
export async function selectHeldRows(q: Queryable, spaceId: SpaceId, personId: PersonId): Promise<HeldRow[]> {
  const rows = await q.query<HeldRowOfSql>(sql`
    select t.destination_id, m.target_id, m.origin_id, m.level, m.normaliser, m.mapping_id, m.entered_us, m.settled_at,
      m.email, m.phone, m.idfa, m.aaid,
      exists (
        select 1 from changes c where c.space_id = m.space_id and c.target_id = m.target_id and c.lane in (0, 1)
          and c.seq = m.seq and c.origin_id = m.origin_id and c.person_id = m.person_id) as owed,
      p.code as parked_code, p.message as parked_message, p.at as parked_at
    from memberships m
    join targets t on t.target_id = m.target_id
    left join parked p on p.space_id = m.space_id and p.target_id = m.target_id and p.origin_id = m.origin_id
      and p.person_id = m.person_id and p.variant = m.variant and p.seq = m.seq
    where m.space_id = ${spaceId} and m.person_id = ${personId}
    order by m.target_id, m.origin_id, m.variant`);
  return rows.map((row) => ({
    destinationId: row.destination_id,
    targetId: row.target_id,
    originId: row.origin_id,
    level: row.level,
    normaliser: row.normaliser,
    mappingId: row.mapping_id,
    enteredUs: row.entered_us,
    settledAt: row.settled_at,
    hashes: [row.email, row.phone, row.idfa, row.aaid],
    owed: row.owed,
    parked:
      row.parked_code === null || row.parked_at === null
        ? null
        : { code: row.parked_code, message: row.parked_message ?? '', at: row.parked_at },
  }));
}

export const selectSkipsOfPerson = (q: Queryable, spaceId: SpaceId, personId: PersonId) =>
  q.query<{ destination_id: DestinationId; audience_id: AudienceId; reason: string; at: Date }>(sql`
    select destination_id, audience_id, reason, at from skip_reasons
    where space_id = ${spaceId} and person_id = ${personId} order by destination_id, audience_id`);
