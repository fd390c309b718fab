/**
 * What people do to the destination meanwhile, a transaction each: how the product stores it, how the API is asked what it
 * would send, and what the model makes of it.
 */
import { idToText, type MappingId } from '../../contract/ids.ts';
import { endConnection, holdConnection, reapply, reapplyLeaving, rewalk } from '../../server/api/feeding.ts';
import { manage } from '../../server/audiences/audiences.ts';
import type { Tx } from '../../server/db/port.ts';
import { getMapping, removeMapping, updateDestination, updateMapping } from '../../server/destinations/destinations.ts';
import type { ManualClock } from '../../server/kernel/clock.ts';
import { must } from '../../server/kernel/result.ts';
import { type AudienceKey, advertisers, type ObjectChange, type People } from './history.ts';
import type { Model, Slot } from './model.ts';
import { enteredEvent, exitedEvent, insertMapping, mappingOf, type Stored } from './stored.ts';

type EditCommand = Extract<ObjectChange, { do: 'edit' }>;

/** A request to the API, without `dryRun`. */
export interface Ask {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly people?: People;
  readonly body?: object;
}

export interface Change {
  readonly ask: Ask;
  readonly store: (tx: Tx) => Promise<void>;
  readonly model: () => void;
}

interface Parts {
  readonly clock: ManualClock;
  readonly model: Model;
  readonly stored: Stored;
}

export function changesOf(command: ObjectChange, parts: Parts): Change[] {
  switch (command.do) {
    case 'edit':
      return edits(parts, command);
    case 'drop mapping':
      return dropMapping(parts, command);
    case 'make mappings':
      return makeMappings(parts);
    case 'connection off or on': {
      const enabled = !parts.model.connections.get(command.audience)?.enabled;
      return editConnection(parts, command.audience, { enabled });
    }
    case 'connect':
      return connect(parts, command.audience);
    case 'disconnect':
      return disconnect(parts, command);
  }
}

// Mappings and settings ------------------------------------------------------------------------------------------------

function edits(parts: Parts, command: EditCommand): Change[] {
  const { model } = parts;
  const { edit, audience, people } = command;
  if (edit === 'normaliser') return [editNormaliser(parts)];
  if (edit === 'advertiser' && model.setup.style !== 'named') {
    const now = model.connections.get(audience)?.advertiser;
    return editConnection(parts, audience, { advertiser: otherAdvertiser(now), people });
  }
  const both = edit === 'advertiser' || edit === 'audience name';
  const add = model.slotKeyOf(audience, 'add');
  const remove = model.slotKeyOf(audience, 'remove');
  const keys = both ? [...new Set([add, remove])] : [edit === 'remove off or on' ? remove : add];
  const { advertiser, elsewhere } = model.slotOf(audience, 'add');
  return keys.flatMap((key) => {
    const slot = must(model.slots.get(key), 'a slot');
    if (!slot.exists) return [];
    const after: Slot = {
      ...slot,
      ...(edit === 'phone off or on' ? { phone: !slot.phone } : {}),
      ...(edit === 'trigger off or on' ? { matches: !slot.matches } : {}),
      ...(edit === 'add off or on' || edit === 'remove off or on' ? { enabled: !slot.enabled } : {}),
      ...(edit === 'advertiser' ? { advertiser: otherAdvertiser(advertiser) } : {}),
      ...(edit === 'audience name' ? { elsewhere: !elsewhere } : {}),
    };
    return [editMapping(parts, { key, slot, after, leaves: both ? people : undefined })];
  });
}

const otherAdvertiser = (now: string | undefined): string => (now === advertisers[0] ? advertisers[1] : advertisers[0]);

/** `leaves`: what becomes of the people where the mapping names another TikTok audience than before (rule 12). */
function editMapping(
  { clock, model, stored }: Parts,
  { key, slot, after, leaves }: { key: string; slot: Slot; after: Slot; leaves: People | undefined },
): Change {
  const { destinationId, mappings } = stored;
  const mappingId = must(mappings.get(key), 'a mapping');
  const { settings, trigger } = mappingOf(key, after, model.setup, stored.pool);
  const { enabled } = after;
  return {
    ask: {
      method: 'PATCH',
      path: `${mappingsOf(stored)}/${idToText('mapping', mappingId)}`,
      body: { settings, trigger, enabled },
      ...(leaves ? { people: leaves } : {}),
    },
    async store(tx) {
      if (leaves) await reapplyLeaving(tx, { clock }, placeOf(stored), { mappingId, people: leaves });
      else await reapply(tx, { clock }, placeOf(stored), 'mapping');
      const before = must(await getMapping(tx, destinationId, mappingId), 'it exists');
      await updateMapping(tx, clock, { ...before, settings, trigger, enabled });
    },
    model() {
      if (leaves) model.leave(model.audiencesOf(key), leaves);
      Object.assign(slot, after);
    },
  };
}

const mappingsOf = ({ destinationId }: Stored): string => `${destinationOf(destinationId)}/subscriptions`;
const destinationOf = (id: Stored['destinationId']): string => `/api/v1/destinations/${idToText('destination', id)}`;
const placeOf = ({ spaceId, destinationId: id }: Stored) => ({ spaceId, id });

function editNormaliser({ clock, model, stored }: Parts): Change {
  const plain = !model.plainEmails;
  const { destinationId } = stored;
  const settings = { emailProfile: plain ? 'plain' : 'api_doc' };
  return {
    ask: { method: 'PATCH', path: destinationOf(destinationId), body: { settings } },
    async store(tx) {
      await reapply(tx, { clock }, placeOf(stored), 'settings');
      must((await updateDestination(tx, clock, destinationId, { settings })).ok || undefined, 'settings');
    },
    model() {
      model.plainEmails = plain;
    },
  };
}

function dropMapping(
  { clock, model, stored }: Parts,
  { audience, adds, people }: { audience: AudienceKey; adds: boolean; people: People },
): Change[] {
  const key = model.slotKeyOf(audience, adds ? 'add' : 'remove');
  const slot = must(model.slots.get(key), 'a slot');
  if (!slot.exists) return [];
  const mappingId = must(stored.mappings.get(key), 'a mapping');
  const path = `${mappingsOf(stored)}/${idToText('mapping', mappingId)}`;
  return [
    {
      ask: { method: 'DELETE', path, people },
      async store(tx) {
        await reapplyLeaving(tx, { clock }, placeOf(stored), { mappingId, people });
        await removeMapping(tx, clock, mappingId);
      },
      model() {
        model.leave(model.setup.audiences, people);
        slot.exists = false;
      },
    },
  ];
}

/** What was deleted is made again. */
function makeMappings({ clock, model, stored }: Parts): Change[] {
  return [...model.slots].flatMap(([key, slot]): Change[] => {
    if (slot.exists) return [];
    const after = { ...slot, exists: true, enabled: true };
    const { actionSlug, settings, trigger } = mappingOf(key, after, model.setup, stored.pool);
    const made: { id?: MappingId } = {};
    return [
      {
        ask: {
          method: 'POST',
          path: mappingsOf(stored),
          body: { name: key, actionSlug, settings, trigger, enabled: true },
        },
        async store(tx) {
          await reapply(tx, { clock }, placeOf(stored), 'mapping');
          made.id = await insertMapping(tx, { clock, setup: model.setup, stored }, key, after);
        },
        model() {
          stored.mappings.set(key, must(made.id, 'made'));
          Object.assign(slot, after);
        },
      },
    ];
  });
}

// Connections ----------------------------------------------------------------------------------------------------------

const connectionPlace = ({ spaceId, destinationId, audiences }: Stored, audience: AudienceKey) => ({
  spaceId,
  destinationId,
  audienceId: must(audiences.get(audience), 'an audience'),
});
type Place = ReturnType<typeof connectionPlace>;

const connectionsOf = ({ spaceId, audienceId }: Place): string =>
  `/api/v1/spaces/${idToText('space', spaceId)}/audiences/${idToText('audience', audienceId)}/destination-connections`;
const connectionOf = (place: Place): string =>
  `${connectionsOf(place)}/${idToText('destination', place.destinationId)}`;

function editConnection(
  { clock, model, stored }: Parts,
  audience: AudienceKey,
  to: { enabled: boolean } | { advertiser: string; people: People },
): Change[] {
  const connection = must(model.connections.get(audience), 'a connection');
  if (!connection.exists) return [];
  const place = connectionPlace(stored, audience);
  const people = 'people' in to ? to.people : undefined;
  const fields = 'people' in to ? { settings: { advertiserId: to.advertiser } } : { enabled: to.enabled };
  return [
    {
      ask: { method: 'PATCH', path: connectionOf(place), body: fields, ...(people ? { people } : {}) },
      async store(tx) {
        await holdConnection(tx, place);
        const standing = await manage.connectionsOf(tx, place.audienceId);
        const before = must(
          standing.find((one) => one.destinationId === place.destinationId),
          'it exists',
        );
        const walked = manage.changesEvents(before, { ...before, ...fields });
        if (walked || people) await rewalk(tx, { clock }, { ...place, reason: 'connection' }, people);
        await manage.changeConnection(tx, clock, before, fields);
      },
      model() {
        if (people) model.leave([audience], people);
        Object.assign(connection, 'people' in to ? { advertiser: to.advertiser } : to);
      },
    },
  ];
}

function disconnect(
  { clock, model, stored }: Parts,
  { audience, people }: { audience: AudienceKey; people: People },
): Change[] {
  const connection = must(model.connections.get(audience), 'a connection');
  if (!connection.exists) return [];
  const place = connectionPlace(stored, audience);
  return [
    {
      ask: { method: 'DELETE', path: connectionOf(place), people },
      async store(tx) {
        await holdConnection(tx, place);
        await endConnection(tx, { clock }, place, people);
      },
      model() {
        model.leave([audience], people);
        connection.exists = false;
      },
    },
  ];
}

function connect({ clock, model, stored }: Parts, audience: AudienceKey): Change[] {
  const connection = must(model.connections.get(audience), 'a connection');
  if (connection.exists) return [];
  const place = connectionPlace(stored, audience);
  const fields = {
    enabled: true,
    sendTrack: true,
    sendIdentify: false,
    enteredEvent,
    exitedEvent,
    settings: { advertiserId: connection.advertiser },
  };
  const destinationId = idToText('destination', place.destinationId);
  return [
    {
      ask: { method: 'POST', path: connectionsOf(place), body: { destinationId, ...fields } },
      async store(tx) {
        await holdConnection(tx, place);
        must(await manage.connectAudience(tx, clock, place, fields), 'it was deleted before');
        await rewalk(tx, { clock }, { ...place, reason: 'connected' });
      },
      model() {
        Object.assign(connection, { exists: true, enabled: true });
      },
    },
  ];
}
