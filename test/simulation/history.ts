/** What happens in one run, as plain data: made of a seed, shortened when it fails, printed for people. */
import type { CrashPoint } from '../../server/kernel/crash-point.ts';
import { type Random, seededRandom } from '../../server/kernel/random.ts';

export const audienceKeys = ['vip', 'new'] as const;
export type AudienceKey = (typeof audienceKeys)[number];
export const advertisers = ['7001', '7002'] as const;

/** How the destination is set up at first. */
export interface Setup {
  /** named: Add and Remove Users per audience. native: one pair for all. sync: one Sync Audience for all. */
  readonly style: 'named' | 'native' | 'sync';
  /** Native and sync: all audiences feed one TikTok audience. */
  readonly pool: boolean;
  readonly audiences: readonly AudienceKey[];
  readonly people: number;
  /** Mappings for events without an audience, into the pool: named by its name or by its id at TikTok. */
  readonly direct: 'none' | 'by name' | 'by id';
  /** No faults: every row told is counted, first of events alone (I5), then of changed objects, which a dry run has told before. */
  readonly calm: boolean;
}

export interface EventSpec {
  /** Tells all events of a history apart. */
  readonly no: number;
  readonly who: number;
  readonly says: 'enter' | 'exit' | 'add' | 'remove' | 'alias' | 'public enter';
  readonly audience: AudienceKey;
  readonly email: 'first' | 'second' | 'none';
  readonly phone: number | undefined;
  /** Late by so many seconds. */
  readonly ago: number;
  /** Its clock was in the future: it counts as of when it came, and after others by its own time. */
  readonly clamped: boolean;
  readonly identify: boolean;
  /** Of an alias: the person that becomes one with `who`. */
  readonly other: number;
}

export type People = 'keep' | 'remove';

export interface FaultCommand {
  readonly do: 'fault';
  readonly fault:
    | 'throttled'
    | 'retry'
    | 'refused'
    | 'partial'
    | 'never applied'
    | 'applied, answer lost'
    | 'applied late';
  readonly afterMs: number;
  readonly create: boolean;
  /** Before the faults that wait for calls already. */
  readonly next: boolean;
}

export type Edit =
  | 'phone off or on'
  | 'trigger off or on'
  | 'add off or on'
  | 'remove off or on'
  | 'advertiser'
  | 'audience name'
  | 'normaliser';

/** What somebody changes of the destination while events come in. */
export type ObjectChange =
  /** `people` counts where it leaves a TikTok audience. */
  | { readonly do: 'edit'; readonly edit: Edit; readonly audience: AudienceKey; readonly people: People }
  | { readonly do: 'drop mapping'; readonly audience: AudienceKey; readonly adds: boolean; readonly people: People }
  | { readonly do: 'make mappings' }
  | { readonly do: 'connection off or on' | 'connect'; readonly audience: AudienceKey }
  | { readonly do: 'disconnect'; readonly audience: AudienceKey; readonly people: People };

export type Command =
  | { readonly do: 'batch'; readonly events: readonly EventSpec[] }
  /** Some earlier event comes once more. */
  | { readonly do: 'repeat'; readonly of: number }
  | { readonly do: 'send'; readonly node: number }
  | { readonly do: 'walk' }
  /** What comes next begins when nothing goes on but calls. */
  | { readonly do: 'until only calls go on' | 'until nothing goes on' }
  | { readonly do: 'advance'; readonly seconds: number }
  /** Undefined: at once, wherever it stands. */
  | { readonly do: 'kill'; readonly node: number; readonly at: CrashPoint | undefined }
  | { readonly do: 'start'; readonly node: number }
  | { readonly do: 'stall' | 'go on'; readonly node: number }
  | FaultCommand
  | { readonly do: 'poison'; readonly who: number }
  | { readonly do: 'forget' | 'recall'; readonly audience: AudienceKey }
  /** Deleted at TikTok, and made again there. */
  | { readonly do: 'remake'; readonly audience: AudienceKey }
  | ObjectChange
  | { readonly do: 'revoke' }
  | { readonly do: 'reconnect' }
  | { readonly do: 'retry parked' | 'resync' };

export interface History {
  readonly seed: number;
  readonly setup: Setup;
  readonly commands: readonly Command[];
}

/** W of rule 11, as the simulation sets it. */
export const doubtWindowSeconds = 900;

const crashPoints: readonly CrashPoint[] = [
  'delivery: announced, not called',
  'delivery: called, not settled',
  'delivery: settled',
  'targets: created at TikTok, not stored',
];

export function historyOf(seed: number): History {
  return new Generator(seed).history();
}

class Generator {
  readonly #seed: number;
  readonly #random: Random;
  readonly #setup: Setup;
  #events = 0;
  #aliases = 0;
  readonly #last = new Map<string, boolean>();
  /** Rare in most histories: what is kept may stay, so it hides what should be gone. */
  readonly #keeps: boolean;
  readonly #changes: boolean;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed * 7_919 + 1);
    const style = this.#pick(['named', 'native', 'native', 'sync'] as const);
    const calm = seed % 10 === 0;
    this.#setup = {
      style,
      pool: style !== 'named' && this.#chance(0.7),
      audiences: this.#chance(0.7) ? audienceKeys : ['vip'],
      people: 2 + this.#below(3),
      direct: style === 'named' ? 'none' : this.#pick(['none', 'by name', 'by id', 'by id'] as const),
      calm,
    };
    this.#keeps = this.#chance(0.15);
    this.#changes = !calm && this.#chance(0.5);
  }

  history(): History {
    const commands: Command[] = [];
    const length = this.#setup.calm ? 12 : 50 + this.#below(30);
    while (commands.length < length) commands.push(...(this.#setup.calm ? [this.#batch()] : this.#some()));
    if (this.#setup.calm) for (let n = 0; n < 4; n += 1) commands.push(this.#objectChange(), this.#batch());
    // At the end nothing that comes later mends it by chance.
    if (!this.#setup.calm) commands.push(...this.#ending());
    return { seed: this.#seed, setup: this.#setup, commands };
  }

  /** One command, or a few that belong together. */
  #some(): Command[] {
    const kinds: [number, () => Command[]][] = [
      [24, () => [this.#batch()]],
      [7, () => this.#burst()],
      [3, () => [{ do: 'repeat', of: this.#below(1_000) }]],
      [28, () => [this.#send()]],
      [5, () => [{ do: 'walk' }]],
      [10, () => [this.#advance()]],
      [14, () => this.#trouble()],
      [this.#changes ? 9 : 0, () => [this.#change(), { do: 'walk' }]],
      [this.#changes ? 2 : 0, () => [{ do: 'make mappings' }]],
    ];
    return this.#weighted(kinds)();
  }

  #send(): Command {
    return { do: 'send', node: this.#below(2) };
  }

  #advance(): Command {
    return { do: 'advance', seconds: this.#pick([1, 1, 2, 5, 5, 20, 40, 40, 300, 1_000]) };
  }

  #trouble(): Command[] {
    const node = this.#below(2);
    const fault = (): Command => ({
      do: 'fault',
      fault: this.#pick([
        'throttled',
        'retry',
        'refused',
        'partial',
        'never applied',
        'never applied',
        'applied, answer lost',
        'applied late',
        'applied late',
        'applied late',
        'applied late',
      ] as const),
      afterMs: this.#pick([2_000, 10_000, 30_000, 60_000, 120_000, 600_000]),
      create: this.#chance(0.1),
      next: false,
    });
    const kinds: [number, () => Command[]][] = [
      [10, () => [fault()]],
      [2, () => [fault(), fault()]],
      [
        6,
        () => [
          { do: 'kill', node, at: this.#chance(0.6) ? this.#pick(crashPoints) : undefined },
          this.#send(),
          { do: 'advance', seconds: 31 },
          { do: 'start', node },
          { do: 'send', node: 1 - node },
        ],
      ],
      [
        4,
        () => [
          { do: 'stall', node },
          { do: 'advance', seconds: this.#pick([6, 31, 31, 60]) },
          this.#batch(),
          { do: 'send', node: 1 - node },
          { do: 'go on', node },
        ],
      ],
      [5, () => this.#lastWords(node)],
      [2, () => [{ do: 'poison', who: this.#below(this.#setup.people) }]],
      [1, () => [{ do: 'retry parked' }]],
      [1, () => [{ do: this.#pick(['forget', 'recall'] as const), audience: this.#audience() }]],
      [2, () => [{ do: 'revoke' }, this.#send(), { do: 'reconnect' }]],
    ];
    return this.#weighted(kinds)();
  }

  #ending(): Command[] {
    const node = this.#below(2);
    return this.#pick([
      () => this.#lastWords(node),
      () => this.#lastBurst(),
      () => this.#lastBurst(),
      () => this.#lateExit(),
      () => [],
    ])();
  }

  /** Somebody is in by two sets of identifiers, and an exit from between the two comes last (rule 1). */
  #lateExit(): Command[] {
    const one: EventSpec = {
      ...this.#event(),
      says: 'enter',
      email: 'first',
      phone: undefined,
      ago: 0,
      clamped: false,
    };
    const next = (change: Partial<EventSpec>): EventSpec => {
      this.#events += 1;
      return { ...one, ...change, no: this.#events };
    };
    const second = next({ email: 'none', phone: this.#below(2) });
    const exit = next({ says: 'exit', ago: 5 });
    this.#last.set(`${one.who} ${one.audience}`, true);
    return [
      { do: 'batch', events: [one] },
      { do: 'until nothing goes on' },
      { do: 'advance', seconds: 10 },
      { do: 'batch', events: [second] },
      { do: 'until nothing goes on' },
      { do: 'batch', events: [exit] },
    ];
  }

  /** A sender dies in a call that TikTok applies after its successor has told the opposite (rule 11). */
  #lastWords(node: number): Command[] {
    const first: EventSpec = {
      ...this.#event(),
      says: this.#chance(0.7) ? 'enter' : 'exit',
      email: 'first',
      phone: undefined,
      ago: 0,
      clamped: false,
    };
    this.#events += 1;
    const back: EventSpec = { ...first, no: this.#events, says: first.says === 'enter' ? 'exit' : 'enter' };
    this.#last.set(`${back.who} ${back.audience}`, back.says === 'enter');
    const rest: Command = { do: 'until nothing goes on' };
    return [
      rest,
      // What waits after a failure may go on, and leases have run out.
      { do: 'advance', seconds: 310 },
      { do: 'batch', events: [first] },
      rest,
      { do: 'fault', fault: 'applied late', afterMs: 60_000, create: false, next: true },
      { do: 'kill', node, at: 'delivery: called, not settled' },
      { do: 'send', node },
      rest,
      { do: 'advance', seconds: 31 },
      { do: 'batch', events: [back] },
      rest,
      { do: 'send', node: 1 - node },
      rest,
      { do: 'start', node },
    ];
  }

  #change(): Command {
    const kinds: [number, () => Command][] = [
      [17, () => this.#objectChange()],
      [1, () => ({ do: 'resync' })],
      // By its id nobody finds the one that takes the place: a person has to say so.
      [this.#setup.direct === 'by id' ? 0 : 1, () => ({ do: 'remake', audience: this.#audience() })],
    ];
    return this.#weighted(kinds)();
  }

  #objectChange(): ObjectChange {
    const audience = this.#audience();
    const people: People = this.#keeps && this.#chance(0.5) ? 'keep' : 'remove';
    const kinds: [number, () => ObjectChange][] = [
      [
        8,
        () => ({
          do: 'edit',
          audience,
          people,
          edit: this.#pick([
            'phone off or on',
            'phone off or on',
            'trigger off or on',
            'add off or on',
            'remove off or on',
            'advertiser',
            'audience name',
            'normaliser',
          ] as const),
        }),
      ],
      [2, () => ({ do: 'drop mapping', audience, adds: this.#chance(0.7), people })],
      [2, () => ({ do: 'connection off or on', audience })],
      [2, () => ({ do: 'disconnect', audience, people })],
      [3, () => ({ do: 'connect', audience })],
    ];
    return this.#weighted(kinds)();
  }

  #batch(): Command {
    const events = Array.from({ length: 1 + this.#below(3) }, () => this.#event());
    return { do: 'batch', events };
  }

  /** People change, and change back while the calls about it are under way (rule 9). */
  #burst(): Command[] {
    const first = Array.from({ length: 3 + this.#below(2) }, () => this.#event());
    const back = first.flatMap((event): EventSpec[] => {
      if (event.says !== 'enter' && event.says !== 'exit') return [];
      this.#events += 1;
      const says = event.says === 'enter' ? 'exit' : 'enter';
      this.#last.set(`${event.who} ${event.audience}`, says === 'enter');
      return [{ ...event, says, no: this.#events, ago: 0, clamped: false }];
    });
    const halves = [back.filter((_, i) => i % 2 === 0), back.filter((_, i) => i % 2 === 1)];
    const batches = halves.filter((events) => events.length > 0);
    return [
      { do: 'until only calls go on' },
      { do: 'batch', events: first },
      { do: 'until only calls go on' },
      this.#send(),
      ...batches.flatMap((events): Command[] => [{ do: 'until only calls go on' }, { do: 'batch', events }]),
    ];
  }

  /** One that nothing keeps from being sent: what waits after a failure may go on, and leases have run out. */
  #lastBurst(): Command[] {
    return [{ do: 'until nothing goes on' }, { do: 'advance', seconds: 310 }, ...this.#burst()];
  }

  #event(): EventSpec {
    const { people, direct, calm } = this.#setup;
    this.#events += 1;
    const who = this.#below(people);
    const audience = this.#audience();
    const kinds: [number, EventSpec['says']][] = [
      [direct === 'none' ? 0 : 4, 'add'],
      [direct === 'none' ? 0 : 3, 'remove'],
      [calm || this.#aliases >= 2 || this.#events < 10 ? 0 : 2, 'alias'],
      [2, 'public enter'],
      [30, this.#flip(who, audience)],
    ];
    const says = this.#weighted(kinds);
    if (says === 'alias') this.#aliases += 1;
    return {
      no: this.#events,
      who,
      says,
      audience,
      email: this.#pick(['first', 'first', 'first', 'second', 'none'] as const),
      // Few phones, so that people share them (rule 10).
      phone: this.#chance(0.6) ? this.#below(2) : undefined,
      ago: this.#chance(0.2) ? 1 + this.#below(60) : 0,
      clamped: this.#chance(0.1),
      identify: this.#chance(0.15),
      other: this.#below(people),
    };
  }

  /** Mostly the opposite of what was said last. */
  #flip(who: number, audience: AudienceKey): 'enter' | 'exit' {
    const place = `${who} ${audience}`;
    const inside = this.#last.get(place) ?? false;
    const says = this.#chance(0.75) ? !inside : inside;
    this.#last.set(place, says);
    return says ? 'enter' : 'exit';
  }

  #audience(): AudienceKey {
    return this.#pick(this.#setup.audiences);
  }

  #chance(share: number): boolean {
    return this.#random.fraction() < share;
  }

  #below(n: number): number {
    return Math.floor(this.#random.fraction() * n);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #weighted<T>(kinds: readonly (readonly [number, T])[]): T {
    let left = this.#random.fraction() * kinds.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, kind] of kinds) {
      left -= weight;
      if (left < 0) return kind;
    }
    throw new Error('no kind has any weight');
  }
}

// For people ---------------------------------------------------------------------------------------------------------

export function describeCommand(command: Command): string {
  const { do: name, ...rest } = command;
  if (command.do === 'batch') return `a micro-batch: ${command.events.map(describeEvent).join('; ')}`;
  const details = Object.entries(rest).map(([key, value]) => `${key} ${value ?? 'now'}`);
  return [name, ...details].join(', ');
}

function describeEvent(event: EventSpec): string {
  const person = `u${event.who}`;
  if (event.says === 'alias') return `u${event.other} becomes one with ${person}`;
  const what = {
    enter: `enters ${event.audience}`,
    exit: `leaves ${event.audience}`,
    add: 'signs up (direct add)',
    remove: 'opts out (direct removal)',
    'public enter': `enters ${event.audience}, says a browser`,
  }[event.says];
  const parts = [
    event.email === 'none' ? '' : `${event.email} e-mail`,
    event.phone === undefined ? '' : `phone ${event.phone}`,
    event.ago ? `${event.ago} s ago` : '',
    event.clamped ? 'its clock in the future' : '',
  ].filter((part) => part !== '');
  return `#${event.no} ${person} ${what}${parts.length ? ` (${parts.join(', ')})` : ''}`;
}
