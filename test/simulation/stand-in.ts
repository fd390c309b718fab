/**
 * TikTok in memory, behind the product's own port: sets per audience, answers that get lost, and calls that are applied
 * late, after newer ones. The sandbox does the same behind HTTP; here every call is two steps of the scheduler.
 */
import type { Clock } from '../../server/kernel/clock.ts';
import { Secret } from '../../server/kernel/secret.ts';
import type { Answer, AudienceView, Call, MappingBatch, TikTok } from '../../server/tiktok/tiktok.ts';
import { answerOf, audienceView, fakeTikTok } from '../support/fake-tiktok.ts';
import type { FaultCommand } from './history.ts';
import type { Actor, Scheduler } from './scheduler.ts';

export interface Audience {
  readonly id: string;
  readonly advertiserId: string;
  readonly name: string;
  /** `type:hash`, the hash in hex. */
  readonly set: Set<string>;
  /** TikTok has forgotten it for now. */
  gone: boolean;
  /** For good. */
  deleted: boolean;
}

type Fault = Omit<FaultCommand, 'do'>;

/** A connection that has stood still so long is closed by the other end; less than W minus the latest late call. */
const staleAfterMs = 120_000;

export class StandIn {
  readonly audiences: Audience[] = [];
  readonly faults: Fault[] = [];
  readonly createFaults: Fault[] = [];
  /** Rows with one of these are refused. */
  readonly poison = new Set<string>();
  token = 'invented-token-0';
  calls = 0;
  /** Rows told. */
  added = 0;
  removed = 0;
  faultsMet = 0;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #partly = new Set<string>();
  #late: { due: number; apply: () => void }[] = [];
  #made = 9_001;
  #tokens = 0;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  get rows(): number {
    return this.added + this.removed;
  }

  make(advertiserId: string, name: string): Audience {
    const audience = {
      id: String(this.#made),
      advertiserId,
      name,
      set: new Set<string>(),
      gone: false,
      deleted: false,
    };
    this.#made += 1;
    this.audiences.push(audience);
    return audience;
  }

  /** Audiences of this name are deleted, and made again with nobody in them. */
  remake(name: string): void {
    for (const audience of this.audiences.filter((one) => one.name === name && !one.deleted)) {
      audience.deleted = true;
      this.make(audience.advertiserId, name);
    }
  }

  /** Whether any audience was ever deleted. */
  get anyDeleted(): boolean {
    return this.audiences.some(({ deleted }) => deleted);
  }

  /** What was applied late until now. */
  settleLate(): void {
    const now = this.#clock.elapsed();
    const due = this.#late.filter((one) => one.due <= now).sort((a, b) => a.due - b.due);
    this.#late = this.#late.filter((one) => one.due > now);
    for (const { apply } of due) apply();
  }

  heal(): void {
    this.faults.length = 0;
    this.createFaults.length = 0;
    this.poison.clear();
    for (const audience of this.audiences) audience.gone = false;
  }

  revoke(): void {
    this.#tokens += 1;
    this.token = `invented-token-${this.#tokens}`;
  }

  /** TikTok as one node sees it. */
  forNode(node: Actor): TikTok {
    const slot = { throttled() {}, passed() {} };
    const fake = fakeTikTok();
    return {
      ...fake,
      budget: {
        ...fake.budget,
        take: async () => {
          (await this.#scheduler.turn(node, 'slot')).finish();
          return slot;
        },
      },
      mapping: (call, batch) => this.#mapping(node, call, batch),
      createAudience: (call, advertiserId, name) => this.#create(node, call, { advertiserId, name }),
      listAudiences: (call, advertiserId) =>
        // A forgotten one is listed still: otherwise a name would be made a second time, which is right, and two audiences.
        this.#read(node, call, () => this.#views((one) => one.advertiserId === advertiserId && !one.deleted)),
      getAudiences: (call, advertiserId, ids) =>
        this.#read(node, call, () =>
          this.#views((one) => !one.gone && !one.deleted && one.advertiserId === advertiserId && ids.includes(one.id)),
        ),
      exchange: async () =>
        answerOf('ok', { token: new Secret(this.token), advertiserIds: ['7001', '7002'], scopes: [3, 100] }),
    };
  }

  #views(wanted: (audience: Audience) => boolean): AudienceView[] {
    return this.audiences.filter(wanted).map((one) => audienceView(one.id, one.name));
  }

  async #read<Data>(node: Actor, call: Call, data: () => Data): Promise<Answer<Data>> {
    (await this.#scheduler.turn(node, 'call')).finish();
    if (call.token.reveal() !== this.token) return answerOf<Data>('unauthorized');
    return answerOf('ok', data());
  }

  async #create(node: Actor, call: Call, wanted: { advertiserId: string; name: string }) {
    (await this.#scheduler.turn(node, 'call')).finish();
    const fault = this.createFaults.shift();
    if (fault) this.faultsMet += 1;
    if (call.token.reveal() !== this.token) return answerOf<{ audienceId: string }>('unauthorized');
    const made = fault?.fault === 'never applied' ? undefined : this.make(wanted.advertiserId, wanted.name);
    (await this.#scheduler.turn(node, 'call')).finish();
    return fault ? answerOf<{ audienceId: string }>('unknown') : answerOf('ok', { audienceId: made?.id ?? '' });
  }

  async #mapping(node: Actor, call: Call, batch: MappingBatch): Promise<Answer<null>> {
    const began = this.#clock.elapsed();
    const what = JSON.stringify(batch);
    (await this.#scheduler.turn(node, 'call', what)).finish();
    const arrived = this.#clock.elapsed();
    // Whoever stalled between announcing and calling: within minutes the call still arrives.
    const answer = arrived - began > staleAfterMs ? answerOf<null>('unknown') : this.#decide(call, batch, arrived);
    (await this.#scheduler.turn(node, 'call', `answer to ${what}`)).finish();
    return this.#clock.elapsed() - began > (call.deadlineMs ?? Number.POSITIVE_INFINITY)
      ? answerOf<null>('unknown')
      : answer;
  }

  #decide(call: Call, batch: MappingBatch, now: number): Answer<null> {
    this.settleLate();
    this.calls += 1;
    if (batch.action === 'add') this.added += batch.rows.length;
    else this.removed += batch.rows.length;
    if (call.token.reveal() !== this.token) return answerOf<null>('unauthorized');
    const rows = batch.rows.flatMap((row) => {
      const hashes = row.hashes.flatMap((hash, i) => (hash ? [`${batch.schema[i]}:${hash.toString('hex')}`] : []));
      return row.audienceIds.map((id) => ({ audience: this.audiences.find((one) => one.id === id), hashes }));
    });
    if (rows.some(({ audience }) => !audience || audience.gone || audience.deleted)) return answerOf<null>('gone');
    if (rows.some(({ hashes }) => hashes.some((hash) => this.poison.has(hash)))) return answerOf<null>('refused');
    const apply = (some: typeof rows) => (): void => {
      for (const { audience, hashes } of some) {
        for (const hash of hashes) {
          if (batch.action === 'add') audience?.set.add(hash);
          else audience?.set.delete(hash);
        }
      }
    };
    const fault = this.faults.shift();
    if (fault) this.faultsMet += 1;
    switch (fault?.fault) {
      case undefined:
        apply(rows)();
        return answerOf('ok', null);
      case 'throttled':
        return answerOf<null>('throttled');
      case 'retry':
        return answerOf<null>('retry');
      case 'refused':
        return answerOf<null>('refused');
      case 'never applied':
        return answerOf<null>('unknown');
      case 'applied, answer lost':
        apply(rows)();
        return answerOf<null>('unknown');
      case 'applied late':
        this.#late.push({ due: now + fault.afterMs, apply: apply(rows) });
        return answerOf<null>('unknown');
      case 'partial': {
        // TikTok takes what it was told before in full (tiktok-api.md 4.2).
        const name = (row: (typeof rows)[number]): string => `${batch.action} ${row.audience?.id} ${row.hashes}`;
        const now = rows.filter((row, i) => i % 2 === 0 || this.#partly.has(name(row)));
        for (const row of rows) this.#partly.add(name(row));
        apply(now)();
        return answerOf<null>('partial');
      }
    }
  }
}
