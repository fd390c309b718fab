/** The product under simulation: one destination, its mappings and connections, two nodes that send, and what people do. */
import type { SpaceId } from '../../contract/ids.ts';
import type { ReceivedEvent, SegmentEvent } from '../../contract/segment-event.ts';
import type { Db } from '../../server/db/port.ts';
import { createDelivery, type Delivery, retryParked } from '../../server/delivery/delivery.ts';
import { beginAuthorization, finishAuthorization, targetsOf } from '../../server/destinations/destinations.ts';
import { type ManualClock, minutes, seconds } from '../../server/kernel/clock.ts';
import type { CrashPoint } from '../../server/kernel/crash-point.ts';
import { silentLog } from '../../server/kernel/log.ts';
import { type Random, seededRandom } from '../../server/kernel/random.ts';
import { must } from '../../server/kernel/result.ts';
import { vault } from '../../server/kernel/secret.ts';
import {
  beginResync,
  type LevelDeps,
  producersOf,
  releaseStep,
  resyncStep,
  walkStep,
} from '../../server/ledger/ledger.ts';
import { processBatch } from '../../server/pipeline.ts';
import { type Change, changesOf } from './changes.ts';
import { advertisers, doubtWindowSeconds, type EventSpec, type ObjectChange, type Setup } from './history.ts';
import { emailOf, Model, phoneOf, type Taken } from './model.ts';
import { scheduledDb } from './scheduled-db.ts';
import { type Actor, Killed, newActor, type Scheduler } from './scheduler.ts';
import { StandIn } from './stand-in.ts';
import { enteredEvent, exitedEvent, type Stored, storeAll } from './stored.ts';

export const lease = seconds(30);
/** Of releases and resyncs: so few that histories come between two chunks. */
const chunkRows = 2;

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
    const stored = await db.transaction((tx) =>
      storeAll(tx, { clock, random, setup, model, pool, token: standIn.token }),
    );
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

  /** What goes on in the background, a step of each at most. */
  async walk(): Promise<'more' | 'idle'> {
    const deps = { ...this.level, db: this.#walker, log: silentLog };
    const steps = [
      await releaseStep(deps, chunkRows),
      await walkStep(deps),
      await resyncStep(deps, { chunkRows, aheadMost: 3 * chunkRows }),
    ];
    return steps.includes('more') ? 'more' : 'idle';
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

  /** What a command changes, a transaction each. */
  changesOf(command: ObjectChange): Change[] {
    const { clock } = this.#parts;
    return changesOf(command, { clock, model: this.model, stored: this.stored });
  }

  /** Commits a change; the model makes it at the same moment. */
  async commit({ store, model }: Change): Promise<void> {
    await this.#editor.transaction(store);
    this.model.beforeChange();
    model();
    this.model.beforeChange();
  }

  /** Tells every audience that is fed all once more. */
  async resync(): Promise<void> {
    const { clock } = this.#parts;
    await this.#editor.transaction(async (tx) => {
      for (const target of await targetsOf(tx, this.stored.destinationId))
        if (target.state === 'ready') await beginResync(tx, clock, target);
    });
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
