import type { AudienceId } from '../../contract/ids.ts';
import type { StoredMember } from './members.sql.ts';
import type { SizeChange } from './sizes.sql.ts';
import { dateOf } from './stamps.ts';

/** How much each audience grew or shrank, of the members before and after. Exact, because their people are locked (rule 3). */
export function sizeChanges(before: readonly StoredMember[], after: readonly StoredMember[]): SizeChange[] {
  const changes = new Map<AudienceId, SizeChange>();
  const add = ({ spaceId, audienceId, member }: StoredMember, by: number): void => {
    if (!member.present) return;
    const { by: before, at } = changes.get(audienceId) ?? { by: 0, at: null };
    changes.set(audienceId, { spaceId, audienceId, by: before + by, at });
  };
  for (const one of before) add(one, -1);
  for (const one of after) add(one, 1);
  return [...changes.values()]
    .filter(({ by }) => by !== 0)
    .map((change) => ({ ...change, at: latestOf(after, change) }));
}

function latestOf(members: readonly StoredMember[], { audienceId }: SizeChange): Date | null {
  const stamps = members.flatMap((one) =>
    one.audienceId === audienceId ? [one.member.entered?.timeUs ?? 0, one.member.exited?.timeUs ?? 0] : [],
  );
  const latestUs = stamps.reduce((latest, timeUs) => Math.max(latest, timeUs), 0);
  return dateOf(latestUs === 0 ? null : latestUs);
}
