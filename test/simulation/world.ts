/** The product under simulation: one destination, its mappings and connections, two nodes that send, and what people do. */
import sql from 'sql-template-tag';
import type { AudienceId, DestinationId, MappingId, SourceId, SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent } from '../../contract/segment-event.ts';
import { endConnection, holdConnection, reapply } from '../../server/api/feeding.ts';
import { insertConnection } from '../../server/audiences/audiences.sql.ts';
import { manage } from '../../server/audiences/audiences.ts';
import { createSpace } from '../../server/auth/auth.ts';
import type { Db, Tx } from '../../server/db/port.ts';
import { createDelivery, type Delivery, retryParked } from '../../server/delivery/delivery.ts';
import {
  beginAuthorization,
  createDestination,
  createMapping,
  finishAuthorization,
  getMapping,
  removeMapping,
  updateDestination,
  updateMapping,
  withDefaults,
} from '../../server/destinations/destinations.ts';
import { createSource } from '../../server/ingest/ingest.ts';
import { type ManualClock, minutes, seconds } from '../../server/kernel/clock.ts';
import type { CrashPoint } from '../../server/kernel/crash-point.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { type Random, seededRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { Secret, vault } from '../../server/kernel/secret.ts';
import { beginRelease, beginWalk, type LevelDeps, producersOf, releaseStep, walkStep } from '../../server/ledger/ledger.ts';
import { processBatch } from '../../server/pipeline.ts';
import {
  type AudienceKey,
  advertisers,
  doubtWindowSeconds,
  type Edit,
  type EventSpec,
  type People,
  type Setup,
} from './history.ts';
import { emailOf, Model, phoneOf, type Slot, type Taken } from './model.ts';
import { scheduledDb } from './scheduled-db.ts';
import { type Actor, Killed, newActor, type Scheduler } from './scheduler.ts';
import { StandIn } from './stand-in.ts';

export const lease = seconds(30);

interface Node {
  readonly actor: Actor;
  readonly delivery: Delivery;
  /** It dies when it reaches this. */
  dieAt: CrashPoint | undefined;
}

interface WorldParts {
  readonly db: Db;
  readonly clock: ManualClock;
  readonly scheduler: Scheduler;
  readonly setup: Setup;
  readonly seed: number;
}

/** What `makeWorld` has stored. */
interface Stored {
  readonly spaceId: SpaceId;
  readonly destinationId: DestinationId;
  readonly sources: { readonly server: SourceId; readonly website: SourceId };
  readonly audiences: ReadonlyMap<AudienceKey, AudienceId>;
  readonly mappings: Map<string, MappingId>;
  readonly pool: string;
}

const enteredEvent = 'Audience Entered';
const exitedEvent = 'Audience Exited';

export class World {
  readonly model: Model;
  readonly standIn: StandIn;
  readonly stored: Stored;
  readonly level: LevelDeps;
  readonly taken: Taken[] = [];
  kills = 0;
  readonly #parts: WorldParts;
  readonly #random: Random;
  readonly #nodes: [Node, Node];
  readonly #editor: Db;
  readonly #walker: Db;
  #starts = 0;
  #batches = 0;

  private constructor(parts: WorldParts, made: { stored: Stored; model: Model; standIn: StandIn; random: Random }) {
    this.#parts = parts;
    this.stored = made.stored;
    this.model = made.model;
    this.standIn = made.standIn;
    this.#random = made.random;
    this.level = { clock: parts.clock, producers: producersOf({ log: silentLog }) };
    const actorDb = (name: string): Db => scheduledDb(parts.db, parts.scheduler, newActor(name));
    this.#editor = actorDb('editor');
    this.#walker = actorDb('walker');
    this.#nodes = [this.#newNode(0), this.#newNode(1)];
  }

  static async make(parts: WorldParts): Promise<World> {
    const { db, clock, scheduler, setup, seed } = parts;
    const random = seededRandom(seed + 1);
    const model = new Model(setup);
    const standIn = new StandIn(clock, scheduler);
    // One that is there before, so that mappings can name it by its id.
    const pool = standIn.make(advertisers[0], 'pool').id;
    const stored = await db.transaction((tx) => store(tx, { clock, random, setup, model, pool, token: standIn.token }));
    return new World(parts, { stored, model, standIn, random });
  }

  get spaceId(): SpaceId {
    return this.stored.spaceId;
  }

  // Events ------------------------------------------------------------------------------------------------------------

  take(specs: readonly EventSpec[]): Taken[] {
    const now = this.#parts.clock.now();
    const taken = specs.map((spec) => {
      const timeUs = spec.clamped ? now * 1_000 : (now - spec.ago * 1_000) * 1_000 + spec.no;
      return { spec, timeUs, originalUs: spec.clamped ? timeUs + 60_000_000 + spec.no * 1_000 : timeUs };
    });
    this.taken.push(...taken);
    return taken;
  }

  /** One micro-batch, like ingest's; the model takes it when it has been committed. */
  async process(batch: readonly Taken[]): Promise<void> {
    const events = batch.map((taken) => this.#received(taken));
    this.#batches += 1;
    // A process of its own each: who of several writers goes on is the seed's choice.
    const writer = scheduledDb(this.#parts.db, this.#parts.scheduler, newActor(`writer ${this.#batches}`));
    await writer.transaction((tx) => processBatch(tx, this.level, events));
    this.model.take(batch);
  }

  #received({ spec, timeUs, originalUs }: Taken): ReceivedEvent {
    const isPublic = spec.says === 'public enter';
    return {
      spaceId: this.spaceId,
      sourceId: isPublic ? this.stored.sources.website : this.stored.sources.server,
      sourceKind: isPublic ? 'website' : 'server',
      event: eventOf(spec, new Date(Math.floor(timeUs / 1_000)).toISOString()),
      timeUs,
      originalUs,
    };
  }

  async walk(): Promise<'more' | 'idle'> {
    const deps = { ...this.level, db: this.#walker, log: silentLog };
    // A row a chunk: whatever else happens comes between two of them.
    const released = await releaseStep(deps, 1);
    return (await walkStep(deps)) === 'more' ? 'more' : released;
  }

  // Nodes -------------------------------------------------------------------------------------------------------------

  async send(n: number): Promise<void> {
    const { delivery, actor } = this.#node(n);
    if (!actor.dead) await delivery.step();
  }

  kill(n: number, at: CrashPoint | undefined): void {
    const node = this.#node(n);
    if (node.actor.dead) return;
    if (at === undefined) this.#die(node);
    else node.dieAt = at;
  }

  #die(node: Node): void {
    this.kills += 1;
    this.#parts.scheduler.kill(node.actor);
  }

  isDead(n: number): boolean {
    return this.#node(n).actor.dead;
  }

  start(n: number): void {
    const node = this.#node(n);
    node.dieAt = undefined;
    if (node.actor.dead) this.#nodes[n === 0 ? 0 : 1] = this.#newNode(n);
  }

  stall(n: number, stalled: boolean): void {
    const { actor } = this.#node(n);
    if (!actor.dead) actor.stalled = stalled;
  }

  #node(n: number): Node {
    return this.#nodes[n === 0 ? 0 : 1];
  }

  #newNode(n: number): Node {
    const { db, clock, scheduler, seed } = this.#parts;
    this.#starts += 1;
    const nodeId = `node ${n} start ${this.#starts}`;
    const actor = newActor(nodeId);
    const node: Node = {
      actor,
      dieAt: undefined,
      delivery: createDelivery({
        db: scheduledDb(db, scheduler, actor),
        clock,
        random: seededRandom(seed * 31 + this.#starts),
        log: silentLog,
        vault: vault(Buffer.alloc(32, 1), this.#random),
        tiktok: this.standIn.forNode(actor),
        reached: (point) => {
          if (node.dieAt === point) this.#die(node);
          if (actor.dead) throw new Killed(point);
        },
        nodeId,
        cut: () => {},
        virtualNow: () => new Date(clock.now()),
        settings: {
          lease,
          doubtWindow: minutes(doubtWindowSeconds / 60),
          callTimeout: seconds(5),
          parallelCalls: 3,
          batchBytes: 1_000_000,
        },
      }),
    };
    return node;
  }

  // Changed objects ---------------------------------------------------------------------------------------------------

  /** `store` commits the change; the model makes it at the same moment. */
  async #change(store: (tx: Tx) => Promise<void>, model: () => void): Promise<void> {
    await this.#editor.transaction(store);
    this.model.beforeChange();
    model();
    this.model.beforeChange();
  }

  #reapply(tx: Tx): Promise<void> {
    const { spaceId, destinationId: id } = this.stored;
    return reapply(tx, this.#parts, { id, spaceId }, 'mapping');
  }

  async edit(edit: Edit, audience: AudienceKey): Promise<void> {
    const { style } = this.model.setup;
    if (edit === 'normaliser') return this.#editNormaliser();
    if (edit === 'advertiser' && style !== 'named') return this.#editAdvertiser(audience);
    const add = this.model.slotOf(audience, 'add');
    const keys =
      edit === 'advertiser'
        ? [this.model.slotKeyOf(audience, 'add'), this.model.slotKeyOf(audience, 'remove')]
        : [this.model.slotKeyOf(audience, edit === 'remove off or on' ? 'remove' : 'add')];
    const advertiser = add.advertiser === advertisers[0] ? advertisers[1] : advertisers[0];
    for (const key of keys) {
      const slot = must(this.model.slots.get(key), 'a slot');
      if (!slot.exists) continue;
      const after: Slot = {
        ...slot,
        ...(edit === 'phone off or on' ? { phone: !slot.phone } : {}),
        ...(edit === 'trigger off or on' ? { matches: !slot.matches } : {}),
        ...(edit === 'add off or on' || edit === 'remove off or on' ? { enabled: !slot.enabled } : {}),
        ...(edit === 'advertiser' ? { advertiser } : {}),
      };
      await this.#change(
        async (tx) => {
          await this.#reapply(tx);
          const { destinationId, mappings } = this.stored;
          const before = must(await getMapping(tx, destinationId, must(mappings.get(key), 'a mapping')), 'it exists');
          const { settings, trigger } = mappingOf(key, after, this.model.setup, this.stored.pool);
          await updateMapping(tx, this.#parts.clock, { ...before, settings, trigger, enabled: after.enabled });
        },
        () => Object.assign(slot, after),
      );
    }
  }

  #editNormaliser(): Promise<void> {
    const plain = !this.model.plainEmails;
    const { destinationId } = this.stored;
    return this.#change(
      async (tx) => {
        await this.#reapply(tx);
        const settings = { emailProfile: plain ? 'plain' : 'api_doc' };
        must((await updateDestination(tx, this.#parts.clock, destinationId, { settings })).ok || undefined, 'settings');
      },
      () => {
        this.model.plainEmails = plain;
      },
    );
  }

  #editAdvertiser(audience: AudienceKey): Promise<void> {
    const now = this.model.connections.get(audience)?.advertiser;
    return this.#editConnection(audience, { advertiser: now === advertisers[0] ? advertisers[1] : advertisers[0] });
  }

  async #editConnection(audience: AudienceKey, to: { advertiser?: string; enabled?: boolean }): Promise<void> {
    const connection = must(this.model.connections.get(audience), 'a connection');
    if (!connection.exists) return;
    const place = this.#place(audience);
    await this.#change(
      async (tx) => {
        await holdConnection(tx, place);
        const standing = await manage.connectionsOf(tx, place.audienceId);
        const before = must(
          standing.find((one) => one.destinationId === place.destinationId),
          'it exists',
        );
        const after = await manage.changeConnection(tx, this.#parts.clock, before, {
          ...(to.enabled === undefined ? {} : { enabled: to.enabled }),
          ...(to.advertiser === undefined ? {} : { settings: { advertiserId: to.advertiser } }),
        });
        if (manage.changesEvents(before, after)) await beginWalk(tx, this.#parts, { ...place, reason: 'connection' });
      },
      () => Object.assign(connection, to),
    );
  }

  switchConnection(audience: AudienceKey): Promise<void> {
    return this.#editConnection(audience, { enabled: !this.model.connections.get(audience)?.enabled });
  }

  async disconnect(audience: AudienceKey, people: People): Promise<void> {
    const connection = must(this.model.connections.get(audience), 'a connection');
    if (!connection.exists) return;
    const place = this.#place(audience);
    await this.#change(
      async (tx) => {
        await holdConnection(tx, place);
        await endConnection(tx, this.#parts, place, people);
      },
      () => {
        this.model.release([audience], people);
        connection.exists = false;
      },
    );
  }

  async connect(audience: AudienceKey): Promise<void> {
    const connection = must(this.model.connections.get(audience), 'a connection');
    if (connection.exists) return;
    const place = this.#place(audience);
    await this.#change(
      async (tx) => {
        await holdConnection(tx, place);
        const made = await manage.connectAudience(tx, this.#parts.clock, place, {
          enabled: true,
          sendTrack: true,
          sendIdentify: false,
          enteredEvent,
          exitedEvent,
          settings: { advertiserId: connection.advertiser },
        });
        must(made, 'it was deleted before');
        await beginWalk(tx, this.#parts, { ...place, reason: 'connected' });
      },
      () => Object.assign(connection, { exists: true, enabled: true }),
    );
  }

  async dropMapping(audience: AudienceKey, adds: boolean, people: People): Promise<void> {
    const key = this.model.slotKeyOf(audience, adds ? 'add' : 'remove');
    const slot = must(this.model.slots.get(key), 'a slot');
    if (!slot.exists) return;
    const mappingId = must(this.stored.mappings.get(key), 'a mapping');
    const { spaceId, destinationId } = this.stored;
    await this.#change(
      async (tx) => {
        await this.#reapply(tx);
        await beginRelease(tx, this.#parts, spaceId, { destinationId, mappingId, people });
        await removeMapping(tx, this.#parts.clock, mappingId);
      },
      () => {
        this.model.release(this.model.setup.audiences, people);
        slot.exists = false;
      },
    );
  }

  /** What was deleted is made again. */
  async makeMappings(): Promise<void> {
    for (const [key, slot] of this.model.slots) {
      if (slot.exists) continue;
      const made: { id?: MappingId } = {};
      await this.#change(
        async (tx) => {
          await this.#reapply(tx);
          made.id = await insert(tx, { ...this.#parts, stored: this.stored }, key, {
            ...slot,
            exists: true,
            enabled: true,
          });
        },
        () => {
          this.stored.mappings.set(key, must(made.id, 'made'));
          Object.assign(slot, { exists: true, enabled: true });
        },
      );
    }
  }

  /** Connects TikTok again, as the owner does after a revoked token. Says whether it did: meanwhile the ten minutes may be over. */
  async reconnect(): Promise<boolean> {
    const tiktok = this.standIn.forNode(newActor('browser'));
    const deps = {
      db: this.#editor,
      clock: this.#parts.clock,
      random: this.#random,
      vault: vault(Buffer.alloc(32, 1), this.#random),
      tiktok,
      tiktokOf: () => tiktok,
      redirectUri: 'https://usher.example/oauth/tiktok/callback',
    };
    const { spaceId, destinationId } = this.stored;
    const ask = { spaceId, destinationId, owner: 'token:1', returnTo: undefined };
    const begun = await this.#editor.transaction((tx) => beginAuthorization(tx, deps, ask));
    const address = new URL(must(begun.ok ? begun.value : undefined, 'an address'));
    const state = address.searchParams.get('state') ?? '';
    const done = await finishAuthorization(deps, { state, authCode: 'code', owner: 'token:1' }, async () => {});
    return done.ok;
  }

  async retryParked(): Promise<void> {
    await this.#editor.transaction((tx) => retryParked(tx, this.stored.destinationId));
  }

  #place(audience: AudienceKey) {
    const { spaceId, destinationId, audiences } = this.stored;
    return { spaceId, destinationId, audienceId: must(audiences.get(audience), 'an audience') };
  }
}

// Set-up -------------------------------------------------------------------------------------------------------------

async function store(
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
    stored.mappings.set(key, await insert(tx, { clock, setup, stored }, key, slot));
  if (setup.direct !== 'none') {
    const slot = { exists: true, enabled: true, matches: true, phone: true, advertiser: advertisers[0] };
    for (const key of ['direct add', 'direct remove']) await insert(tx, { clock, setup, stored }, key, slot);
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

async function insert(
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

function mappingOf(
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
  const name = setup.pool ? { custom_audience_name: 'pool' } : {};
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
  const settings = { selected_advertiser_id: slot.advertiser, personas_audience_key: audience, ...flags };
  return { actionSlug, trigger, settings: withDefaults(actionSlug, settings) };
}

function eventOf(spec: EventSpec, time: string): SegmentEvent {
  const { who, audience, says } = spec;
  const email = emailOf(who, spec.email);
  const phone = phoneOf(spec.phone);
  const traits = { ...(email === undefined ? {} : { email }), ...(phone === undefined ? {} : { phone }) };
  const common = {
    messageId: `m${spec.no}`,
    userId: `u${who}`,
    timestamp: time,
    originalTimestamp: time,
    receivedAt: time,
  };
  const personas = {
    computation_class: 'audience',
    computation_id: `aud_${audience}`,
    computation_key: audience,
    namespace: 'spa_test',
    space_id: 'spa_test',
  };
  const track = { ...common, type: 'track' as const, context: { traits } };
  switch (says) {
    case 'alias':
      return { ...common, type: 'alias', previousId: `u${spec.other}` };
    case 'add':
      return { ...track, event: 'Signed Up', properties: {} };
    case 'remove':
      return { ...track, event: 'Opted Out', properties: {} };
    case 'public enter':
      return { ...track, event: enteredEvent, properties: { audience_key: audience, [audience]: true } };
    case 'enter':
    case 'exit': {
      const entered = says === 'enter';
      if (spec.identify)
        return { ...common, type: 'identify', traits: { ...traits, [audience]: entered }, context: { personas } };
      const event = entered ? enteredEvent : exitedEvent;
      const properties = { audience_key: audience, [audience]: entered };
      return { ...track, event, properties, context: { traits, personas } };
    }
  }
}
