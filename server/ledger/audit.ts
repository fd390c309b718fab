/**
 * The nightly count (design.md 4.1, Counting). The numbers on the pages are maintained by those who change what is
 * counted (tallies.ts); here every audience is counted in full once a day, what differs is told and mended.
 */
import type { DestinationId } from '../../contract/ids.ts';
import { addToSizes, connectionsFor, manage, memberCount } from '../audiences/audiences.ts';
import type { Db, Tx } from '../db/port.ts';
import { type Clock, days, hours } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import {
  type AuditedAudience,
  type AuditRow,
  countPeopleAfter,
  countRange,
  readOneMoment,
  saveAudit,
  selectMaintained,
  takeAuditTurn,
} from './audit.sql.ts';
import { addToTallies } from './tallies.sql.ts';
import { beginWalk } from './walk.ts';
import { lockWalks } from './walks.sql.ts';

/** From three to five by the server's clock, as in most databases' upkeep; a server that is off then counts on the third day. */
const quiet = { from: 3, to: 5 };
const nightly = hours(20);
const overdue = days(3);

/** People a statement: some tens of milliseconds each. */
const chunkPeople = 10_000;

interface AuditDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
}

/** Counts one audience whose turn it is. Says whether there was one. */
export async function auditStep(deps: AuditDeps): Promise<'more' | 'idle'> {
  const now = new Date(deps.clock.now());
  const atNight = now.getHours() >= quiet.from && now.getHours() < quiet.to;
  const before = new Date(now.getTime() - (atNight ? nightly : overdue));
  const audience = await deps.db.transaction((tx) => takeAuditTurn(tx, before, now));
  if (!audience) return 'idle';
  await auditAudience(deps, audience);
  return 'more';
}

/** Counts an audience at each of its destinations, tells what differs and mends it. Gives the differences. */
export async function auditAudience(deps: AuditDeps, audience: AuditedAudience): Promise<AuditRow[]> {
  const { members, rows } = await deps.db.transaction((tx) => countInFull(tx, audience));
  await deps.db.transaction((tx) => mend(tx, deps, audience, { members, rows }));
  for (const { destinationId, ...differences } of rows) {
    if (Object.values(differences).every((by) => by === 0)) continue;
    const place = { audience: audience.audienceId, destination: destinationId };
    deps.log.error('the numbers of an audience were not what a full count finds; they are mended', {
      ...place,
      ...differences,
    });
  }
  return rows;
}

/** All in one moment: what is maintained and what is counted belong together, whatever happens meanwhile. */
async function countInFull(tx: Tx, audience: AuditedAudience): Promise<{ members: number; rows: AuditRow[] }> {
  await readOneMoment(tx);
  const maintained = await selectMaintained(tx, audience);
  const found = new Map(maintained.map((row) => [row.destination_id, { unexplained: 0, kept: 0 }]));
  let members = 0;
  for (let after = 0; ; ) {
    const page = await countPeopleAfter(tx, audience, { after, limit: chunkPeople });
    members += page.members;
    if (page.last === null) break;
    for (const { destination_id: destinationId, walked } of maintained) {
      const range = await countRange(tx, { ...audience, destinationId }, { after, upTo: page.last, walked });
      const sum = found.get(destinationId);
      if (sum)
        found.set(destinationId, { unexplained: sum.unexplained + range.unexplained, kept: sum.kept + range.kept });
    }
    after = page.last;
  }
  const difference = members - (await memberCount(tx, audience.spaceId, audience.audienceId));
  const rows = maintained.map((row): AuditRow => {
    const { unexplained, kept } = found.get(row.destination_id) ?? { unexplained: 0, kept: 0 };
    return {
      destinationId: row.destination_id,
      members: difference,
      skipped: row.reasons - row.skipped,
      kept: kept - row.kept,
      unexplained,
    };
  });
  return { members: difference, rows };
}

/**
 * Differences are added, not set: what others have committed since is in the numbers and stays there. Members without row
 * or reason are levelled by a walk, the way all others are (rule 5).
 */
async function mend(
  tx: Tx,
  deps: AuditDeps,
  audience: AuditedAudience,
  { members, rows }: { members: number; rows: readonly AuditRow[] },
): Promise<void> {
  const unexplained = rows.filter((row) => row.unexplained > 0).map((row) => row.destinationId);
  for (const destinationId of unexplained) await walkAnew(tx, deps, { ...audience, destinationId });
  if (members !== 0) await addToSizes(tx, [{ ...audience, by: members, at: null }]);
  const off = rows.filter(({ skipped, kept }) => skipped !== 0 || kept !== 0);
  await addToTallies(
    tx,
    off.map(({ destinationId, skipped, kept }) => ({ ...audience, destinationId, skipped, kept })),
  );
  for (const row of rows) await saveAudit(tx, audience, row, new Date(deps.clock.now()));
}

/** In the order in which everyone takes these locks (api/feeding.ts). */
async function walkAnew(
  tx: Tx,
  deps: Pick<AuditDeps, 'clock'>,
  place: AuditedAudience & { destinationId: DestinationId },
): Promise<void> {
  await manage.lockFeeding(tx, place.destinationId);
  await lockWalks(tx, place);
  const [locked] = await manage.lockConnected(tx, place.spaceId, [place.audienceId]);
  const connections = locked === undefined ? [] : await connectionsFor(tx, [locked]);
  if (!connections.some(({ destinationId }) => destinationId === place.destinationId)) return;
  await beginWalk(tx, deps, { ...place, reason: 'count' });
}
