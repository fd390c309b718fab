import type { PersonId } from '../../contract/ids.ts';
import type { Queryable } from '../db/port.ts';
import type { ManagedAudience } from './manage.ts';
import { type StoredMember, selectMembers, selectPresentAfter } from './members.sql.ts';
import { dateOf } from './stamps.ts';

export interface ListedMember {
  readonly id: PersonId;
  readonly enteredAt: Date | null;
  /** Of somebody who is no member any more. */
  readonly exitedAt: Date | null;
  readonly records: number;
}

/** A page of the present members, in the order of their ids, with how many there are. */
export async function listMembers(
  q: Queryable,
  audience: ManagedAudience,
  page: { after: number; limit: number },
): Promise<{ items: ListedMember[]; total: number }> {
  const stored = await selectPresentAfter(q, { spaceId: audience.spaceId, audienceId: audience.id, ...page });
  return { items: stored.map(listed), total: audience.members };
}

/** These people, members or not, in the order of their ids. */
export async function membersAmong(
  q: Queryable,
  { id: audienceId, spaceId }: ManagedAudience,
  people: readonly PersonId[],
): Promise<ListedMember[]> {
  const stored = await selectMembers(
    q,
    people.map((personId) => ({ spaceId, audienceId, personId })),
  );
  return stored.map(listed).sort((a, b) => a.id - b.id);
}

const listed = ({ personId, member }: StoredMember): ListedMember => ({
  id: personId,
  enteredAt: dateOf(member.entered?.timeUs ?? null),
  exitedAt: member.present ? null : dateOf(member.exited?.timeUs ?? null),
  records: member.records.length,
});
