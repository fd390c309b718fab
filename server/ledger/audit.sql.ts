import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Row, Tx } from '../db/port.ts';

export interface AuditedAudience {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
}

/** The audience that has waited longest for its count, if that is since before `before`; two nodes never take the same one. */
export async function takeAuditTurn(tx: Tx, before: Date, now: Date): Promise<AuditedAudience | undefined> {
  const rows = await tx.query<{ space_id: SpaceId; audience_id: AudienceId }>(sql`
    insert into audit_turns as mine (space_id, audience_id, begun_at)
    select a.space_id, a.audience_id, ${now} from audiences a
    left join audit_turns t on t.space_id = a.space_id and t.audience_id = a.audience_id
    where a.deleted_at is null and coalesce(t.begun_at, a.created_at) < ${before}
    order by coalesce(t.begun_at, a.created_at), a.audience_id limit 1
    on conflict (space_id, audience_id) do update set begun_at = excluded.begun_at where mine.begun_at < ${before}
    returning space_id, audience_id`);
  const [row] = rows;
  return row && { spaceId: row.space_id, audienceId: row.audience_id };
}

/** Must be the first statement of its transaction: all that follow see one moment, and none may write. */
export const readOneMoment = (tx: Tx) => tx.query(sql`set transaction isolation level repeatable read, read only`);

/** The next people of the audience, members or not: up to whom, how many, and how many are members. */
export async function countPeopleAfter(
  tx: Tx,
  { spaceId, audienceId }: AuditedAudience,
  page: { after: number; limit: number },
): Promise<{ last: number | null; people: number; members: number }> {
  const [row] = await tx.query<{ last: PersonId | null; people: number; members: number }>(sql`
    select max(person_id) as last, count(*) as people, count(*) filter (where present) as members from (
      select person_id, present from audience_members
      where space_id = ${spaceId} and audience_id = ${audienceId} and person_id > ${page.after}
      order by person_id limit ${page.limit}) a`);
  return row ?? { last: null, people: 0, members: 0 };
}

interface RangeRow extends Row {
  unexplained: number;
  kept: number;
}

/**
 * Of the people after one and up to another: how many are kept, and of those whom the walk has passed, how many have
 * neither a present row nor a reason, or both, or a reason without being members.
 */
export async function countRange(
  tx: Tx,
  { spaceId, audienceId, destinationId }: AuditedAudience & { destinationId: DestinationId },
  range: { after: number; upTo: number; walked: number },
): Promise<RangeRow> {
  const [row] = await tx.query<RangeRow>(sql`
    select count(*) filter (where a.person_id <= ${range.walked}
        and (a.present and not coalesce(r.held, false)) <> (s.person_id is not null)) as unexplained,
      count(*) filter (where r.kept) as kept
    from audience_members a
    left join lateral (
      select bool_or(m.level = 1 and t.state <> 'gone') as held, bool_or(m.level = 2) as kept
      from targets t
      join memberships m on m.space_id = t.space_id and m.target_id = t.target_id and m.origin_id = a.audience_id
        and m.person_id = a.person_id
      where t.space_id = ${spaceId} and t.destination_id = ${destinationId}
    ) r on true
    left join skip_reasons s on s.space_id = a.space_id and s.destination_id = ${destinationId} and s.audience_id = a.audience_id
      and s.person_id = a.person_id
    where a.space_id = ${spaceId} and a.audience_id = ${audienceId} and a.person_id > ${range.after} and a.person_id <= ${range.upTo}`);
  return row ?? { unexplained: 0, kept: 0 };
}

interface MaintainedRow extends Row {
  destination_id: DestinationId;
  /** Up to whom members have been walked. */
  walked: number;
  skipped: number;
  kept: number;
  reasons: number;
}

/** The connections of an audience with the numbers that are maintained, and the reasons there are. */
export const selectMaintained = (tx: Tx, { spaceId, audienceId }: AuditedAudience) =>
  tx.query<MaintainedRow>(sql`
    select c.destination_id,
      coalesce((select w.cursor_person from walks w where w.space_id = c.space_id and w.audience_id = c.audience_id
        and w.destination_id = c.destination_id and w.finished_at is null), ${Number.MAX_SAFE_INTEGER}) as walked,
      coalesce(sum(l.skipped), 0)::bigint as skipped, coalesce(sum(l.kept), 0)::bigint as kept,
      (select count(*) from skip_reasons s where s.space_id = c.space_id and s.destination_id = c.destination_id
        and s.audience_id = c.audience_id) as reasons
    from audience_connections c
    left join ledger_counts l on l.space_id = c.space_id and l.destination_id = c.destination_id and l.audience_id = c.audience_id
    where c.space_id = ${spaceId} and c.audience_id = ${audienceId} and c.deleted_at is null
    group by c.space_id, c.audience_id, c.destination_id order by c.destination_id`);

export interface AuditRow {
  readonly destinationId: DestinationId;
  readonly members: number;
  readonly skipped: number;
  readonly kept: number;
  readonly unexplained: number;
}

export const saveAudit = (tx: Tx, { spaceId, audienceId }: AuditedAudience, row: AuditRow, now: Date) =>
  tx.query(sql`
    insert into count_audits (space_id, destination_id, audience_id, at, members, skipped, kept, unexplained)
    values (${spaceId}, ${row.destinationId}, ${audienceId}, ${now}, ${row.members}, ${row.skipped}, ${row.kept}, ${row.unexplained})
    on conflict (space_id, destination_id, audience_id) do update set at = excluded.at, members = excluded.members,
      skipped = excluded.skipped, kept = excluded.kept, unexplained = excluded.unexplained`);

export const selectAudits = (q: Queryable, destinationId: DestinationId) =>
  q.query<{
    audience_id: AudienceId;
    at: Date;
    members: number;
    skipped: number;
    kept: number;
    unexplained: number;
  }>(sql`
    select audience_id, at, members, skipped, kept, unexplained from count_audits where destination_id = ${destinationId}`);

/** How far off the maintained numbers were at the last counts, for metrics. */
export async function sumOfDifferences(q: Queryable): Promise<number> {
  const [row] = await q.query<{ sum: number }>(sql`
    select coalesce(sum(abs(members) + abs(skipped) + abs(kept) + unexplained), 0)::bigint as sum from count_audits`);
  return row?.sum ?? 0;
}
