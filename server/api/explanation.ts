/** Pure: what the ledger holds of one person, in plain words. The page "why is this person (not) on TikTok?" reads it. */
import { z } from '@hono/zod-openapi';
import { type AudienceId, idToText, type TargetId } from '../../contract/ids.ts';
import type { ManagedConnection, PersonMembership } from '../audiences/audiences.ts';
import type { Destination, Target } from '../destinations/destinations.ts';
import { absent, directOrigin, type explain, present, type WalkRow } from '../ledger/ledger.ts';
import { codeMeaning } from '../tiktok/tiktok.ts';
import { hashPrefix } from './masking.ts';
import { timeSchema } from './shapes.ts';

const rowSchema = z.object({
  targetId: z.string(),
  origin: z.enum(['audience', 'direct']).openapi({ description: 'direct: events without an audience' }),
  level: z.enum(['present', 'absent', 'kept']),
  hashes: z.record(z.string(), z.string()).openapi({ description: 'the first bytes of each hash, in hex' }),
  mappingId: z.string(),
  enteredAt: timeSchema,
  owed: z.boolean(),
  removedAt: timeSchema.nullable(),
  parked: z.object({ code: z.int(), message: z.string(), at: timeSchema }).nullable(),
});
export const explanationSchema = z.object({
  destinationId: z.string(),
  name: z.string(),
  connectionEnabled: z.boolean(),
  skipped: z.object({ reason: z.string(), at: timeSchema }).nullable(),
  rows: z.array(rowSchema),
  targets: z.array(
    z.object({ id: z.string(), name: z.string().nullable(), state: z.string(), reason: z.string().nullable() }),
  ),
  sentences: z.array(z.string()),
});

type HeldRow = Awaited<ReturnType<typeof explain.selectHeldRows>>[number];
type SkipRow = Awaited<ReturnType<typeof explain.selectSkipsOfPerson>>[number];
export interface DestinationView {
  readonly destination: Destination;
  readonly targets: ReadonlyMap<TargetId, Target>;
  readonly walks: ReadonlyMap<AudienceId, WalkRow>;
}
export interface Explained {
  readonly membership: PersonMembership;
  readonly connection: ManagedConnection;
  readonly view: DestinationView;
  /** Everything of the person, at every destination. */
  readonly rows: readonly HeldRow[];
  readonly skips: readonly SkipRow[];
}

/** What is true of the member wherever the audience is sent. */
export function aboutMember(membership: PersonMembership, destinations: number): string[] {
  const { name, present: member, enteredAt, exitedAt, late, recordsLost } = membership;
  const sentences = [];
  if (member) sentences.push(`In ${quoted(name)}${since(enteredAt)}.`);
  else if (exitedAt) sentences.push(`Not in ${quoted(name)}: left at ${timeOf(exitedAt)}.`);
  else sentences.push(`Never seen in ${quoted(name)}: no event of this audience named this person.`);
  if (late > 0) sentences.push(`${times(late, 'event')} changed nothing, because a newer one was known.`);
  if (recordsLost > 0) sentences.push(`${times(recordsLost, 'set')} of identifiers too many were left out.`);
  if (destinations === 0) sentences.push('The audience is connected to no destination, so nothing is sent.');
  return sentences;
}

/** What one destination was, or will be, told of a member. */
export function explainAt(one: Explained): z.infer<typeof explanationSchema> {
  const { connection, view } = one;
  const { id, name } = view.destination;
  const rows = one.rows.filter((row) => row.destinationId === id && isOf(row, connection.audienceId));
  const skip = one.skips.find((s) => s.destination_id === id && s.audience_id === connection.audienceId);
  const targets = [...new Set(rows.map((row) => row.targetId))].flatMap((targetId) => view.targets.get(targetId) ?? []);
  return {
    destinationId: idToText('destination', id),
    name,
    connectionEnabled: connection.enabled,
    skipped: skip ? { reason: skip.reason, at: skip.at.toISOString() } : null,
    rows: rows.map(rowToJson),
    targets: targets.map((target) => ({
      id: idToText('target', target.id),
      name: target.named,
      state: target.state,
      reason: target.reason,
    })),
    sentences: [
      ...aboutDestination(view.destination, connection),
      ...aboutWalk(one),
      ...(skip && one.membership.present ? [`Nothing of this member can be sent: ${skip.reason}.`] : []),
      ...rows.map((row) => aboutRow(row, view.targets.get(row.targetId))),
      ...(rows.length === 0 && !one.membership.present
        ? ['TikTok was never told of this person by this audience.']
        : []),
      ...targets.flatMap(aboutTarget),
    ],
  };
}

const isOf = (row: HeldRow, audienceId: AudienceId): boolean =>
  row.originId === directOrigin || row.originId === audienceId;

function aboutDestination({ enabled, connected, paused }: Destination, connection: ManagedConnection): string[] {
  const sentences = [];
  if (!connection.enabled) sentences.push('The connection is switched off: changes are not passed on.');
  if (!enabled) sentences.push('The destination is switched off: nothing is sent.');
  if (!connected) sentences.push('TikTok is not connected: nothing is sent.');
  if (paused) sentences.push(`Sending is paused since ${timeOf(paused.at)}: ${paused.reason}`);
  return sentences;
}

function aboutWalk({ membership, connection, view }: Explained): string[] {
  const walk = view.walks.get(connection.audienceId);
  if (!walk || walk.finished_at || walk.cursor_person >= membership.personId) return [];
  return [`Not looked at yet: ${walk.walked} of ${walk.total} people have been walked through.`];
}

function aboutRow(row: HeldRow, target: Target | undefined): string {
  const what = namesOf(row).join(', ');
  const where = target ? placeOf(target) : 'a TikTok audience that is gone';
  const by = row.originId === directOrigin ? ' (by an event without an audience)' : '';
  if (row.parked) {
    const { code, message } = row.parked;
    return `TikTok refused ${what} for ${where}${by}: ${codeMeaning(code).meaning} (${code}: ${message}) It waits for a retry.`;
  }
  if (row.level === present) return `${row.owed ? 'To be added to' : 'On TikTok in'} ${where}${by}: ${what}.`;
  if (row.level === absent) {
    const told = row.settledAt ? ` at ${timeOf(row.settledAt)}` : '';
    return row.owed ? `To be removed from ${where}${by}: ${what}.` : `Removed from ${where}${told}${by}: ${what}.`;
  }
  return `Left in ${where} on purpose${by}: ${what}. No Remove mapping takes this person out.`;
}

function aboutTarget(target: Target): string[] {
  switch (target.state) {
    case 'blocked':
      return [`${capital(placeOf(target))} is blocked: ${target.reason ?? 'no reason is known'}.`];
    case 'unresolved':
      return [`${capital(placeOf(target))} has not been found or made at TikTok yet.`];
    case 'leaving':
    case 'gone':
    case 'ready':
      return [];
  }
}

const placeOf = ({ named, tiktokId, advertiserId }: Target): string =>
  `the TikTok audience ${named === null ? (tiktokId ?? '') : quoted(named)} of ad account ${advertiserId}`;

/** As contract and wire order them. */
const typeNames = ['email', 'phone', 'idfa', 'aaid'] as const;

const hashesOf = (row: HeldRow): [string, string][] =>
  row.hashes.flatMap((hash, type): [string, string][] => (hash ? [[typeNames[type] ?? '', hashPrefix(hash)]] : []));

const namesOf = (row: HeldRow): string[] => hashesOf(row).map(([type, prefix]) => `${type} ${prefix}…`);

const levelNames = { 0: 'absent', 1: 'present', 2: 'kept' } as const;

const rowToJson = (row: HeldRow): z.infer<typeof rowSchema> => ({
  targetId: idToText('target', row.targetId),
  origin: row.originId === directOrigin ? 'direct' : 'audience',
  level: levelNames[row.level],
  hashes: Object.fromEntries(hashesOf(row)),
  mappingId: idToText('mapping', row.mappingId),
  enteredAt: new Date(Math.floor(row.enteredUs / 1_000)).toISOString(),
  owed: row.owed,
  removedAt: row.settledAt?.toISOString() ?? null,
  parked: row.parked && { ...row.parked, at: row.parked.at.toISOString() },
});

const quoted = (name: string): string => `"${name}"`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const timeOf = (at: Date): string => at.toISOString();
const since = (at: Date | null): string => (at ? ` since ${timeOf(at)}` : '');
const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
