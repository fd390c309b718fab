/** What keeps the maintained numbers of `ledger_counts` true where rows of known people change. */
import type { PersonId, SpaceId } from '../../contract/ids.ts';
import type { Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { selectRowsOfPeople } from './memberships.sql.ts';
import { directOrigin, kept, type LedgerRow } from './rows.ts';
import { type SkipPlace, saveSkipReasons, selectHolders } from './skip-reasons.sql.ts';
import { addToTallies, type TallyChange } from './tallies.sql.ts';

/** Counts the kept people by all rows of some people before and after a change; their people are locked (rule 3). */
export async function countKept(tx: Tx, before: Iterable<LedgerRow>, after: Iterable<LedgerRow>): Promise<void> {
  const changes = new Map<string, TallyChange>();
  const add = (rows: Iterable<LedgerRow>, by: number): void => {
    for (const { spaceId, destinationId, originId } of onePerPerson(rows)) {
      const key = `${destinationId} ${originId}`;
      const audienceId = originId as TallyChange['audienceId']; // an origin other than 0 is an audience
      const known = changes.get(key)?.kept ?? 0;
      changes.set(key, { spaceId, destinationId, audienceId, skipped: 0, kept: known + by });
    }
  };
  add(before, -1);
  add(after, 1);
  await addToTallies(
    tx,
    [...changes.values()].filter(({ kept }) => kept !== 0),
  );
}

/** Counts the kept people of some whose rows a statement changes; they are locked (rule 3). */
export async function countingKept<Done>(
  tx: Tx,
  spaceId: SpaceId,
  people: readonly PersonId[],
  change: () => Promise<Done>,
): Promise<Done> {
  const keys = people.map((personId) => ({ spaceId, personId }));
  const before = await selectRowsOfPeople(tx, keys);
  const done = await change();
  await countKept(tx, before, await selectRowsOfPeople(tx, keys));
  return done;
}

/** Of the kept rows of an audience at a destination one for each person. */
function onePerPerson(rows: Iterable<LedgerRow>): Iterable<LedgerRow> {
  const people = new Map<string, LedgerRow>();
  for (const row of rows) {
    if (row.level !== kept || row.originId === directOrigin) continue;
    people.set(`${row.destinationId} ${row.originId} ${row.personId}`, row);
  }
  return people.values();
}

export type IdleMember = SkipPlace & { readonly present: boolean };

const switchedOff = 'the connection is switched off';

/**
 * A connection that is switched off levels nobody. What stands at TikTok stays; of a member who has nothing there, this is
 * the reason, so that the numbers add up there too (design.md 4.1, Counting).
 */
export async function explainIdle(tx: Tx, { clock }: { clock: Clock }, members: readonly IdleMember[]): Promise<void> {
  if (members.length === 0) return;
  const holders = await selectHolders(tx, members);
  const reasons = members.map((member, i) => ({
    ...member,
    reason: member.present && !holders.has(i) ? switchedOff : null,
  }));
  await saveSkipReasons(tx, reasons, new Date(clock.now()));
}
