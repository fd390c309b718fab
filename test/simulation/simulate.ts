/** One history from the first event to the comparison of every set at TikTok with the model. */
import { hours, manualClock } from '../../server/kernel/clock.ts';
import { type Random, seededRandom } from '../../server/kernel/random.ts';
import { counts } from '../../server/ledger/ledger.ts';
import { type ApiUnderTest, apiUnderTest } from '../support/api-client.ts';
import type { Ask, Change } from './changes.ts';
import { checkCounts } from './check-counts.ts';
import { type Divergence, differs } from './divergence.ts';
import type { Engine } from './engine.ts';
import { type Command, describeCommand, doubtWindowSeconds, type History, type ObjectChange } from './history.ts';
import { Killed, Scheduler } from './scheduler.ts';
import { World } from './world.ts';

export interface Figures {
  readonly calls: number;
  readonly rows: number;
  readonly faults: number;
  readonly kills: number;
  readonly steps: number;
}

export interface Outcome {
  /** None: the sets are what the model says. */
  readonly divergences: readonly Divergence[];
  readonly figures: Figures;
  /** The run as it went: who did what, when. */
  readonly story: readonly string[];
}

/** More steps than any history takes: something goes round in circles. */
const stepsMax = 60_000;
/** Somebody waits for a lock: after so many more steps those who hold sessions go first, before a limit of the server. */
const patience = 30;

export async function simulate(engine: Engine, history: History): Promise<Outcome> {
  await engine.empty();
  const clock = manualClock('2026-06-01T00:00:00Z');
  const scheduler = new Scheduler(engine.sessions);
  const random = seededRandom(history.seed * 104_729 + 7);
  const world = await World.make({ db: engine.db, clock, scheduler, setup: history.setup, seed: history.seed });
  engine.watch(scheduler);
  const run = new Run({ engine, clock, scheduler, random, world, history });
  const divergences = await run.all();
  const { standIn, kills } = world;
  const figures = {
    calls: standIn.calls,
    rows: standIn.rows,
    faults: standIn.faultsMet,
    kills,
    steps: scheduler.steps,
  };
  return { divergences, figures, story: run.story };
}

interface RunParts {
  readonly engine: Engine;
  readonly clock: ReturnType<typeof manualClock>;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly world: World;
  readonly history: History;
}

type Worker = 'writer' | 'editor' | 'walker' | 'sender0' | 'sender1';

class Run {
  readonly story: string[] = [];
  readonly #parts: RunParts;
  readonly #began: number;
  /** Tasks under way, by who does them. */
  readonly #busy: Record<Worker, number> = { writer: 0, editor: 0, walker: 0, sender0: 0, sender1: 0 };
  readonly #failures: Divergence[] = [];
  /** Of a calm history: from the first changed object on, dry runs tell what is to be counted. */
  #changed = false;
  #api: ApiUnderTest | undefined;
  #token: string | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#began = parts.clock.now();
  }

  async all(): Promise<Divergence[]> {
    const { history } = this.#parts;
    if (history.setup.calm) {
      await this.#walks();
      for (const command of history.commands) await this.#calmly(command);
    } else await this.#mixed(history.commands);
    const owed = await this.#heal();
    return [...this.#failures, ...owed, ...this.#compare()];
  }

  /** Commands begin while others are under way; the seed says who goes on next. */
  async #mixed(commands: readonly Command[]): Promise<void> {
    const { scheduler, random } = this.#parts;
    let waited = 0;
    for (let next = 0; next < commands.length; ) {
      const command = commands[next] as Command;
      const steps = scheduler.eligible();
      const free = this.#isFree(command);
      waited = scheduler.blocked > 0 ? waited + 1 : 0;
      const idle = steps.every(({ kind }) => kind === 'call');
      const mayBegin = free && (steps.length === 0 || (waited < patience && random.fraction() < (idle ? 0.5 : 0.12)));
      if (mayBegin) {
        await this.#begin(command);
        next += 1;
        if (next % 10 === 0) await this.#count();
      } else if (steps.length > 0) await this.#one(waited >= patience);
      // Whoever this command waits for stands still: it is given up.
      else next += 1;
      if (this.#stuck()) return;
    }
  }

  /** I5: of each command all is told before the next one begins, and nothing twice. */
  async #calmly(command: Command): Promise<void> {
    if (command.do !== 'batch') return this.#changeCalmly(command as ObjectChange);
    const { world } = this.#parts;
    const before = world.standIn.rows;
    const there = new Set(world.standIn.audiences.map(({ advertiserId, name }) => `${advertiserId} ${name}`));
    await this.#begin(command);
    await this.#tellAll();
    const expected = world.model.rowsToTell((target) => there.has(target));
    const told = world.standIn.rows - before;
    if (!this.#changed && told !== expected)
      this.#failures.push(
        differs(
          `I5: ${told} rows were told where ${expected} changed`,
          told > expected ? 'I5: too many rows' : 'I5: too few rows',
        ),
      );
    await this.#count();
  }

  /** What a dry run says of a change is what then is told. */
  async #changeCalmly(command: ObjectChange): Promise<void> {
    this.#changed = true;
    this.#say(describeCommand(command));
    for (const change of this.#parts.world.changesOf(command)) await this.#tryAndDo(change);
    await this.#count();
  }

  async #tryAndDo(change: Change): Promise<void> {
    const { world } = this.#parts;
    const { standIn } = world;
    const said = await this.#dryRun(change.ask);
    const before = { adds: standIn.added, removes: standIn.removed };
    this.#task('editor', () => world.commit(change));
    await this.#drain();
    await this.#walks();
    await this.#tellAll();
    const told = { adds: standIn.added - before.adds, removes: standIn.removed - before.removes };
    if (JSON.stringify(said) === JSON.stringify(told)) return;
    const { method, path } = change.ask;
    const what = `dry run of ${method} ${path}: ${JSON.stringify(said)}, told ${JSON.stringify(told)}`;
    this.#failures.push(differs(what, `dry run of ${method}`));
  }

  /** At the front door, while nothing else goes on. */
  async #dryRun({ method, path, people, body }: Ask): Promise<{ adds: number; removes: number } | undefined> {
    const { engine, clock, world } = this.#parts;
    this.#api ??= apiUnderTest(engine.db, clock);
    this.#token ??= await this.#api.token(world.spaceId, 'owner');
    const query = `dryRun=true${people ? `&people=${people}` : ''}`;
    const { json } = await this.#api.request(method, `${path}?${query}`, { token: this.#token, body });
    const { adds, removes } = json.data ?? {};
    return json.data && { adds, removes };
  }

  async #tellAll(): Promise<void> {
    await this.#drain();
    for (let round = 0; round < 3; round += 1) {
      await this.#begin({ do: 'send', node: 0 });
      await this.#drain();
    }
  }

  #stuck(): boolean {
    if (this.#parts.scheduler.steps < stepsMax) return false;
    if (this.#failures.length === 0) this.#failures.push(differs(`nothing comes to an end: ${stepsMax} steps`));
    return true;
  }

  async #one(insideFirst = false): Promise<void> {
    const { scheduler, random } = this.#parts;
    const all = scheduler.eligible();
    const inside = all.filter(({ kind }) => kind === 'statement' || kind === 'commit');
    const steps = insideFirst && inside.length > 0 ? inside : all;
    const quick = steps.filter(({ kind }) => kind !== 'call');
    // Calls are slow: much happens between being sent, being applied and being answered.
    const some = quick.length > 0 && random.fraction() < 0.97 ? quick : steps;
    const step = some[Math.floor(random.fraction() * some.length)];
    if (step) await scheduler.step(step);
  }

  async #drain(): Promise<void> {
    const { scheduler } = this.#parts;
    await scheduler.settle();
    while (scheduler.eligible().length > 0 && !this.#stuck()) await this.#one();
  }

  #isFree(command: Command): boolean {
    const busy = this.#busy;
    switch (command.do) {
      case 'batch':
      case 'repeat':
        return busy.writer < 3;
      case 'walk':
        return busy.walker === 0;
      case 'until only calls go on':
        return this.#parts.scheduler.eligible().every(({ kind }) => kind === 'call');
      case 'until nothing goes on':
        return this.#parts.scheduler.eligible().length === 0;
      case 'send':
        return (command.node === 0 ? busy.sender0 : busy.sender1) === 0;
      case 'edit':
      case 'drop mapping':
      case 'make mappings':
      case 'connection off or on':
      case 'connect':
      case 'disconnect':
      case 'reconnect':
      case 'retry parked':
      case 'resync':
        return busy.editor === 0;
      case 'advance':
      case 'kill':
      case 'start':
      case 'stall':
      case 'go on':
      case 'fault':
      case 'poison':
      case 'forget':
      case 'recall':
      case 'remake':
      case 'revoke':
        return true;
    }
  }

  async #begin(command: Command): Promise<void> {
    const { scheduler } = this.#parts;
    this.#say(describeCommand(command));
    await this.#do(command);
    await scheduler.settle();
  }

  #say(what: string): void {
    const { clock } = this.#parts;
    const at = new Date(clock.now()).toISOString().slice(11, 23);
    this.story.push(`${at} (+${Math.round((clock.now() - this.#began) / 1_000)} s)  ${what}`);
  }

  /** Begins a task and lets it go on by turns. */
  #task(who: Worker, work: () => Promise<unknown>): void {
    this.#busy[who] += 1;
    void work()
      .catch((error: unknown) => {
        if (!(error instanceof Killed)) this.#failures.push(differs(`${who} failed: ${String(error)}`));
      })
      .finally(() => {
        this.#busy[who] -= 1;
      });
  }

  async #do(command: Command): Promise<void> {
    const { clock, world } = this.#parts;
    const { standIn } = world;
    switch (command.do) {
      case 'batch': {
        const taken = world.take(command.events);
        return this.#task('writer', () => world.process(taken));
      }
      case 'repeat': {
        const again = world.taken[command.of % Math.max(world.taken.length, 1)];
        if (again) this.#task('writer', () => world.process([again]));
        return;
      }
      case 'walk':
        return this.#task('walker', () => world.walk());
      case 'until only calls go on':
      case 'until nothing goes on':
        return;
      case 'send':
        return this.#task(command.node === 0 ? 'sender0' : 'sender1', () => world.send(command.node));
      case 'advance': {
        await clock.advance(command.seconds * 1_000);
        return standIn.settleLate();
      }
      case 'kill':
        return world.kill(command.node, command.at);
      case 'start':
        return world.start(command.node);
      case 'stall':
      case 'go on':
        return world.stall(command.node, command.do === 'stall');
      case 'fault':
        if (command.next) standIn.faults.unshift(command);
        else (command.create ? standIn.createFaults : standIn.faults).push(command);
        return;
      case 'poison':
        return this.#poison(command.who);
      case 'forget':
      case 'recall':
        for (const audience of standIn.audiences) {
          if (audience.name === command.audience || audience.name === 'pool') audience.gone = command.do === 'forget';
        }
        return;
      case 'revoke':
        return standIn.revoke();
      case 'remake':
        for (const name of [command.audience, 'pool', 'other']) standIn.remake(name);
        return;
      case 'edit':
      case 'drop mapping':
      case 'make mappings':
      case 'connection off or on':
      case 'connect':
      case 'disconnect':
        return this.#task('editor', async () => {
          for (const change of world.changesOf(command)) await world.commit(change);
        });
      case 'resync':
        return this.#task('editor', () => world.resync());
      case 'reconnect':
        return this.#task('editor', () => world.reconnect());
      case 'retry parked':
        return this.#task('editor', () => world.retryParked());
    }
  }

  #poison(who: number): void {
    const { world } = this.#parts;
    for (const hash of world.model.hashesOf(who)) world.standIn.poison.add(hash);
  }

  async #walks(): Promise<void> {
    let more = true;
    while (more) {
      this.#task('walker', async () => {
        more = (await this.#parts.world.walk()) === 'more';
      });
      await this.#drain();
      if (this.#stuck() || this.#failures.length > 0) return;
    }
  }

  async #count(): Promise<void> {
    const { scheduler, engine, world } = this.#parts;
    // The embedded engine has one session: between two transactions.
    if (engine.db.engine === 'embedded' && scheduler.inTransaction) return;
    for (const what of await checkCounts(engine.db, world))
      this.#failures.push(differs(what, what.slice(0, what.indexOf(':'))));
  }

  /** Faults stop, W and the longest wait pass, and what is owed goes out. */
  async #heal(): Promise<Divergence[]> {
    const { clock, world, engine } = this.#parts;
    this.story.push('then: faults stop, the token is renewed, everything that is owed goes out');
    for (const node of [0, 1]) world.stall(node, false);
    await this.#drain();
    for (const node of [0, 1]) world.start(node);
    world.standIn.heal();
    this.#task('editor', async () => {
      if (!(await world.reconnect())) this.#failures.push(differs('TikTok could not be connected again'));
    });
    await this.#drain();
    this.#task('editor', () => world.retryParked());
    await this.#drain();
    const { destinationId } = world.stored;
    // An audience that is owed nothing is missed only when TikTok's list is read, every six hours; then two looks have to agree.
    const { anyDeleted } = world.standIn;
    if (anyDeleted) await clock.advance(hours(7));
    const roundsLeast = anyDeleted ? 6 : 1;
    let owed = { pointers: 1, doubts: 1 };
    for (let round = 0; round < 12 && !this.#stuck(); round += 1) {
      await this.#walks();
      for (const node of [round % 2, 1 - (round % 2), round % 2]) {
        await this.#begin({ do: 'send', node });
        await this.#drain();
      }
      owed = await counts.countOwed(engine.db, destinationId);
      const open = owed.pointers + owed.doubts;
      if (open === 0 && round >= roundsLeast) break;
      await clock.advance((round % 2 === 0 ? 330 : doubtWindowSeconds + 10) * 1_000);
      world.standIn.settleLate();
      await this.#drain();
    }
    await this.#count();
    const { pointers, doubts } = owed;
    return pointers + doubts > 0 ? [differs(`at the end ${pointers} pointers and ${doubts} doubts are left`)] : [];
  }

  /** I1, I2. */
  #compare(): Divergence[] {
    const { world } = this.#parts;
    const differences: Divergence[] = [];
    const inWords = (what: string): Divergence => differs(what, what);
    for (const [target, { must, may }] of world.model.verdicts()) {
      const [advertiserId, name] = target.split(' ');
      const alike = world.standIn.audiences.filter(
        (a) => a.advertiserId === advertiserId && a.name === name && !a.deleted,
      );
      const there = new Set(alike.flatMap(({ set }) => [...set]));
      for (const hash of must)
        if (!there.has(hash)) differences.push(inWords(`${target} lacks ${world.model.nameOf(hash)}`));
      for (const hash of there)
        if (!must.has(hash) && !may.has(hash))
          differences.push(inWords(`${target} still holds ${world.model.nameOf(hash)}`));
    }
    return differences;
  }
}
