import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';

/** Why a present member has no present row. `reason` null: there is none any more. */
export interface SkipReason {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly audienceId: AudienceId;
  readonly personId: PersonId;
  readonly reason: string | null;
}

export async function saveSkipReasons(tx: Tx, reasons: readonly SkipReason[], now: Date): Promise<void> {
  const sorted = [...reasons].sort(
    (a, b) =>
      a.spaceId - b.spaceId ||
      a.destinationId - b.destinationId ||
      a.audienceId - b.audienceId ||
      a.personId - b.personId,
  );
  const over = sorted.filter((r) => r.reason === null);
  const skipped = sorted.filter((r) => r.reason !== null);
  if (over.length) {
    await tx.query(sql`
      delete from skip_reasons s using (select * from unnest(${over.map((r) => r.spaceId)}::bigint[],
        ${over.map((r) => r.destinationId)}::bigint[], ${over.map((r) => r.audienceId)}::bigint[],
        ${over.map((r) => r.personId)}::bigint[]) as k (space_id, destination_id, audience_id, person_id)) k
      where s.space_id = k.space_id and s.destination_id = k.destination_id and s.audience_id = k.audience_id
        and s.person_id = k.person_id`);
  }
  if (skipped.length) {
    await tx.query(sql`
      insert into skip_reasons (space_id, destination_id, audience_id, person_id, reason, at)
      select k.*, ${now} from unnest(${skipped.map((r) => r.spaceId)}::bigint[], ${skipped.map((r) => r.destinationId)}::bigint[],
        ${skipped.map((r) => r.audienceId)}::bigint[], ${skipped.map((r) => r.personId)}::bigint[],
        ${skipped.map((r) => r.reason)}::text[]) as k
      on conflict (space_id, destination_id, audience_id, person_id) do update set reason = excluded.reason, at = excluded.at
      where skip_reasons.reason <> excluded.reason`);
  }
}

export async function deleteSkipReasonsOfPerson(tx: Tx, spaceId: SpaceId, personId: PersonId): Promise<void> {
  await tx.query(sql`delete from skip_reasons where space_id = ${spaceId} and person_id = ${personId}`);
}
