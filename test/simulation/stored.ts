/** The destination under simulation as it is stored at first, and a mapping of it as the product takes it. */
import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, MappingId, SourceId, SpaceId } from '../../contract/ids.ts';
import { insertConnection } from '../../server/audiences/audiences.sql.ts';
import { manage } from '../../server/audiences/audiences.ts';
import { createSpace } from '../../server/auth/auth.ts';
import type { Tx } from '../../server/db/port.ts';
import { createDestination, createMapping, withDefaults } from '../../server/destinations/destinations.ts';
import { createSource } from '../../server/ingest/ingest.ts';
import type { ManualClock } from '../../server/kernel/clock.ts';
import type { Random } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { Secret, vault } from '../../server/kernel/secret.ts';
import { beginWalk } from '../../server/ledger/ledger.ts';
import { type AudienceKey, advertisers, type Setup } from './history.ts';
import { type Model, newSlot, type Slot } from './model.ts';

export const enteredEvent = 'Audience Entered';
export const exitedEvent = 'Audience Exited';

/** What stands in the database from the start, and the mappings as they come and go. */
export interface Stored {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly sources: { readonly server: SourceId; readonly website: SourceId };
  readonly audiences: ReadonlyMap<AudienceKey, AudienceId>;
  readonly mappings: Map<string, MappingId>;
  readonly pool: string;
}

export async function storeAll(
  tx: Tx,
  parts: { clock: ManualClock; random: Random; setup: Setup; model: Model; pool: string; token: string },
): Promise<Stored> {
  const { clock, random, setup, model, pool } = parts;
  const sealing = vault(Buffer.alloc(32, 1), random);
  const space = must(await createSpace(tx, clock, { slug: 'shop', name: 'Shop' }), 'a space');
  const source = async (kind: 'server' | 'website'): Promise<SourceId> => {
    const made = await createSource(
      tx,
      { clock, random, vault: sealing },
      { spaceId: space.id, slug: kind, name: kind, kind },
    );
    return must(made.ok ? made.value.source.sourceId : undefined, 'a source');
  };
  const sources = { server: await source('server'), website: await source('website') };
  const destination = await createDestination(tx, clock, {
    spaceId: space.id,
    sourceId: null,
    metadataId: 'actions-tiktok-audiences',
    name: 'TikTok',
    enabled: true,
    settings: { batchRows: 2 },
  });
  const { id: destinationId } = must(destination.ok ? destination.value : undefined, 'a destination');
  const now = new Date(clock.now());
  const token = sealing.seal(`destinations|${destinationId}|access_token`, new Secret(parts.token));
  await tx.query(sql`
    update destinations set access_token = ${token}, connected_at = ${now} where destination_id = ${destinationId}`);
  const audiences = new Map<AudienceKey, AudienceId>();
  const stored: Stored = { spaceId: space.id, destinationId, sources, audiences, mappings: new Map(), pool };
  for (const [key, slot] of model.slots)
    stored.mappings.set(key, await insertMapping(tx, { clock, setup, stored }, key, slot));
  if (setup.direct !== 'none') {
    for (const key of ['direct add', 'direct remove'])
      await insertMapping(tx, { clock, setup, stored }, key, newSlot());
  }
  for (const key of setup.audiences) {
    const made = await manage.createAudience(tx, clock, { spaceId: space.id, key, name: key, description: '' });
    const audienceId = must(made.ok ? made.value.id : undefined, 'an audience');
    audiences.set(key, audienceId);
    const place = { spaceId: space.id, audienceId, destinationId };
    const settings = { advertiserId: advertisers[0] };
    await insertConnection(tx, {
      ...place,
      enabled: true,
      sendTrack: true,
      sendIdentify: false,
      enteredEvent,
      exitedEvent,
      settings,
      now,
    });
    await beginWalk(tx, { clock }, { ...place, reason: 'connected' });
  }
  return stored;
}

export async function insertMapping(
  tx: Tx,
  { clock, setup, stored }: { clock: ManualClock; setup: Setup; stored: Stored },
  key: string,
  slot: Slot,
): Promise<MappingId> {
  const { actionSlug, settings, trigger } = mappingOf(key, slot, setup, stored.pool);
  const input = { name: key, actionSlug, trigger, settings, enabled: slot.enabled };
  const made = await createMapping(tx, { clock, mappingsMax: 50 }, stored.destinationId, input);
  return must(made.ok ? made.value.id : undefined, 'a mapping');
}

export function mappingOf(
  key: string,
  slot: Slot,
  setup: Setup,
  pool: string,
): { actionSlug: string; trigger: string; settings: Record<string, unknown> } {
  const [direction = '', audience] = key.split(' ');
  const never = 'event = "Never"';
  const flags = { send_phone: slot.phone };
  if (direction === 'direct') {
    const settings = {
      advertiser_id: advertisers[0],
      external_audience_id: setup.direct === 'by id' ? pool : '',
      custom_audience_name: 'pool',
    };
    const actionSlug = audience === 'add' ? 'addToAudience' : 'removeFromAudience';
    const trigger = audience === 'add' ? 'event = "Signed Up"' : 'event = "Opted Out"';
    return { actionSlug, trigger, settings: withDefaults(actionSlug, settings) };
  }
  const name = slot.elsewhere ? { custom_audience_name: 'other' } : setup.pool ? { custom_audience_name: 'pool' } : {};
  if (direction === 'sync') {
    const trigger = slot.matches ? 'type = "track"' : never;
    return { actionSlug: 'syncAudience', trigger, settings: withDefaults('syncAudience', { ...name, ...flags }) };
  }
  const adds = direction === 'add';
  const trigger = slot.matches ? `event = "${adds ? enteredEvent : exitedEvent}"` : never;
  if (setup.style === 'native') {
    const actionSlug = adds ? 'addToAudience' : 'removeFromAudience';
    return { actionSlug, trigger, settings: withDefaults(actionSlug, { ...name, ...flags }) };
  }
  const actionSlug = adds ? 'addUser' : 'removeUser';
  const settings = { selected_advertiser_id: slot.advertiser, personas_audience_key: audience, ...name, ...flags };
  return { actionSlug, trigger, settings: withDefaults(actionSlug, settings) };
}
