import { request } from 'undici';
import { systemClock } from '../../server/kernel/clock.ts';
import { isObject } from '../../server/kernel/json.ts';
import { emailHash } from './at-tiktok.ts';
import { engageEvent, until } from './usher.ts';

/**
 * A client that goes on sending whatever happens to the server, and keeps its own books: what was acknowledged, what was
 * refused, and what it does not know. New people enter all the time; every fourth leaves again ten minutes later in
 * event time, so that requests may arrive in any order (rule 1).
 */
export interface SteadyStream {
  readonly answers: readonly StreamAnswer[];
  /** Events of all requests so far; each has a messageId of its own. */
  readonly events: number;
  acknowledged(): number;
  /** The same in events, all of them with messageIds of their own. */
  acknowledgedEvents(): number;
  /** Waits for so many more acknowledged requests than now. */
  more(requests: number): Promise<void>;
  /** Sends no more, and waits for what is under way. */
  stop(): Promise<void>;
  /** Sends everything that was not acknowledged again, with the same messageIds, until it is. */
  resend(url: string): Promise<void>;
  /** E-mail hashes that TikTok must hold when everything has arrived. */
  expected(): Set<string>;
}

export interface StreamAnswer {
  /** 0: no answer, so it may have happened or not. */
  readonly status: number;
  readonly retryAfter: number | undefined;
  /** From the sending to the end of the answer. */
  readonly ms: number;
}

export interface StreamOptions {
  /** The nodes; requests go to them in turn. */
  readonly urls: () => readonly string[];
  readonly writeKey: string;
  readonly audienceKey: string;
  /** Sets the people of this stream apart from those of others. */
  readonly name: string;
  readonly everyMs: number;
  /** New people a request. */
  readonly people: number;
  /** The stream ends by itself after so many requests. */
  readonly requests?: number;
}

interface Batch {
  readonly events: readonly object[];
  acknowledged: boolean;
}

const leavesAfterMs = 600_000;
const patienceMs = 60_000;
/** Events that are sent again in one request: some 350 KB of the 500 KB that a batch may have (segment-spec.md 1.3). */
const together = 500;

export function steadyStream(options: StreamOptions): SteadyStream {
  const { audienceKey, writeKey } = options;
  const startMs = Date.now() - 3_600_000;
  const batches: Batch[] = [];
  const answers: StreamAnswer[] = [];
  const underWay = new Set<Promise<void>>();
  const emailOf = (person: number): string => `${options.name}-${person}@example.com`;
  const leaves = (person: number): boolean => person % 4 === 3;
  const eventOf = (person: number, entered: boolean): object => ({
    ...engageEvent(audienceKey, entered, { userId: `${options.name}-${person}`, email: emailOf(person) }),
    timestamp: new Date(startMs + person + (entered ? 0 : leavesAfterMs)).toISOString(),
  });
  let people = 0;

  function nextBatch(): Batch {
    const fresh = Array.from({ length: options.people }, () => people++);
    const events = fresh.map((person) => eventOf(person, true));
    // Those of the request before this one who leave.
    const leaving = fresh.map((person) => person - options.people).filter((person) => person >= 0 && leaves(person));
    events.push(...leaving.map((person) => eventOf(person, false)));
    return { events, acknowledged: false };
  }
  async function send(batch: Batch, url: string): Promise<void> {
    const answer = await post(url, writeKey, batch.events);
    answers.push(answer);
    if (answer.status === 200) batch.acknowledged = true;
  }
  const tick = (): void => {
    const urls = options.urls();
    const url = urls[batches.length % urls.length];
    if (url === undefined) return;
    const batch = nextBatch();
    batches.push(batch);
    const sending: Promise<void> = send(batch, url).finally(() => underWay.delete(sending));
    underWay.add(sending);
    if (batches.length === options.requests) clearInterval(timer);
  };
  const timer = setInterval(tick, options.everyMs);
  const acknowledged = (): number => batches.filter((batch) => batch.acknowledged).length;
  return {
    answers,
    get events() {
      return batches.reduce((sum, batch) => sum + batch.events.length, 0);
    },
    acknowledged,
    acknowledgedEvents: () => batches.reduce((sum, batch) => sum + (batch.acknowledged ? batch.events.length : 0), 0),
    async more(requests) {
      const wanted = acknowledged() + requests;
      await until(acknowledged, (count) => count >= wanted, `${requests} more acknowledged requests`);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
    async resend(url) {
      const open = batches.filter((batch) => !batch.acknowledged);
      while (open.length > 0) {
        const some = open.splice(0, Math.max(1, Math.floor(together / (open[0]?.events.length ?? 1))));
        const events = some.flatMap((batch) => batch.events);
        const attempt = async (): Promise<boolean> => (await post(url, writeKey, events)).status === 200;
        await until(attempt, (done) => done, 'what was not acknowledged to be acknowledged at last');
        for (const batch of some) batch.acknowledged = true;
      }
    },
    expected() {
      const gone = (person: number): boolean => leaves(person) && person + options.people < people;
      const members = Array.from({ length: people }, (_, person) => person).filter((person) => !gone(person));
      return new Set(members.map((person) => emailHash(emailOf(person))));
    },
  };
}

async function post(url: string, writeKey: string, events: readonly object[]): Promise<StreamAnswer> {
  const began = systemClock.elapsed();
  const ms = (): number => systemClock.elapsed() - began;
  try {
    const answer = await request(`${url}/v1/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${writeKey}:`)}` },
      body: JSON.stringify({ batch: events, sentAt: new Date().toISOString() }),
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
    });
    await answer.body.dump();
    const retryAfter = answer.headers['retry-after'];
    return {
      status: answer.statusCode,
      retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
      ms: ms(),
    };
  } catch {
    return { status: 0, retryAfter: undefined, ms: ms() };
  }
}

/** What a load balancer sees, asked all the time. */
export interface HealthWatch {
  /** Answers of /livez other than 200, and asks without an answer. */
  readonly deadAnswers: readonly number[];
  /** Each change of /readyz, oldest first. */
  readonly turns: readonly boolean[];
  becomes(ready: boolean): Promise<void>;
  stop(): Promise<void>;
}

export function watchHealth(url: string): HealthWatch {
  const deadAnswers: number[] = [];
  const turns: boolean[] = [];
  let stopped = false;
  const statusOf = (path: string): Promise<number> =>
    fetch(`${url}${path}`).then(
      async (answer) => {
        await answer.body?.cancel();
        return answer.status;
      },
      () => 0,
    );
  const watching = (async () => {
    while (!stopped) {
      const live = await statusOf('/livez');
      if (live !== 200) deadAnswers.push(live);
      const ready = (await statusOf('/readyz')) === 200;
      if (turns.at(-1) !== ready) turns.push(ready);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  return {
    deadAnswers,
    turns,
    async becomes(ready) {
      await until(
        () => turns.at(-1),
        (now) => now === ready,
        `/readyz to turn ${ready}`,
      );
    },
    async stop() {
      stopped = true;
      await watching;
    },
  };
}

/** How many events of a space have been counted by outcome (GET /spaces/{s}/ingest). */
export function outcomesIn(answer: unknown): Record<string, number> {
  const totals: Record<string, number> = {};
  const sources = isObject(answer) && Array.isArray(answer['sources']) ? answer['sources'] : [];
  for (const source of sources.filter(isObject)) {
    const counts = Array.isArray(source['counts']) ? source['counts'].filter(isObject) : [];
    for (const { outcome, count } of counts) totals[String(outcome)] = (totals[String(outcome)] ?? 0) + Number(count);
  }
  return totals;
}
