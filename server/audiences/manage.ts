/** Audiences and their connections as people manage them; audiences.ts is what events make of them. */
import type { AudienceId, DestinationId, PersonId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { err, must, ok, type Result } from '../kernel/result.ts';
import {
  type AudienceRow,
  type ConnectionRow,
  connectionsOfAudiences,
  connectionsOfDestination,
  countAudiences,
  insertAudience,
  insertConnection,
  lockAudiences,
  markAudienceDeleted,
  markConnectionDeleted,
  selectAudience,
  selectAudiences,
  updateAudience as updateAudienceRow,
  updateConnection as updateConnectionRow,
} from './audiences.sql.ts';
import { lockFeeding, selectMemberships } from './manage.sql.ts';
import { type SizeRow, selectSizes } from './sizes.sql.ts';
import { dateOf } from './stamps.ts';

export interface ManagedAudience {
  readonly id: AudienceId;
  readonly spaceId: SpaceId;
  readonly kind: AudienceRow['kind'];
  /** Immutable, and never reused (segment-spec.md 2.2). */
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  /** Present members. */
  readonly members: number;
  /** When their number last changed. */
  readonly changedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an audience sends to one destination (segment-spec.md 2.3). */
export interface ConnectionFields {
  readonly enabled: boolean;
  readonly sendTrack: boolean;
  readonly sendIdentify: boolean;
  readonly enteredEvent: string;
  readonly exitedEvent: string;
  readonly settings: Readonly<Record<string, unknown>>;
}
export interface ConnectionPlace {
  readonly spaceId: SpaceId;
  readonly audienceId: AudienceId;
  readonly destinationId: DestinationId;
}
export type ManagedConnection = ConnectionPlace &
  ConnectionFields & { readonly createdAt: Date; readonly updatedAt: Date };

/** The builder takes Latin characters only, and a journey's key has 255 of them (segment-spec.md 2.2). */
export const audienceKeyPattern = /^[A-Za-z0-9_]{1,255}$/;

/** The key of an audience that was given none: `Order Completed Last 30 Days` → `order_completed_last_30_days`. */
export const keyOfName = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 255);

/** `no key`: the name has no Latin letter or digit, so a key must be given. `taken`: also by a deleted audience. */
export async function createAudience(
  tx: Tx,
  clock: Clock,
  input: { spaceId: SpaceId; name: string; key?: string | undefined; description: string },
): Promise<Result<ManagedAudience, 'taken' | 'no key'>> {
  const key = input.key ?? keyOfName(input.name);
  if (key === '') return err('no key');
  const row = await insertAudience(tx, { ...input, key, now: new Date(clock.now()) });
  return row ? ok(managedAudience(row, undefined)) : err('taken');
}

export async function getAudience(
  q: Queryable,
  spaceId: SpaceId,
  audienceId: AudienceId,
): Promise<ManagedAudience | undefined> {
  const row = await selectAudience(q, spaceId, audienceId);
  return row && withMembers(q, row);
}

export async function listAudiences(
  q: Queryable,
  spaceId: SpaceId,
  page: { after: number; limit: number },
): Promise<{ items: ManagedAudience[]; total: number }> {
  const rows = await selectAudiences(q, spaceId, page.after, page.limit);
  const sizes = await selectSizes(
    q,
    spaceId,
    rows.map((row) => row.audience_id),
  );
  const sizeOf = new Map(sizes.map((size) => [size.audience_id, size]));
  const items = rows.map((row) => managedAudience(row, sizeOf.get(row.audience_id)));
  return { items, total: await countAudiences(q, spaceId) };
}

/** The key may be sent along, as it was read; another one is refused. */
export async function updateAudience(
  tx: Tx,
  clock: Clock,
  place: { spaceId: SpaceId; audienceId: AudienceId },
  change: { name?: string | undefined; description?: string | undefined; key?: string | undefined },
): Promise<Result<ManagedAudience, 'not found' | 'key is fixed'>> {
  const before = await selectAudience(tx, place.spaceId, place.audienceId);
  if (!before) return err('not found');
  if (change.key !== undefined && change.key !== before.key) return err('key is fixed');
  const now = new Date(clock.now());
  const { name = null, description = null } = change;
  const row = await updateAudienceRow(tx, { ...place, name, description, now });
  return row ? ok(await withMembers(tx, row)) : err('not found');
}

/** Its row stays, so that its key is never given again; its connections were ended by the caller. */
export async function removeAudience(
  tx: Tx,
  clock: Clock,
  place: { spaceId: SpaceId; audienceId: AudienceId },
): Promise<void> {
  await markAudienceDeleted(tx, place.spaceId, place.audienceId, new Date(clock.now()));
}

/** What one person is, or was, in one audience. */
export interface PersonMembership {
  readonly personId: PersonId;
  readonly audienceId: AudienceId;
  readonly key: string;
  readonly name: string;
  readonly present: boolean;
  readonly enteredAt: Date | null;
  readonly exitedAt: Date | null;
  /** Events that changed nothing, because a newer one was known (rule 1). */
  readonly late: number;
  readonly records: number;
  readonly recordsLost: number;
}

export async function membershipsOf(
  q: Queryable,
  spaceId: SpaceId,
  people: readonly PersonId[],
): Promise<PersonMembership[]> {
  return (await selectMemberships(q, spaceId, people)).map((row) => ({
    personId: row.person_id,
    audienceId: row.audience_id,
    key: row.key,
    name: row.name,
    present: row.present,
    enteredAt: dateOf(row.entered_us),
    exitedAt: dateOf(row.exited_us),
    late: row.late,
    records: row.records,
    recordsLost: row.records_lost,
  }));
}

// Connections ----------------------------------------------------------------------------------------------------------

/**
 * Takes what a change of these connections needs alone, so that their walk sees everything that micro-batches under way
 * write (rule 6). Gives those of the audiences that are there.
 */
export async function lockConnected(
  tx: Tx,
  spaceId: SpaceId,
  audienceIds: readonly AudienceId[],
): Promise<AudienceId[]> {
  return (await lockAudiences(tx, spaceId, audienceIds)).map((row) => row.audience_id);
}

export async function connectionsOf(q: Queryable, audienceId: AudienceId): Promise<ManagedConnection[]> {
  return (await connectionsOfAudiences(q, [audienceId])).map(managedConnection);
}

export async function connectionsInto(
  q: Queryable,
  spaceId: SpaceId,
  destinationId: DestinationId,
): Promise<ManagedConnection[]> {
  return (await connectionsOfDestination(q, spaceId, destinationId)).map(managedConnection);
}

/** Undefined where the audience is connected to this destination already. */
export async function connectAudience(
  tx: Tx,
  clock: Clock,
  place: ConnectionPlace,
  fields: ConnectionFields,
): Promise<ManagedConnection | undefined> {
  const row = await insertConnection(tx, { ...place, ...fields, now: new Date(clock.now()) });
  return row && managedConnection(row);
}

export async function changeConnection(
  tx: Tx,
  clock: Clock,
  before: ManagedConnection,
  change: Partial<ConnectionFields>,
): Promise<ManagedConnection> {
  const row = await updateConnectionRow(tx, { ...before, ...change, now: new Date(clock.now()) });
  return managedConnection(must(row, 'the connection was read in this transaction, under its audience’s lock'));
}

/** Whether the members have to be walked again: what is sent of them differs, or nothing was sent till now. */
export function changesEvents(before: ConnectionFields, after: ConnectionFields): boolean {
  const sent = ({ enabled, sendTrack, sendIdentify, enteredEvent, exitedEvent, settings }: ConnectionFields): string =>
    JSON.stringify([enabled, sendTrack, sendIdentify, enteredEvent, exitedEvent, Object.entries(settings).sort()]);
  return after.enabled && sent(before) !== sent(after);
}

/** What becomes of the people at TikTok is decided by the caller (rule 12). */
export async function disconnectAudience(tx: Tx, clock: Clock, place: ConnectionPlace): Promise<void> {
  await markConnectionDeleted(tx, { ...place, now: new Date(clock.now()) });
}

export { lockFeeding };

async function withMembers(q: Queryable, row: AudienceRow): Promise<ManagedAudience> {
  const [size] = await selectSizes(q, row.space_id, [row.audience_id]);
  return managedAudience(row, size);
}

const managedAudience = (row: AudienceRow, size: SizeRow | undefined): ManagedAudience => ({
  id: row.audience_id,
  spaceId: row.space_id,
  kind: row.kind,
  key: row.key,
  name: row.name,
  description: row.description,
  status: row.status,
  members: size?.members ?? 0,
  changedAt: size?.changed_at ?? null,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** A connection as it is stored; the events' side (audiences.ts) reads the same. */
export const managedConnection = (row: ConnectionRow): ManagedConnection => ({
  spaceId: row.space_id,
  audienceId: row.audience_id,
  destinationId: row.destination_id,
  enabled: row.enabled,
  sendTrack: row.send_track,
  sendIdentify: row.send_identify,
  enteredEvent: row.entered_event,
  exitedEvent: row.exited_event,
  settings: row.settings,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
