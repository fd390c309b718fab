/**
 * Configured TikTok connections: a destination with its settings and sealed token, its mappings, and the TikTok
 * audiences it feeds. The story in order: a destination is made, connected by OAuth (connection.ts), given mappings whose
 * fields are chosen from live lists (choices.ts), and each audience its mappings name becomes a target (targets.ts) that
 * is resolved at TikTok (resolve-target.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import type { DestinationId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { Queryable, Tx } from '../db/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { must, ok, type Result } from '../kernel/result.ts';
import { catalogDestinations, type DestinationSettings, findAction } from './catalog.ts';
import { fieldChoices } from './choices.ts';
import {
  accessToken,
  beginAuthorization,
  finishAuthorization,
  forgetToken,
  missingScopes,
  pause,
  resume,
  revokeAuthorization,
} from './connection.ts';
import {
  countDestinations,
  type DestinationRow,
  deleteDestinationRow,
  insertDestination,
  lockDestination,
  selectAllDestinations,
  selectAllMappings,
  selectDestination,
  selectDestinationOrDeleted,
  selectDestinations,
  selectLeavingDestinations,
  shareDestinations,
  updateDestinationRow,
} from './destinations.sql.ts';
import { whyNotFeedable } from './feedable.ts';
import { askToCreate, replaceTarget } from './replace-target.ts';
import { goneSentence, resolveTarget } from './resolve-target.ts';
import { checkSettings, type FieldProblem, withDefaults } from './settings.ts';
import {
  createMapping,
  getMapping,
  listMappings,
  type Mapping,
  removeMapping,
  rowToMapping,
  updateMapping,
} from './stored-mappings.ts';
import { markFed, markGone, markLeaving } from './target-life.ts';
import {
  askForLook,
  dueTargets,
  lookAgain,
  lookAgainAt,
  lookSoon,
  saveSeen,
  unseenBefore,
  unseenTargets,
} from './target-looks.ts';
import { block, chooseAudience, ensureTargets, findTargets, getTarget, targetsOf } from './targets.ts';

export interface Destination {
  id: DestinationId;
  spaceId: SpaceId;
  /** Null: fed by the space's own output (Engage). */
  sourceId: SourceId | null;
  metadataId: string;
  name: string;
  enabled: boolean;
  settings: DestinationSettings;
  connected: boolean;
  connectedAt: Date | null;
  advertiserIds: string[];
  /** Permissions that TikTok granted (tiktok-api.md 2.5). */
  scopes: number[];
  /** I8: calls are stopped, what is owed is kept. */
  paused: { reason: string; code: number | null; at: Date } | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A page of a list: what comes after the id, at most `limit` (1 to 1,000). */
export interface Page {
  after: number;
  limit: number;
}

export async function createDestination(
  tx: Tx,
  clock: Clock,
  input: {
    spaceId: SpaceId;
    sourceId: SourceId | null;
    metadataId: string;
    name: string;
    enabled: boolean;
    settings: unknown;
  },
): Promise<Result<Destination, FieldProblem[]>> {
  const settings = checkSettings(input.metadataId, input.settings);
  if (!settings.ok) return settings;
  const [row] = await insertDestination(tx, { ...input, settings: settings.value, at: new Date(clock.now()) });
  return ok(rowToDestination(must(row, 'insert returns its row')));
}

export async function getDestination(q: Queryable, id: DestinationId): Promise<Destination | undefined> {
  const [row] = await selectDestination(q, id);
  return row && rowToDestination(row);
}

/** For what is left of a destination after it was deleted (rule 12). */
export async function getDestinationOrDeleted(q: Queryable, id: DestinationId): Promise<Destination | undefined> {
  const [row] = await selectDestinationOrDeleted(q, id);
  return row && rowToDestination(row);
}

/** Of one space, or of all where `spaceId` is null. */
export async function listDestinations(
  q: Queryable,
  spaceId: SpaceId | null,
  page: Page,
): Promise<{ items: Destination[]; total: number }> {
  const rows = await selectDestinations(q, spaceId, page);
  const [count] = await countDestinations(q, spaceId);
  return { items: rows.map(rowToDestination), total: count?.count ?? 0 };
}

/** Every destination with its mappings, for the pipeline, which compiles them once and not per event. */
export async function loadDestinations(q: Queryable): Promise<{ destination: Destination; mappings: Mapping[] }[]> {
  const destinations = (await selectAllDestinations(q)).map(rowToDestination);
  const mappings = new Map<DestinationId, Mapping[]>(destinations.map(({ id }) => [id, []]));
  for (const row of await selectAllMappings(q)) mappings.get(row.destination_id)?.push(rowToMapping(row));
  return destinations.map((destination) => ({ destination, mappings: mappings.get(destination.id) ?? [] }));
}

/** Changes the given fields; settings are merged field by field. Changed settings may free what is blocked. */
export async function updateDestination(
  tx: Tx,
  clock: Clock,
  id: DestinationId,
  change: { name?: string | undefined; enabled?: boolean | undefined; settings?: Record<string, unknown> | undefined },
): Promise<Result<Destination | undefined, FieldProblem[]>> {
  const [row] = await lockDestination(tx, id);
  if (!row) return ok(undefined);
  const before = rowToDestination(row);
  const settings = checkSettings(before.metadataId, { ...before.settings, ...change.settings });
  if (!settings.ok) return settings;
  const [updated] = await updateDestinationRow(tx, {
    id,
    name: change.name ?? before.name,
    enabled: change.enabled ?? before.enabled,
    settings: settings.value,
    at: new Date(clock.now()),
  });
  if (!isDeepStrictEqual(settings.value, before.settings)) await lookAgain(tx, clock, id);
  return ok(updated && rowToDestination(updated));
}

/**
 * Gives whether there was one. What becomes of its people at TikTok is decided by the caller before (rule 12); with
 * `keepToken` delivery can still remove them, and calls `forgetToken` when nothing is owed.
 */
export async function removeDestination(
  tx: Tx,
  clock: Clock,
  id: DestinationId,
  options: { keepToken: boolean },
): Promise<boolean> {
  return (await deleteDestinationRow(tx, { id, ...options, at: new Date(clock.now()) })).length > 0;
}

/** Deleted destinations that still have people to remove at TikTok, and the token to do it. */
export async function leavingDestinations(q: Queryable): Promise<Destination[]> {
  return (await selectLeavingDestinations(q)).map(rowToDestination);
}

function rowToDestination(row: DestinationRow): Destination {
  const settings = checkSettings(row.metadata_id, row.settings);
  return {
    id: row.destination_id,
    spaceId: row.space_id,
    sourceId: row.source_id,
    metadataId: row.metadata_id,
    name: row.name,
    enabled: row.enabled,
    settings: must(
      settings.ok ? settings.value : undefined,
      `settings of destination ${row.destination_id} do not parse`,
    ),
    connected: row.connected,
    connectedAt: row.connected_at,
    advertiserIds: row.advertiser_ids,
    scopes: row.scopes,
    paused:
      row.paused_reason === null || row.paused_at === null
        ? null
        : { reason: row.paused_reason, code: row.paused_code, at: row.paused_at },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export type { FieldChoices } from './choices.ts';
export type { AuthorizationProblem, Connected, MissingScope, OAuthDeps } from './connection.ts';
export type { ReplacementProblem } from './replace-target.ts';
export type { CreateRecord, Resolution, ResolveDeps, SettleCreate } from './resolve-target.ts';
export type { TargetProblem } from './targets.sql.ts';
export type { AudienceChoice, Claim, Target, TargetRef } from './targets.ts';
export type { DestinationSettings, FieldProblem, Mapping };
export {
  accessToken,
  askForLook,
  askToCreate,
  beginAuthorization,
  block,
  catalogDestinations,
  checkSettings,
  chooseAudience,
  createMapping,
  dueTargets,
  ensureTargets,
  fieldChoices,
  findAction,
  findTargets,
  finishAuthorization,
  forgetToken,
  getMapping,
  getTarget,
  goneSentence,
  listMappings,
  lockDestination as holdDestination,
  lookAgainAt,
  lookSoon,
  markFed,
  markGone,
  markLeaving,
  missingScopes,
  pause,
  removeMapping,
  replaceTarget,
  resolveTarget,
  resume,
  revokeAuthorization,
  saveSeen,
  shareDestinations,
  targetsOf,
  unseenBefore,
  unseenTargets,
  updateMapping,
  whyNotFeedable,
  withDefaults,
};
