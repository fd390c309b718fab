/**
 * Who goes on next is decided here, by the seed: every statement, commit and call to TikTok is a step that waits for its
 * turn, and the next turn is given only when everything that runs has come to rest. So a seed replays the same way.
 */
import { setTimeout as pause, setImmediate as tick } from 'node:timers/promises';

/** A process of the simulated world: the writers, an editor, a node that sends. */
export interface Actor {
  readonly name: string;
  /** Killed: nothing it does takes effect any more. */
  dead: boolean;
  /** Stalled: it stands still, but a transaction of it goes to its end first. */
  stalled: boolean;
  turns: number;
}

export const newActor = (name: string): Actor => ({ name, dead: false, stalled: false, turns: 0 });

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** begin and query need a session of the database; statement and commit have one; a slot and a call need none. */
export type StepKind = 'begin' | 'query' | 'statement' | 'commit' | 'slot' | 'call';

interface Turn {
  readonly actor: Actor;
  readonly kind: StepKind;
  /** What it is, in words: two steps of one actor are told apart by it, not by which came first. */
  readonly what: string;
  readonly order: number;
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
}

/** Something that runs now, from its turn to its next one. */
export class Unit {
  /** The server process of its session, where the engine has many. */
  pid: number | undefined;
  /** It waits for a lock that somebody else holds. */
  blocked = false;
  readonly done: Promise<void>;
  readonly finish: () => void;

  constructor(active: Set<Unit>) {
    let finished = (): void => {};
    this.done = new Promise((resolve) => {
      finished = resolve;
    });
    this.finish = () => {
      active.delete(this);
      finished();
    };
    active.add(this);
  }
}

/** The server's side of many sessions. */
export interface Sessions {
  /** Of these server processes, those that wait for a lock. */
  waiting(pids: readonly number[]): Promise<ReadonlySet<number>>;
  /** Stops a server process that waits for a lock: it may be given the lock, but does not go on. */
  hold(pid: number): void;
  letGo(pid: number): void;
}

/** Longer than most statements need that wait for nothing; then the server is asked, and again after twice the time. */
const probeAfterMs = 2;
const probeAfterMostMs = 64;

export class Scheduler {
  steps = 0;
  #acquiring: Unit | undefined;
  /** Undefined: an engine with one session. */
  readonly #sessions: Sessions | undefined;
  readonly #waiting: Turn[] = [];
  readonly #active = new Set<Unit>();
  /** Server processes that stand still. */
  readonly #held = new Set<number>();
  #open = 0;
  #released = false;

  constructor(sessions: Sessions | undefined) {
    this.#sessions = sessions;
  }

  async turn(actor: Actor, kind: StepKind, what = ''): Promise<Unit> {
    if (actor.dead) throw new Killed(`${actor.name} is dead`);
    actor.turns += 1;
    const order = actor.turns;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ actor, kind, what, order, grant: resolve, refuse: reject });
    });
    return kind === 'begin' || kind === 'query' ? this.occupy() : new Unit(this.#active);
  }

  /** Something runs and may need a session. */
  occupy(): Unit {
    const unit = new Unit(this.#active);
    this.#acquiring = unit;
    return unit;
  }

  /** Somebody got a session of the pool: whose turn it was, or nobody of the simulation. */
  acquired(pid: number): void {
    if (this.#acquiring) this.#acquiring.pid = pid;
    this.#acquiring = undefined;
  }

  /** A statement outside of a transaction holds its locks as well. */
  opened(): void {
    this.#open += 1;
  }

  closed(): void {
    this.#open -= 1;
    this.#released = true;
  }

  /** Something rolls back, and may begin anew: nobody's turn. */
  rollsBack(): Unit {
    this.#released = true;
    return this.occupy();
  }

  /** Everything the actor waits for fails, as for a process that is gone. */
  kill(actor: Actor): void {
    actor.dead = true;
    actor.stalled = false;
    for (const turn of this.#waiting.filter((one) => one.actor === actor)) {
      this.#waiting.splice(this.#waiting.indexOf(turn), 1);
      turn.refuse(new Killed(`${actor.name} is killed`));
    }
  }

  /** The steps that could be next, in an order that does not depend on timing. */
  eligible(): Turn[] {
    const oneSession = this.#sessions === undefined && this.#open > 0;
    return this.#waiting
      .filter(({ actor, kind }) => {
        const inside = kind === 'statement' || kind === 'commit';
        const outside = kind === 'slot' || kind === 'call';
        return inside || !(actor.stalled || (oneSession && !outside));
      })
      .sort(
        (a, b) =>
          byText(a.actor.name, b.actor.name) || byText(a.kind, b.kind) || byText(a.what, b.what) || a.order - b.order,
      );
  }

  /** How many wait for a lock. */
  get blocked(): number {
    return this.#active.size;
  }

  get inTransaction(): boolean {
    return this.#open > 0;
  }

  async step(turn: Turn): Promise<void> {
    this.steps += 1;
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    // Several may wait for what this step releases, and who of them wakes first is not for the server to choose.
    const waiters = this.#active.size > 1 ? [...this.#active] : [];
    for (const { pid } of waiters) this.#hold(pid);
    turn.grant();
    await this.settle();
  }

  /** Waits until everything that runs waits for its turn, for a lock or for the clock. */
  async settle(): Promise<void> {
    await this.#rest();
    while (this.#released && this.#active.size > 0) {
      this.#released = false;
      await this.#wakeInTurn();
    }
    for (const pid of [...this.#held]) this.#letGo(pid);
  }

  /** Whoever waits for a lock tries again, one after another in the order in which they began. */
  async #wakeInTurn(): Promise<void> {
    for (const unit of [...this.#active]) {
      this.#letGo(unit.pid);
      unit.blocked = false;
      await this.#rest();
      if (this.#active.has(unit)) this.#hold(unit.pid);
    }
  }

  #hold(pid: number | undefined): void {
    if (pid === undefined) return;
    this.#held.add(pid);
    this.#sessions?.hold(pid);
  }

  #letGo(pid: number | undefined): void {
    if (pid === undefined || !this.#held.delete(pid)) return;
    this.#sessions?.letGo(pid);
  }

  async #rest(): Promise<void> {
    let patienceMs = probeAfterMs;
    for (;;) {
      await tick();
      const running = [...this.#active].filter((unit) => !unit.blocked);
      if (running.length === 0) return;
      const ended = await this.#oneEnds(running, patienceMs);
      patienceMs = ended ? probeAfterMs : Math.min(2 * patienceMs, probeAfterMostMs);
    }
  }

  /** Says whether anything came to its end; otherwise those who wait for a lock are known now. */
  async #oneEnds(running: readonly Unit[], patienceMs: number): Promise<boolean> {
    const ends = running.map((unit) => unit.done.then(() => true));
    // Nobody can wait for a lock that no other transaction holds.
    if (!this.#sessions || this.#open < 2) return Promise.race(ends);
    const over = new AbortController();
    const late = pause(patienceMs, false, { signal: over.signal }).catch(() => false);
    const ended = await Promise.race([...ends, late]);
    over.abort();
    if (ended) return true;
    const waiting = await this.#sessions.waiting(running.flatMap((unit) => unit.pid ?? []));
    for (const unit of running) if (unit.pid !== undefined && waiting.has(unit.pid)) unit.blocked = true;
    return false;
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
